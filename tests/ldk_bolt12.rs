//! LDK as the other side: it reads our offers and static invoices, with payment points inside, and we read those
//! that it makes.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bitcoin::Network;
use lightning::blinded_path::message::{
    AsyncPaymentsContext, BlindedMessagePath, MessageContext, MessageForwardNode, OffersContext,
};
use lightning::blinded_path::payment::{
    AsyncBolt12OfferContext, BlindedPaymentPath, ForwardTlvs, PaymentConstraints, PaymentContext,
    PaymentForwardNode, PaymentRelay, UnauthenticatedReceiveTlvs,
};
use lightning::blinded_path::{BlindedHop as LdkHop, Direction, IntroductionNode as LdkNode};
use lightning::ln::inbound_payment::ExpandedKey;
use lightning::offers::nonce::Nonce;
use lightning::offers::offer::{
    Amount as LdkAmount, Offer as LdkOffer, OfferBuilder as LdkOfferBuilder, Quantity,
};
use lightning::offers::static_invoice::{
    StaticInvoice as LdkInvoice, StaticInvoiceBuilder as LdkInvoiceBuilder,
};
use lightning::sign::{EntropySource, ReceiveAuthKey};
use lightning::types::features::BlindedHopFeatures;
use lightning::types::payment::PaymentSecret;
use lightning::util::ser::Writeable;
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::invoice::{
    Amount, BlindedPayInfo, ChainHash, FallbackAddress, Field, InvoiceError, Offer, OfferBuilder,
    PaymentLock, PaymentPath, PaymentPoints, StaticInvoice, StaticInvoiceBuilder, merkle,
};
use pointlock::lock::PaymentHash;
use pointlock::wire::{
    BlindedHop, BlindedPath, ChannelEnd, Features, IntroductionNode, TlvStream, TlvWriter, tu64,
};
use proptest::prelude::*;
use secp256k1::{PublicKey, Secp256k1};

const NOW: u64 = 1_750_000_000;
/// LDK's builders look at the clock.
const FAR: u64 = 1 << 40;

fn receiver() -> Keypair {
    Keypair::from_secret_bytes(&[2; 32]).unwrap()
}

fn point(byte: u8) -> Point {
    SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point()
}

fn hops(byte: u8) -> Vec<BlindedHop> {
    let hop = |byte, length| BlindedHop {
        blinded_node_id: point(byte),
        encrypted_recipient_data: vec![byte; length],
    };
    vec![hop(byte, 40), hop(byte + 1, 40), hop(byte + 2, 0)]
}

fn by_id(byte: u8) -> BlindedPath<IntroductionNode> {
    BlindedPath::from_parts(point(byte), point(byte + 1), hops(byte)).unwrap().into()
}

fn by_channel(byte: u8) -> BlindedPath<IntroductionNode> {
    let node = IntroductionNode::Channel { short_channel_id: 42, end: ChannelEnd::NodeId2 };
    BlindedPath::from_parts(node, point(byte + 1), hops(byte)).unwrap()
}

fn pay_info() -> BlindedPayInfo {
    BlindedPayInfo {
        fee_base_msat: 1_000,
        fee_proportional_millionths: 50,
        cltv_expiry_delta: 144,
        htlc_minimum_msat: 1,
        htlc_maximum_msat: 1_000_000_000,
        features: Features::of(&[9]),
    }
}

/// Every field but the currency, for which there is [`in_currency`].
fn our_offer() -> OfferBuilder {
    OfferBuilder::new()
        .chains(&[ChainHash::REGTEST])
        .metadata(&[7; 20])
        .amount_msat(5_000)
        .description("кава")
        .features(&Features::of(&[33]))
        .absolute_expiry(FAR)
        .paths(&[by_id(10), by_channel(20)])
        .issuer("receiver@example.com")
        .quantity_max(12)
        .issuer_id(&receiver().public_key())
}

fn in_currency() -> Offer {
    our_offer().amount_in_currency("EUR", 350).build().unwrap()
}

