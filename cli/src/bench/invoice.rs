//! What a payer's node does with a static invoice that it has fetched: reads it, and verifies its signature. LDK reads the same
//! bytes and verifies the same signature; it passes over the payment points.

use std::error::Error;

use lightning::offers::static_invoice::StaticInvoice as LdkInvoice;
use pointlock::curve::{CurveError, Keypair, Point, SecretScalar, Tag};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{
    BlindedPayInfo, OfferBuilder, PaymentPath, StaticInvoice, StaticInvoiceBuilder,
};
use pointlock::wire::{BlindedHop, BlindedPath, Features, IntroductionNode};

use super::measure::Row;

const DEGREES: [usize; 3] = [1, 32, 128];
/// So many invoices of each degree.
const INVOICES: u32 = 8;
const CREATED_AT: u64 = 1_750_000_000;

static SCALAR: Tag = Tag::new("pointlock/bench/invoice");

/// The bytes of a few invoices.
pub(super) struct InvoiceCase {
    k: usize,
    streams: Vec<Vec<u8>>,
}

/// The cases, the same in every run.
pub(super) fn cases() -> Result<Vec<InvoiceCase>, Box<dyn Error>> {
    DEGREES.into_iter().map(InvoiceCase::new).collect()
}

impl InvoiceCase {
    fn new(k: usize) -> Result<Self, Box<dyn Error>> {
        let streams = (0..INVOICES).map(|number| stream(k, number));
        Ok(Self { k, streams: streams.collect::<Result<_, _>>()? })
    }
}

/// An invoice with one path of two hops, as a receiver with one LSP has.
fn stream(k: usize, number: u32) -> Result<Vec<u8>, Box<dyn Error>> {
    let bytes = |name: &str| SCALAR.hash(&[name.as_bytes(), &number.to_be_bytes()]);
    let scalar = |name: &str| SecretScalar::from_hash(&bytes(name));
    let point = |name: &str| -> Result<Point, CurveError> { Ok(scalar(name)?.to_point()) };
    let hop = |name: &str| -> Result<_, CurveError> {
        Ok(BlindedHop { blinded_node_id: point(name)?, encrypted_recipient_data: vec![7; 60] })
    };
    let path = || -> Result<BlindedPath<IntroductionNode>, Box<dyn Error>> {
        let hops = vec![hop("LSP's hop")?, hop("receiver's hop")?];
        Ok(BlindedPath::from_parts(point("LSP")?, point("path key")?, hops)?.into())
    };
    let receiver = Keypair::new(scalar("receiver")?);
    let offer = OfferBuilder::new()
        .amount_msat(5_000)
        .description("coffee")
        .paths(&[path()?])
        .issuer_id(&receiver.public_key())
        .build()?;
    let pay_info = BlindedPayInfo {
        fee_base_msat: 1_000,
        fee_proportional_millionths: 50,
        cltv_expiry_delta: 144,
        htlc_minimum_msat: 1,
        htlc_maximum_msat: 1_000_000_000,
        features: Features::default(),
    };
    let points = PaymentPolynomial::from_entropy(&bytes("polynomial"), k)?.payment_points();
    let invoice = StaticInvoiceBuilder::for_offer(&offer, points, CREATED_AT)
        .paths(&[PaymentPath::new(path()?, pay_info)])
        .message_paths(&[path()?])
        .sign(&receiver, &bytes("aux_rand"))?;
    let stream = invoice.as_bytes().to_vec();
    LdkInvoice::try_from(stream.clone()).map_err(|error| format!("bench: LDK: {error:?}"))?;
    Ok(stream)
}

/// Reading by the degree of the polynomial, and LDK's behind it.
pub(super) fn rows(cases: &[InvoiceCase]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for InvoiceCase { k, streams } in cases {
        rows.push(Row::new(&format!("invoice.parse/{k}"), streams, |stream| {
            StaticInvoice::from_bytes(stream)
        }));
        // It takes the bytes, and keeps them.
        rows.push(Row::with_input(
            &format!("ldk.invoice.parse/{k}"),
            streams,
            Vec::clone,
            |_, stream| LdkInvoice::try_from(stream),
        ));
    }
    rows
}
