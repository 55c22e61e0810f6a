use pointlock::curve::Keypair;
use pointlock::invoice::ktime::{KtimeError, PayerPublicKey, PayerScalar, PaymentPolynomial};
use pointlock::invoice::proof::{PaymentProof, PointProof, ProofError};
use pointlock::invoice::{
    ChainHash, Field, InvoiceError, Offer, OfferBuilder, Rate, StaticInvoice, StaticInvoiceBuilder,
    merkle, text,
};
use pointlock::wire::{TlvStream, TlvWriter};

use crate::curve::{point, scalar};
use crate::variants::{Case, said};

const CREATED_AT: u64 = 1_750_000_000;

fn receiver() -> Keypair {
    Keypair::new(scalar(2))
}

fn builder() -> StaticInvoiceBuilder {
    StaticInvoiceBuilder::new(point(1), CREATED_AT)
        .amount_msat(5_000)
        .description("coffee")
        .interim_route(&[receiver().public_key()])
}

fn invoice() -> StaticInvoice {
    builder().sign(&receiver(), &[4; 32]).unwrap()
}

/// The invoice with other values in these fields, signed anew.
fn with(changes: &[(Field, &[u8])]) -> Result<StaticInvoice, InvoiceError> {
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(invoice().as_bytes()).unwrap().records() {
        if record.tlv_type() != Field::SIGNATURE.tlv_type() {
            writer.set(record.tlv_type(), record.value());
        }
    }
    for (field, value) in changes {
        writer.set(field.tlv_type(), *value);
    }
    let root = merkle::root(&TlvStream::parse(&writer.to_bytes()).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    let signature = receiver().sign_schnorr(&hash, &[0; 32]).serialize();
    writer.set(Field::SIGNATURE.tlv_type(), signature);
    StaticInvoice::from_bytes(&writer.to_bytes())
}

fn changed(field: Field, value: &[u8]) -> String {
    said(with(&[(field, value)]))
}

/// The text of the invoice, and what reading a change of it says.
fn read(change: impl Fn(&str) -> String) -> String {
    said(change(&invoice().to_string()).parse::<StaticInvoice>())
}

fn offer(builder: OfferBuilder) -> Result<Offer, InvoiceError> {
    builder.issuer_id(&receiver().public_key()).build()
}

pub(crate) const CASES: &[Case] = &[
    ("InvoiceError::TextContinuation", || read(|text| format!("{text}+"))),
    ("InvoiceError::TextMixedCase", || read(|text| text.replacen("lni", "LNI", 1))),
    ("InvoiceError::TextSeparator", || said(text::decode("lni"))),
    ("InvoiceError::TextCharacter", || read(|text| format!("{text}b"))),
    ("InvoiceError::TextPadding", || said(text::decode("lni1qypqp"))),
    ("InvoiceError::OtherText", || read(|_| "lno1qypqx".to_owned())),
    ("InvoiceError::Encoding", || said(StaticInvoice::from_bytes(&[1]))),
    ("InvoiceError::Missing", || said(StaticInvoice::from_bytes(&[]))),
    ("InvoiceError::UnknownEven", || changed(Field::from_type(34), b"x")),
    ("InvoiceError::Length", || changed(Field::INVOICE_NODE_ID, &[2; 32])),
    ("InvoiceError::ListLength", || changed(Field::PAYMENT_POINTS, &[2; 32])),
    ("InvoiceError::NotUtf8", || changed(Field::OFFER_DESCRIPTION, &[0xff])),
    ("InvoiceError::Point", || changed(Field::INTERIM_ROUTE, &[9; 33])),
    ("InvoiceError::Path", || changed(Field::OFFER_PATHS, &[9])),
    ("InvoiceError::Currency", || {
        said(offer(OfferBuilder::new().description("tea").amount_in_currency("eur", 1)))
    }),
    ("InvoiceError::AmountOutOfRange", || said(Rate::new("EUR", 0, 1))),
    ("InvoiceError::Signature", || {
        let mut bytes = invoice().as_bytes().to_vec();
        let amount = bytes.windows(2).position(|window| window == [0x13, 0x88]).unwrap();
        bytes[amount] ^= 1;
        said(StaticInvoice::from_bytes(&bytes))
    }),
    ("InvoiceError::KeyReused", || {
        let own = StaticInvoiceBuilder::new(receiver().public_key(), CREATED_AT)
            .description("coffee")
            .interim_route(&[receiver().public_key()]);
        said(own.sign(&receiver(), &[0; 32]))
    }),
    ("InvoiceError::Expired", || said(invoice().check_not_expired(u64::MAX))),
    ("InvoiceError::Chain", || said(invoice().check_chain(ChainHash::REGTEST))),
    ("InvoiceError::OtherOffer", || {
        let other = offer(OfferBuilder::new().amount_msat(1).description("tea")).unwrap();
        said(invoice().verify_offer(&other))
    }),
    ("InvoiceError::Issuer", || said(invoice().verify_issuer(&point(9)))),
    ("KtimeError::DegreeOutOfRange", || said(PaymentPolynomial::from_entropy(&[1; 32], 0))),
    ("KtimeError::PayerKey", || said(PayerPublicKey::from_slice(&[9; 33]))),
    ("KtimeError::PayerKeyOdd", || {
        let odd = (1..).map(point).find(|point| point.is_odd()).unwrap();
        said(PayerPublicKey::new(odd))
    }),
    ("KtimeError::ZeroX", || {
        let zero = pointlock::curve::PublicScalar::ZERO;
        said::<_, KtimeError>(PayerScalar::new(zero))
    }),
    ("ProofError::Length", || said(PointProof::from_slice(&[1; 160]))),
    ("ProofError::Encoding", || said(PaymentProof::from_bytes(&[1]))),
    ("ProofError::Missing", || said::<_, ProofError>(PaymentProof::from_bytes(&[]))),
];