fn our_invoice(lock: impl Into<PaymentLock>) -> StaticInvoiceBuilder {
    StaticInvoiceBuilder::for_offer(&our_offer().build().unwrap(), lock, NOW)
        .relative_expiry(3_600)
        .paths(&[
            PaymentPath::new(by_id(30), pay_info()),
            PaymentPath::new(by_channel(40), BlindedPayInfo { fee_base_msat: 0, ..pay_info() }),
        ])
        .message_paths(&[by_channel(50), by_id(60)])
        .features(&Features::of(&[17]))
        .fallbacks(&[FallbackAddress { version: 1, address: point(5).to_bytes()[1..].to_vec() }])
}

fn k_time(k: u8) -> PaymentLock {
    PaymentPoints::new((0..=k).map(|j| point(100 + j)).collect()).unwrap().into()
}

fn signed(builder: StaticInvoiceBuilder) -> StaticInvoice {
    builder.sign(&receiver(), &[9; 32]).unwrap()
}

fn ldk_reads(invoice: &StaticInvoice) -> LdkInvoice {
    let read = LdkInvoice::try_from(invoice.as_bytes().to_vec()).unwrap();
    assert_eq!(read.encode(), invoice.as_bytes());
    same_invoice(invoice, &read);
    read
}

/// Typed values, of one and of the other.
fn same_node(ours: &IntroductionNode, theirs: &LdkNode) {
    match (ours, theirs) {
        (IntroductionNode::NodeId(ours), LdkNode::NodeId(theirs)) => {
            assert_eq!(ours.to_public_key(), *theirs);
        }
        (
            IntroductionNode::Channel { short_channel_id, end },
            LdkNode::DirectedShortChannelId(direction, id),
        ) => {
            assert_eq!(short_channel_id, id);
            assert_eq!(*end == ChannelEnd::NodeId1, *direction == Direction::NodeOne);
        }
        other => panic!("{other:?}"),
    }
}

fn same_hops(ours: &[BlindedHop], theirs: &[LdkHop]) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours.blinded_node_id.to_public_key(), theirs.blinded_node_id);
        assert_eq!(ours.encrypted_recipient_data, theirs.encrypted_payload);
    }
}

fn same_message_paths(ours: &[BlindedPath<IntroductionNode>], theirs: &[BlindedMessagePath]) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        same_node(ours.introduction_node(), theirs.introduction_node());
        assert_eq!(ours.first_path_key().to_public_key(), theirs.blinding_point());
        same_hops(ours.hops(), theirs.blinded_hops());
        // From LDK's typed value, rather than from bytes that it kept.
        let mut written = Vec::new();
        ours.write(&mut written);
        assert_eq!(written, theirs.encode());
    }
}

fn same_amount(ours: Option<&Amount>, theirs: Option<LdkAmount>) {
    match (ours, theirs) {
        (None, None) => {}
        (Some(Amount::Millisatoshi(ours)), Some(LdkAmount::Bitcoin { amount_msats })) => {
            assert_eq!(*ours, amount_msats);
        }
        (
            Some(Amount::Currency { code, minor_units }),
            Some(LdkAmount::Currency { iso4217_code, amount }),
        ) => assert_eq!((code.as_str(), *minor_units), (iso4217_code.as_str(), amount)),
        other => panic!("{other:?}"),
    }
}

fn quantity_max(quantity: Quantity) -> Option<u64> {
    match quantity {
        Quantity::One => None,
        Quantity::Unbounded => Some(0),
        Quantity::Bounded(most) => Some(most.get()),
    }
}

fn bits(features: &Features) -> Vec<usize> {
    features.bits().collect()
}

/// LDK's features know no list of their bits; theirs are little endian.
fn ldk_bits(flags: &[u8]) -> Vec<usize> {
    (0..flags.len() * 8).filter(|bit| flags[bit / 8] >> (bit % 8) & 1 == 1).collect()
}

fn same_offer(ours: &Offer, theirs: &LdkOffer) {
    assert_eq!(ours.as_bytes(), theirs.encode());
    assert_eq!(ours.to_string(), theirs.to_string());
    assert_eq!(ours.chains(), theirs.chains());
    assert_eq!(ours.metadata(), theirs.metadata().map(Vec::as_slice));
    same_amount(ours.amount(), theirs.amount());
    assert_eq!(ours.description(), theirs.description().map(|text| text.0));
    assert_eq!(bits(ours.features()), ldk_bits(theirs.offer_features().le_flags()));
    assert_eq!(ours.absolute_expiry(), theirs.absolute_expiry().map(|time| time.as_secs()));
    same_message_paths(ours.paths(), theirs.paths());
    assert_eq!(ours.issuer(), theirs.issuer().map(|text| text.0));
    assert_eq!(ours.quantity_max(), quantity_max(theirs.supported_quantity()));
    let issuer_id = ours.issuer_id().map(|id| id.to_public_key());
    assert_eq!(issuer_id, theirs.issuer_signing_pubkey());
}

fn same_invoice(ours: &StaticInvoice, theirs: &LdkInvoice) {
    assert_eq!(ours.chain(), theirs.chain());
    same_amount(ours.amount(), theirs.amount());
    assert_eq!(ours.offer().metadata(), theirs.metadata().map(Vec::as_slice));
    assert_eq!(ours.offer_description(), theirs.description().map(|text| text.0));
    assert_eq!(ours.offer_issuer(), theirs.issuer().map(|text| text.0));
    assert_eq!(ours.offer_quantity_max(), quantity_max(theirs.supported_quantity()));
    let expiry = theirs.absolute_expiry().map(|time| time.as_secs());
    assert_eq!(ours.offer_absolute_expiry(), expiry);
    assert_eq!(bits(ours.offer().features()), ldk_bits(theirs.offer_features().le_flags()));
    same_message_paths(ours.offer().paths(), theirs.offer_message_paths());
    same_message_paths(ours.message_paths(), theirs.message_paths());
    assert_eq!(ours.paths().len(), theirs.payment_paths().len());
    for (ours, theirs) in ours.paths().iter().zip(theirs.payment_paths()) {
        same_node(ours.path.introduction_node(), theirs.introduction_node());
        assert_eq!(ours.path.first_path_key().to_public_key(), theirs.blinding_point());
        same_hops(ours.path.hops(), theirs.blinded_hops());
        let (ours, theirs) = (&ours.pay_info, &theirs.payinfo);
        assert_eq!(ours.fee_base_msat, theirs.fee_base_msat);
        assert_eq!(ours.fee_proportional_millionths, theirs.fee_proportional_millionths);
        assert_eq!(ours.cltv_expiry_delta, theirs.cltv_expiry_delta);
        assert_eq!(ours.htlc_minimum_msat, theirs.htlc_minimum_msat);
        assert_eq!(ours.htlc_maximum_msat, theirs.htlc_maximum_msat);
        assert_eq!(bits(&ours.features), ldk_bits(theirs.features.le_flags()));
    }
    assert_eq!(ours.invoice_created_at(), theirs.created_at().as_secs());
    assert_eq!(u64::from(ours.invoice_relative_expiry()), theirs.relative_expiry().as_secs());
    assert_eq!(bits(ours.invoice_features()), ldk_bits(theirs.invoice_features().le_flags()));
    assert_eq!(ours.invoice_node_id().to_public_key(), theirs.signing_pubkey());
    let issuer_id = ours.offer().issuer_id().map(|id| id.to_public_key());
    assert_eq!(issuer_id, theirs.issuer_signing_pubkey());
    assert_eq!(*ours.signature(), theirs.signature());
}

#[test]
fn ldk_reads_our_offers() {
    for ours in [
        our_offer().build().unwrap(),
        in_currency(),
        OfferBuilder::new().issuer_id(&receiver().public_key()).build().unwrap(),
        OfferBuilder::new().paths(&[by_channel(3)]).quantity_max(0).build().unwrap(),
    ] {
        let theirs = LdkOffer::try_from(ours.as_bytes().to_vec()).unwrap();
        same_offer(&ours, &theirs);
        same_offer(&ours, &ours.to_string().parse().unwrap());
    }
}

/// Verified too: LDK reads no invoice whose signature is wrong.
#[test]
fn ldk_reads_and_verifies_our_static_invoices() {
    let hash = PaymentLock::Hash(PaymentHash([8; 32]));
    for lock in [PaymentLock::from(point(1)), k_time(1), k_time(32), hash] {
        let ours = signed(our_invoice(lock.clone()));
        let theirs = ldk_reads(&ours);
        assert_eq!(ours.lock(), Some(&lock));
        // What the builder was given, as LDK reads it.
        let [first, second] = theirs.payment_paths() else { panic!("two paths") };
        assert_eq!(first.payinfo.fee_base_msat, pay_info().fee_base_msat);
        assert_eq!(first.payinfo.htlc_minimum_msat, pay_info().htlc_minimum_msat);
        assert_eq!(first.payinfo.htlc_maximum_msat, pay_info().htlc_maximum_msat);
        assert_eq!(second.payinfo.fee_base_msat, 0);
        same_message_paths(&[by_channel(50), by_id(60)], theirs.message_paths());
        same_message_paths(&[by_id(10), by_channel(20)], theirs.offer_message_paths());
        // With the interim route beside the paths, too.
        ldk_reads(&signed(our_invoice(lock).interim_route(&[point(3)])));
    }
    // LDK takes the same expiry for granted when there is none.
    let ours = signed(our_invoice(point(1)));
    let mut silent = fields(&ours);
    silent.remove(&Field::INVOICE_RELATIVE_EXPIRY.tlv_type()).unwrap();
    let silent = StaticInvoice::from_bytes(&resigned(&silent)).unwrap();
    assert_eq!(ldk_reads(&silent).relative_expiry().as_secs(), 14 * 24 * 3600);
    // Each bit of a payment point is signed for.
    let mut forged = ours.as_bytes().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    assert!(LdkInvoice::try_from(forged).is_err());
}

/// "It's OK to be odd": the payment points are skipped, as an even type could not be.
#[test]
fn ldk_skips_odd_types_and_refuses_even_ones() {
    let fields = fields(&signed(our_invoice(k_time(2))));
    for tlv_type in [33, 1_000_000_161, 3_000_000_001, 3_000_000_167, 3_999_999_999] {
        for (tlv_type, is_odd) in [(tlv_type, true), (tlv_type - 1, false)] {
            let mut fields = fields.clone();
            fields.insert(tlv_type, vec![7; 33]);
            let bytes = resigned(&fields);
            let theirs = LdkInvoice::try_from(bytes.clone());
            assert_eq!(theirs.is_ok(), is_odd, "{tlv_type}");
            assert_eq!(StaticInvoice::from_bytes(&bytes).is_ok(), is_odd, "{tlv_type}");
        }
    }
}

/// Different bytes each time, and the same in every run.
struct Entropy(AtomicU8);

impl EntropySource for Entropy {
    fn get_secure_random_bytes(&self) -> [u8; 32] {
        [self.0.fetch_add(1, Ordering::Relaxed); 32]
    }
}

/// A node of LDK's that is often offline, with its LSP.
struct LdkReceiver {
    entropy: Entropy,
    secp: Secp256k1<secp256k1::All>,
    key: ExpandedKey,
    nonce: Nonce,
    node_id: PublicKey,
    lsp: PublicKey,
}

impl LdkReceiver {
    fn new() -> Self {
        let entropy = Entropy(AtomicU8::new(1));
        let nonce = Nonce::from_entropy_source(&entropy);
        let [node_id, lsp] = [71, 72].map(|byte| point(byte).to_public_key());
        let key = ExpandedKey::new([42; 32]);
        Self { secp: Secp256k1::new(), key, nonce, entropy, node_id, lsp }
    }

    fn message_path(
        &self,
        context: MessageContext,
        short_channel_id: Option<u64>,
    ) -> BlindedMessagePath {
        let lsp = MessageForwardNode { node_id: self.lsp, short_channel_id };
        let key = ReceiveAuthKey([41; 32]);
        BlindedMessagePath::new(&[lsp], self.node_id, key, context, &self.entropy, &self.secp)
    }

    fn payment_path(&self, fee_base_msat: u32) -> BlindedPaymentPath {
        let payment_constraints =
            PaymentConstraints { max_cltv_expiry: 900_000, htlc_minimum_msat: 1 };
        let context = AsyncBolt12OfferContext { offer_nonce: self.nonce };
        let to_receiver = UnauthenticatedReceiveTlvs {
            payment_secret: PaymentSecret([43; 32]),
            payment_constraints: payment_constraints.clone(),
            payment_context: PaymentContext::AsyncBolt12Offer(context),
        };
        let payment_relay = PaymentRelay {
            cltv_expiry_delta: 72,
            fee_proportional_millionths: 1_000,
            fee_base_msat,
        };
        let tlvs = ForwardTlvs {
            short_channel_id: 42,
            payment_relay,
            payment_constraints,
            features: BlindedHopFeatures::empty(),
            next_blinding_override: None,
        };
        let lsp = PaymentForwardNode { tlvs, node_id: self.lsp, htlc_maximum_msat: 1_000_000 };
        BlindedPaymentPath::new(
            &[lsp],
            self.node_id,
            to_receiver.authenticate(self.nonce, &self.key),
            u64::MAX,
            18,
            &self.entropy,
            &self.secp,
        )
        .unwrap()
    }

    /// What an often-offline receiver publishes: signed for by a key that is this offer's alone.
    fn offer(&self) -> LdkOffer {
        let context = MessageContext::Offers(OffersContext::InvoiceRequest { nonce: self.nonce });
        LdkOfferBuilder::deriving_signing_pubkey(self.node_id, &self.key, self.nonce, &self.secp)
            .chain(Network::Regtest)
            .amount_msats(5_000)
            .description("coffee".into())
            .issuer("ldk@example.com".into())
            .absolute_expiry(Duration::from_secs(FAR))
            .supported_quantity(Quantity::Unbounded)
            .path(self.message_path(context, None))
            .build()
            .unwrap()
    }

    fn static_invoice(&self, offer: &LdkOffer) -> LdkInvoice {
        let path_absolute_expiry = Duration::from_secs(FAR);
        let context = || {
            MessageContext::AsyncPayments(AsyncPaymentsContext::InboundPayment {
                path_absolute_expiry,
            })
        };
        LdkInvoiceBuilder::for_offer_using_derived_keys(
            offer,
            vec![self.payment_path(1_000), self.payment_path(2_000)],
            vec![self.message_path(context(), None), self.message_path(context(), Some(42))],
            Duration::from_secs(NOW),
            &self.key,
            self.nonce,
            &self.secp,
        )
        .unwrap()
        .allow_mpp()
        .relative_expiry(7_200)
        .fallback_v1_p2tr_tweaked(&bitcoin::key::TweakedPublicKey::dangerous_assume_tweaked(
            point(5).x_only(),
        ))
        .build_and_sign(&self.secp)
        .unwrap()
    }
}

#[test]
fn we_read_ldk_offers() {
    let receiver = LdkReceiver::new();
    let explicit = LdkOfferBuilder::new(receiver.node_id)
        .chain(Network::Bitcoin)
        .chain(Network::Signet)
        .metadata(vec![1, 2, 3])
        .unwrap()
        .build()
        .unwrap();
    for theirs in [receiver.offer(), explicit] {
        same_offer(&theirs.to_string().parse().unwrap(), &theirs);
        assert!(Offer::from_bytes(&theirs.encode()).is_ok());
    }
}

#[test]
fn we_read_and_verify_ldk_static_invoices() {
    let receiver = LdkReceiver::new();
    let offer = receiver.offer();
    let theirs = receiver.static_invoice(&offer);
    let ours = StaticInvoice::from_bytes(&theirs.encode()).unwrap();
    same_invoice(&ours, &theirs);
    assert_eq!(ours.as_bytes(), theirs.encode());
    assert_eq!(ours.paths()[0].pay_info.fee_msat(1_000_000), Some(1_000 + 1_000));
    assert_eq!(ours.invoice_fallbacks().len(), 1);
    // The signature, and what belongs to the offer.
    let ours_of_theirs = Offer::from_bytes(&offer.encode()).unwrap();
    assert_eq!(ours.verify_offer(&ours_of_theirs), Ok(()));
    assert_eq!(ours.verify_issuer(&ours_of_theirs.issuer_id().unwrap()), Ok(()));
    let mut forged = theirs.encode();
    let at = forged.len() - 1;
    forged[at] ^= 1;
    let field = Field::SIGNATURE;
    assert_eq!(StaticInvoice::from_bytes(&forged), Err(InvoiceError::Signature { field }));
    // LDK's payers draw the preimage: there is no lock, and so nothing for our roles.
    let field = Field::PAYMENT_POINTS;
    assert_eq!((ours.lock(), ours.require_lock()), (None, Err(InvoiceError::Missing { field })));
    assert_eq!(ours.check_chain(ChainHash::REGTEST), Ok(()));
    assert_eq!(ours.check_not_expired(NOW + 7_200), Ok(()));
    assert!(ours.check_not_expired(NOW + 7_201).is_err());
}

/// An offer that LDK made, of a receiver that signs invoices with payment points.
#[test]
fn our_invoice_for_an_ldk_offer() {
    let ldk = LdkReceiver::new();
    let context = MessageContext::Offers(OffersContext::InvoiceRequest { nonce: ldk.nonce });
    let theirs = LdkOfferBuilder::new(receiver().public_key().to_public_key())
        .description("tea".into())
        .path(ldk.message_path(context, None))
        .build()
        .unwrap();
    let offer = theirs.to_string().parse().unwrap();
    let builder = StaticInvoiceBuilder::for_offer(&offer, k_time(4), NOW)
        .paths(&[PaymentPath::new(by_id(30), pay_info())])
        .message_paths(&[by_id(60)]);
    let invoice = signed(builder);
    assert_eq!(invoice.verify_offer(&offer), Ok(()));
    let read = ldk_reads(&invoice);
    assert_eq!(read.offer_id(), theirs.id());
}

type Fields = BTreeMap<u64, Vec<u8>>;

fn fields(invoice: &StaticInvoice) -> Fields {
    let stream = TlvStream::parse(invoice.as_bytes()).unwrap();
    stream.records().iter().map(|record| (record.tlv_type(), record.value().to_vec())).collect()
}

fn written(fields: &Fields) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for (tlv_type, value) in fields {
        writer.set(*tlv_type, value.as_slice());
    }
    writer.to_bytes()
}

fn resigned(fields: &Fields) -> Vec<u8> {
    let mut fields = fields.clone();
    let bytes = written(&fields);
    let root = merkle::root(&TlvStream::parse(&bytes).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    let signature = receiver().sign_schnorr(&hash, &[0; 32]);
    fields.insert(Field::SIGNATURE.tlv_type(), signature.serialize().to_vec());
    written(&fields)
}

/// What we refuse on purpose and LDK takes.
fn is_stricter(error: &InvoiceError) -> bool {
    let own = [Field::PAYMENT_POINTS, Field::PAYMENT_HASH, Field::INTERIM_ROUTE];
    match *error {
        // BOLT 12 refuses unknown even features. LDK does so when it comes to use the offer or path.
        InvoiceError::UnknownFeature { .. } => true,
        // A list without an item: no chain, or no path to send anything along.
        InvoiceError::Empty { .. } => true,
        InvoiceError::ListLength { field: Field::OFFER_CHAINS, actual: 0, .. } => true,
        InvoiceError::Length { field: Field::OFFER_CHAINS, actual: 0, .. } => true,
        // The end of an offer's path would sign, which may be the vault.
        InvoiceError::Missing { field: Field::OFFER_ISSUER_ID } => true,
        // Signature elements that nothing signs, and types beyond those of an invoice.
        InvoiceError::Unexpected { field } => {
            (241..=1000).contains(&field.tlv_type()) || field.tlv_type() >= 4_000_000_000
        }
        // Own fields, of which LDK knows nothing.
        _ => error.field().is_some_and(|field| own.contains(&field)),
    }
}

/// What LDK refuses and we take: an invoice without blinded paths, whose route is our interim one.
fn is_interim(invoice: &StaticInvoice) -> bool {
    invoice.paths().is_empty() && !invoice.interim_route().is_empty()
}

fn compare_invoices(bytes: &[u8]) -> (bool, bool) {
    let theirs = LdkInvoice::try_from(bytes.to_vec());
    match (StaticInvoice::from_bytes(bytes), &theirs) {
        (Ok(ours), Ok(theirs)) => same_invoice(&ours, theirs),
        (Ok(ours), Err(error)) => assert!(is_interim(&ours), "LDK alone refuses: {error:?}"),
        (Err(error), Ok(_)) => assert!(is_stricter(&error), "we alone refuse: {error}"),
        (Err(_), Err(_)) => {}
    }
    (StaticInvoice::from_bytes(bytes).is_ok(), theirs.is_ok())
}

fn compare_offers(bytes: &[u8]) -> (bool, bool) {
    let theirs = LdkOffer::try_from(bytes.to_vec());
    let ours = Offer::from_bytes(bytes);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => same_offer(ours, theirs),
        (Ok(_), Err(error)) => panic!("LDK alone refuses: {error:?}"),
        // An offer without issuer id and paths is refused by both, so here the issuer is no difference.
        (Err(error), Ok(_)) => assert!(
            is_stricter(error) && !matches!(error, InvoiceError::Missing { .. }),
            "we alone refuse: {error}"
        ),
        (Err(_), Err(_)) => {}
    }
    (ours.is_ok(), theirs.is_ok())
}

/// One case of each difference: only we refuse, but in the last one.
#[test]
fn the_differences_by_name() {
    let all = fields(&signed(our_invoice(point(1))));
    let with = |changes: &[(u64, Option<&[u8]>)]| {
        let mut fields = all.clone();
        for (tlv_type, value) in changes {
            match value {
                Some(value) => fields.insert(*tlv_type, value.to_vec()),
                None => fields.remove(tlv_type),
            };
        }
        compare_invoices(&resigned(&fields))
    };
    let only_ldk = (false, true);
    let mut unusable = Vec::new();
    for _ in 0..2 {
        unusable.extend_from_slice(&[0; 26]);
        unusable.extend_from_slice(&[0, 1, 4]);
    }
    // The receiver's key as the end of an offer's path, in place of the issuer id.
    let end = BlindedHop {
        blinded_node_id: receiver().public_key(),
        encrypted_recipient_data: vec![0; 20],
    };
    let mut ends_at_signer = Vec::new();
    let path = BlindedPath::from_parts(point(3), point(4), vec![end]).unwrap();
    BlindedPath::<IntroductionNode>::from(path).write(&mut ends_at_signer);
    assert_eq!(with(&[]), (true, true));
    assert_eq!(with(&[(12, Some(&[1]))]), only_ldk, "offer_features");
    assert_eq!(with(&[(174, Some(&[1]))]), only_ldk, "invoice_features");
    assert_eq!(with(&[(162, Some(&unusable))]), only_ldk, "features of all paths");
    assert_eq!(with(&[(16, Some(&[]))]), only_ldk, "no offer path");
    assert_eq!(with(&[(236, Some(&[]))]), only_ldk, "no message path");
    assert_eq!(with(&[(172, Some(&[]))]), only_ldk, "no fallback");
    assert_eq!(with(&[(22, None), (16, Some(&ends_at_signer))]), only_ldk, "no issuer");
    assert_eq!(with(&[(241, Some(&[]))]), only_ldk, "unsigned data");
    assert_eq!(with(&[(4_000_000_001, Some(&[]))]), only_ldk, "beyond the ranges");
    assert_eq!(with(&[(3_000_000_161, Some(&[]))]), only_ldk, "payment points");
    assert_eq!(with(&[(3_000_000_163, Some(&[8; 32]))]), only_ldk, "two locks");
    // BOLT 12's proposal numbers the message paths 178, which LDK does not know yet either.
    let message_paths = all[&236].clone();
    assert_eq!(with(&[(236, None), (178, Some(&message_paths))]), (false, false));

    let no_paths = StaticInvoiceBuilder::new(point(1), NOW).interim_route(&[point(3)]);
    assert_eq!(compare_invoices(signed(no_paths).as_bytes()), (true, false));
}

/// A value of a field: as it stands in the full message, near it, or anything.
fn value(valid: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let near = (Just(valid.clone()), any::<prop::sample::Index>(), any::<u8>(), 0usize..4);
    prop_oneof![
        2 => Just(valid),
        3 => near.prop_map(|(mut value, at, byte, kind)| {
            if value.is_empty() {
                return vec![byte];
            }
            let at = at.index(value.len());
            match kind {
                0 => value[at] = byte,
                1 => value[at] ^= 1 << (byte % 8),
                2 => value.truncate(at),
                _ => value.insert(at, byte),
            }
            value
        }),
        1 => prop::collection::vec(any::<u8>(), 0..40),
        1 => any::<u64>().prop_map(tu64),
    ]
}

fn any_type() -> impl Strategy<Value = u64> {
    prop_oneof![
        0u64..260,
        999u64..1003,
        1_000_000_000u64..1_000_000_004,
        2_999_999_998u64..3_000_000_170,
        3_999_999_998u64..4_000_000_002,
        any::<u64>(),
    ]
}

/// Fields left out, changed and added.
fn changed(all: Fields) -> impl Strategy<Value = Fields> {
    let types: Vec<u64> = all.keys().copied().collect();
    let values = all.clone();
    let known = prop::sample::select(types.clone())
        .prop_flat_map(move |tlv_type| (Just(tlv_type), value(values[&tlv_type].clone())));
    let unknown = (any_type(), prop::collection::vec(any::<u8>(), 0..40));
    let change = prop_oneof![4 => known, 1 => unknown];
    (prop::collection::vec(prop::sample::select(types), 0..3), prop::collection::vec(change, 0..3))
        .prop_map(move |(left_out, changes)| {
            let mut fields = all.clone();
            for tlv_type in left_out {
                fields.remove(&tlv_type);
            }
            fields.extend(changes);
            fields
        })
}

fn offer_fields(offer: &Offer) -> Fields {
    let stream = TlvStream::parse(offer.as_bytes()).unwrap();
    stream.records().iter().map(|record| (record.tlv_type(), record.value().to_vec())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn both_agree_on_any_offer(fields in prop_oneof![
        changed(offer_fields(&our_offer().build().unwrap())),
        changed(offer_fields(&in_currency())),
    ]) {
        compare_offers(&written(&fields));
    }

    /// Signed anew, so that the mutation and not the signature is what is judged.
    #[test]
    fn both_agree_on_any_signed_invoice(fields in prop_oneof![
        changed(fields(&signed(our_invoice(point(1))))),
        changed(fields(&signed(our_invoice(k_time(1)).interim_route(&[point(3)])))),
    ]) {
        prop_assume!(!fields.is_empty());
        compare_invoices(&resigned(&fields));
    }

    /// Bytes rather than records: lengths, types and order, too.
    #[test]
    fn both_agree_on_any_byte(
        at: prop::sample::Index,
        byte: u8,
        kind in 0usize..3,
        is_offer: bool,
    ) {
        let mut bytes = if is_offer {
            our_offer().build().unwrap().as_bytes().to_vec()
        } else {
            signed(our_invoice(point(1))).as_bytes().to_vec()
        };
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = byte,
            1 => bytes.truncate(at),
            _ => bytes.insert(at, byte),
        }
        if is_offer {
            compare_offers(&bytes);
        } else {
            compare_invoices(&bytes);
        }
    }
}
