//! The seed corpus, in code: what the fuzzer starts from.
//!
//! The name of a seed says what becomes of it: `valid-…` is taken, `refused-…` is not. `cargo run --example seeds`
//! writes the files under `corpus/`; the tests see to it that the two agree.

use bitcoin::consensus::serialize;
use pointlock::adaptor::ecdsa;
use pointlock::adaptor::schnorr::pre_sign;
use pointlock::async_payments::{AsyncMessage, InvoiceRequest, RequestOrder};
use pointlock::claims::{ClaimEntry, LockSet};
use pointlock::curve::{Keypair, Point};
use pointlock::dleq::{self, Bases};
use pointlock::edge::{Direction, EdgeId};
use pointlock::hold::{Announcement, HeldBlind, HoldId, ReleaseSecret};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PolynomialId};
use pointlock::invoice::proof::{PreimageProof, ProofContents};
use pointlock::invoice::{
    BlindedPayInfo, ChainHash, FallbackAddress, Field, OfferBuilder, PaymentLock, PaymentPath,
    PaymentPoints, StaticInvoiceBuilder, merkle, text,
};
use pointlock::journal::Recordable;
use pointlock::lock::{Blind, PaymentHash, Preimage};
use pointlock::onion::Packet;
use pointlock::onion::blinded::BlindedPath as Blinded;
use pointlock::onion::blinded::{OnionMessage, PaymentConstraints, PaymentRelay, RecipientData};
use pointlock::payment::{
    AvailableHold, FinalPayload, ForwardPayload, Handover, HeldAvailable, HoldOrder, OuterPayload,
    PartShare, PaymentSecret, PtlcArrived, Recipient, ReleaseHeld, SealedAnnouncement,
    TrampolinePayload, Tweak, WithheldShare,
};
use pointlock::wire::{
    BlindedHop, BlindedPath, ChannelEnd, Features, IntroductionNode, TlvStream, TlvWriter,
};
use pointlock_store::FileJournal;

use crate::channel::LIFE;
use crate::contract::{HTLC, PTLC};
use crate::input::fixed_scalar;
use crate::invoice::signer;
use crate::payer_proof::payer;
use crate::proof::{shortest_proof, valid_proof};
use crate::record;
use crate::store::NAME;

/// One file of the corpus.
#[derive(Debug)]
pub struct Seed {
    /// The target's name, and the folder's.
    pub target: &'static str,
    /// The file's name.
    pub name: &'static str,
    /// What the file holds.
    pub bytes: Vec<u8>,
}

/// Of one target: name and contents.
type Files = Vec<(&'static str, Vec<u8>)>;

const CREATED_AT: u64 = 1_750_000_000;

/// All seeds.
pub fn seeds() -> Vec<Seed> {
    let groups: [(&'static str, Files); 41] = [
        ("async_messages", async_messages()),
        ("backends", sums()),
        ("batch", batches()),
        ("blinded_path", blinded_paths()),
        ("bolt12_text", bolt12_texts()),
        ("channel_signatures", channel_signatures()),
        ("claims_file", claims_files()),
        ("conformance", lines()),
        ("contract_extract", transactions()),
        ("contract_ladder", ladders()),
        ("dleq_life", dleq_lives()),
        ("dleq_proof", dleq_proofs()),
        ("ecdsa_life", ecdsa_lives()),
        ("ecdsa_presignature", ecdsa_presignatures()),
        ("hold_ledger", holds()),
        ("inner_payload", inner_payloads()),
        ("invoice", invoices().into()),
        ("invoice_text", invoice_texts()),
        ("journal_file", journal_files()),
        ("messages", messages()),
        ("musig2_life", musig2_lives()),
        ("nonces", nonces()),
        ("offer", offers().into()),
        ("offer_text", offer_texts()),
        ("onion_failure", failures()),
        ("onion_message", onion_messages()),
        ("onion_packet", packets()),
        ("pasted", pasted()),
        ("payload", payloads()),
        ("payer_proof", payer_proofs()),
        ("payment_proof", payment_proofs()),
        ("point", points()),
        ("presignature", presignatures()),
        ("recipient_data", recipient_datas()),
        ("record_event", record::events()),
        ("record_kept", record::kept()),
        ("record_state", record::states()),
        ("roles", schedules()),
        ("scenario", scenarios()),
        ("schnorr_life", schnorr_lives()),
        ("tlv_stream", tlv_streams()),
    ];
    let seed = |(target, (name, bytes))| Seed { target, name, bytes };
    groups
        .into_iter()
        .flat_map(|(target, seeds)| seeds.into_iter().map(move |seed| (target, seed)))
        .map(seed)
        .collect()
}

fn sums() -> Files {
    let sum = |kinds: &[u8]| {
        let terms = kinds
            .iter()
            .enumerate()
            .map(|(i, kind)| [&[*kind][..], &[7 * i as u8 + 1; 32]].concat());
        [[[0xa5; 32], [0x5a; 32]].concat(), terms.collect::<Vec<_>>().concat()].concat()
    };
    vec![
        ("valid-few", sum(&[2, 3, 2])),
        ("valid-equal-and-opposite", sum(&[0x12, 0x10, 0x11, 0x11, 0, 1])),
        ("valid-many", sum(&[2; 30])),
        ("refused-no-term", vec![0xa5; 64]),
    ]
}

fn batches() -> Files {
    let batch = |items: &[[u8; 5]]| [&[items.len() as u8 - 1][..], &items.concat()].concat();
    // Key, what is done, another item, bit. 7 does nothing.
    let right = |key| [key, 7, 0, 0, 0];
    vec![
        ("valid-one", batch(&[right(1)])),
        ("valid-mixed", batch(&[right(1), [1, 0x87, 0, 0, 0], right(2), right(3), right(3)])),
        ("valid-duplicate", batch(&[right(1), right(2), [2, 6, 0, 0, 0]])),
        ("refused-flipped-bits", batch(&[right(1), [1, 3, 0, 1, 7], right(2), [2, 0x84, 0, 0, 9]])),
        ("refused-other-lock", batch(&[right(1), [1, 5, 0, 0, 0], right(4)])),
    ]
}

fn schnorr_lives() -> Files {
    let life = |part, bit: u16| {
        [&[1; 32][..], &[2; 32], &[3; 32], &[4; 32], &[part], &bit.to_be_bytes()].concat()
    };
    vec![
        ("valid-flip-public-key", life(0, 7)),
        ("valid-flip-message", life(1, 255)),
        ("valid-flip-lock-point", life(2, 0)),
        ("valid-flip-presignature", life(3, 519)),
        ("valid-flip-signature", life(4, 511)),
        ("refused-zero-key", vec![]),
    ]
}

fn dleq_lives() -> Files {
    let life = |generator: u8, message: u8, part, bit: u16| {
        let secrets = [[1; 32], [2; 32]].concat();
        let rest = [&[generator][..], &[3; 32], &[message], &[4; 32], &[5; 32]].concat();
        [&secrets[..], &rest, &[part], &bit.to_be_bytes()].concat()
    };
    vec![
        ("valid-flip-point", life(0, 1, 0, 7)),
        ("valid-flip-value", life(0, 1, 1, 0)),
        ("valid-flip-base", life(0, 0, 2, 263)),
        ("valid-flip-generator", life(1, 1, 3, 7)),
        ("valid-flip-proof", life(1, 0, 4, 511)),
        ("valid-flip-message", life(0, 1, 5, 255)),
        ("refused-zero-secret", vec![]),
    ]
}

fn dleq_proofs() -> Files {
    let bases = Bases::new(fixed_scalar(9).to_point());
    let made = |message: Option<[u8; 32]>| {
        let (statement, proof) =
            dleq::prove(&fixed_scalar(1), &bases, message.as_ref(), &[4; 32]).expect("no fault");
        let points = [statement.point, bases.base(), statement.value].map(|point| point.to_bytes());
        let message = message.map_or(Vec::new(), |message| message.to_vec());
        [proof.to_bytes().to_vec(), points.concat(), message].concat()
    };
    let (plain, with_message) = (made(None), made(Some([5; 32])));
    let mut other_value = plain.clone();
    other_value[64 + 66] ^= 1;
    let mut large_scalar = plain.clone();
    large_scalar[32..64].fill(0xff);
    let mut infinity = plain.clone();
    infinity[64 + 66..].fill(0);
    let truncated = plain[..64].to_vec();
    vec![
        ("valid-plain", plain),
        ("valid-with-message", with_message),
        ("refused-other-value", other_value),
        ("refused-large-scalar", large_scalar),
        ("refused-value-at-infinity", infinity),
        ("refused-truncated", truncated),
    ]
}

fn payer_proofs() -> Files {
    let proof = requested_proof(&ProofContents::new().note("for the desk"));
    let whole = requested_proof(&ProofContents::new().show_all().write_empty_omitted());
    let changed = |tlv_type: u64, value: &[u8]| {
        let mut writer = TlvWriter::new();
        for record in TlvStream::parse(&proof).expect("a proof is a stream").records() {
            writer.set(record.tlv_type(), record.value());
        }
        writer.set(tlv_type, value).to_bytes()
    };
    vec![
        ("valid-shortest", proof.clone()),
        ("valid-whole", whole),
        ("valid-under-points", shortest_proof().to_bytes()),
        ("valid-other-preimage", changed(1_001, &[1; 32])),
        ("valid-odd-field", changed(1_007, &[1])),
        ("valid-amount", changed(Field::INVOICE_AMOUNT.tlv_type(), &[1, 2])),
        // Read with hashes of its own, as each is.
        ("valid-number-too-large", changed(1_002, &[0xfd, 3, 0xe9])),
        ("refused-note-not-text", changed(1_005, &[0xff])),
        ("refused-metadata", changed(0, &[1; 16])),
        ("refused-unknown-field", changed(1_006, &[])),
        ("refused-short-preimage", changed(1_001, &[1; 31])),
        ("refused-truncated", proof[..proof.len() - 1].to_vec()),
    ]
}

/// The stream of a proof with a preimage, of an invoice that was asked for.
fn requested_proof(contents: &ProofContents) -> Vec<u8> {
    let preimage = Preimage::new([9; 32]);
    let mut writer = TlvWriter::new();
    writer
        .set(Field::INVREQ_METADATA.tlv_type(), [5; 16])
        .set(Field::OFFER_DESCRIPTION.tlv_type(), *b"coffee")
        .set(Field::INVREQ_PAYER_ID.tlv_type(), payer().public_key().to_bytes())
        .set(Field::INVOICE_CREATED_AT.tlv_type(), 1_750_000_000_u32.to_be_bytes())
        .set(Field::INVOICE_PAYMENT_HASH.tlv_type(), preimage.hash().0)
        .set(Field::INVOICE_AMOUNT.tlv_type(), [5, 0])
        .set(Field::INVOICE_NODE_ID.tlv_type(), signer().public_key().to_bytes());
    let unsigned = writer.to_bytes();
    let root = merkle::root(&TlvStream::parse(&unsigned).expect("it was written"));
    let hash = merkle::signature_hash("invoice", "signature", &root.expect("there are fields"));
    let signature = signer().sign_schnorr(&hash, &[0; 32]).serialize();
    let invoice = writer.set(Field::SIGNATURE.tlv_type(), signature).to_bytes();
    PreimageProof::create(&invoice, &preimage, &payer(), contents, &[0; 32])
        .expect("all of it belongs together")
        .to_bytes()
}

fn payment_proofs() -> Files {
    let proof = valid_proof().to_bytes();
    let changed = |tlv_type: u64, value: &[u8]| {
        let mut writer = TlvWriter::new();
        for record in TlvStream::parse(&proof).expect("a proof is a stream").records() {
            writer.set(record.tlv_type(), record.value());
        }
        writer.set(tlv_type, value).to_bytes()
    };
    vec![
        ("valid-right", proof.clone()),
        ("valid-other-amount", changed(65_603, &[1])),
        ("valid-other-verifier", changed(65_607, &[7; 32])),
        ("valid-other-description", changed(Field::OFFER_DESCRIPTION.tlv_type(), b"tea")),
        (
            "valid-static-invoice",
            changed(Field::PAYMENT_POINTS.tlv_type(), &fixed_scalar(1).to_point().to_bytes()),
        ),
        ("refused-value-at-infinity", changed(65_611, &[0; 33])),
        ("refused-large-scalar", changed(65_613, &[0xff; 64])),
        ("valid-odd-field", changed(65_617, &[])),
        ("valid-shortest", shortest_proof().to_bytes()),
        ("refused-unknown-field", changed(65_618, &[])),
        ("refused-padded-amount", changed(65_603, &[0, 1])),
        ("refused-truncated", proof[..proof.len() - 1].to_vec()),
    ]
}

fn ecdsa_lives() -> Files {
    let life = |part, bit: u16| {
        [&[1; 32][..], &[2; 32], &[3; 32], &[4; 32], &[part], &bit.to_be_bytes()].concat()
    };
    vec![
        ("valid-flip-public-key", life(0, 263)),
        ("valid-flip-message", life(1, 255)),
        ("valid-flip-lock-point", life(2, 0)),
        ("valid-flip-presignature", life(3, 1295)),
        ("valid-flip-signature", life(4, 511)),
        ("refused-zero-key", vec![]),
    ]
}

fn ecdsa_presignatures() -> Files {
    let (keypair, lock_point) = (Keypair::new(fixed_scalar(1)), fixed_scalar(3).to_point());
    let right = ecdsa::pre_sign(&keypair, &[2; 32], &lock_point, &[0; 32])
        .expect("valid inputs")
        .to_bytes();
    let mut other_proof = right;
    other_proof[161] ^= 1;
    let mut other_prefix = right;
    other_prefix[33] ^= 1;
    let mut no_prefix = right;
    no_prefix[0] = 4;
    vec![
        ("valid-right", right.to_vec()),
        ("valid-other-proof", other_proof.to_vec()),
        ("valid-other-prefix", other_prefix.to_vec()),
        ("refused-prefix", no_prefix.to_vec()),
    ]
}

fn musig2_lives() -> Files {
    let life = |signers: u16, tweaks: u8, roots: &[u8], keys: &[u8]| {
        let signer_and_bit = [0, 0, 0, 255];
        let mut bytes = [&(signers - 1).to_be_bytes()[..], &[2; 32], &[3; 32]].concat();
        bytes.extend([&signer_and_bit[..], &[tweaks], roots].concat());
        bytes.extend(keys.iter().flat_map(|key| [[*key; 32], [*key + 100; 32]].concat()));
        bytes
    };
    vec![
        ("valid-one-signer", life(1, 0, &[], &[1])),
        ("valid-two-signers-taproot", life(2, 8, &[], &[1, 2])),
        ("valid-three-signers-all-tweaks", life(3, 15, &[9; 96], &[1, 2, 3])),
        ("valid-same-key-twice", life(4, 4, &[9; 32], &[1, 2, 1, 2])),
        ("refused-zero-lock", vec![]),
    ]
}

fn presignatures() -> Files {
    let (keypair, lock_point) = (Keypair::new(fixed_scalar(1)), fixed_scalar(3).to_point());
    let pre_signature = |aux| {
        pre_sign(&keypair, &[2; 32], &lock_point, &[aux; 32]).map(|made| made.to_bytes().to_vec())
    };
    let right = |first| {
        (0..=u8::MAX)
            .filter_map(|aux| pre_signature(aux).ok())
            .find(|bytes| bytes[0] == first)
            .expect("half of all nonces are even")
    };
    let off_curve = [&[2][..], &[0; 32], &[5; 32]].concat();
    let scalar_too_big = [&right(2)[..33], &[0xff; 32]].concat();
    vec![
        ("valid-even", right(2)),
        ("valid-odd", right(3)),
        ("valid-off-curve", off_curve),
        ("refused-scalar", scalar_too_big),
    ]
}

fn points() -> Files {
    let even_and_odd = |point: Point| if point.is_odd() { point.negate() } else { point };
    let even = even_and_odd(fixed_scalar(1).to_point());
    vec![
        ("valid-even", even.to_bytes().to_vec()),
        ("valid-odd", even.negate().to_bytes().to_vec()),
        ("valid-text", even.to_string().into_bytes()),
        ("refused-order", secp256k1::constants::CURVE_ORDER.to_vec()),
        ("refused-infinity", vec![0; 33]),
    ]
}

fn tlv_streams() -> Files {
    let mut every_length = TlvWriter::new();
    every_length.set(1, [5; 1]).set(0xfd, [6; 0xfd]).set(0x1_0000, []).set(u64::MAX, [7; 2]);
    vec![
        ("valid-empty", vec![]),
        ("valid-every-length", every_length.to_bytes()),
        ("refused-order", vec![3, 0, 1, 0]),
        ("refused-truncated", vec![1, 2, 0]),
        ("refused-not-minimal", vec![0xfd, 0, 1, 0]),
    ]
}

/// By node id and by channel.
fn two_paths() -> [BlindedPath<IntroductionNode>; 2] {
    let point = |byte| fixed_scalar(byte).to_point();
    let hop = |byte, length| BlindedHop {
        blinded_node_id: point(byte),
        encrypted_recipient_data: vec![byte; length],
    };
    let channel = IntroductionNode::Channel { short_channel_id: 42, end: ChannelEnd::NodeId2 };
    [
        BlindedPath::from_parts(IntroductionNode::NodeId(point(9)), point(8), vec![hop(7, 30)]),
        BlindedPath::from_parts(channel, point(6), vec![hop(5, 4), hop(4, 0)]),
    ]
    .map(|path| path.expect("it has hops"))
}

fn written(path: &BlindedPath<IntroductionNode>) -> Vec<u8> {
    let mut bytes = Vec::new();
    path.write(&mut bytes);
    bytes
}

/// The payload with data of a blinded path.
fn with_path_data(payload: &[u8]) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(payload).expect("it was written as one").records() {
        writer.set(record.tlv_type(), record.value());
    }
    writer.set(10, vec![1; 20]).to_bytes()
}

fn recipient_datas() -> Files {
    let relay = PaymentRelay {
        cltv_expiry_delta: 40,
        fee_proportional_millionths: 100,
        fee_base_msat: 1_000,
    };
    let constraints = PaymentConstraints { max_cltv_expiry: 900_000, htlc_minimum_msat: 1_000 };
    let for_a_hop = RecipientData {
        padding: Some(vec![0; 3]),
        short_channel_id: Some(42),
        payment_relay: Some(relay),
        payment_constraints: Some(constraints),
        ..Default::default()
    };
    let all = RecipientData {
        next_node_id: Some(fixed_scalar(3).to_point()),
        path_id: Some(vec![7; 32]),
        next_path_key_override: Some(fixed_scalar(4).to_point()),
        allowed_features: Some(vec![1]),
        other: [(65_537, vec![9])].into(),
        ..for_a_hop.clone()
    };
    vec![
        ("valid-hop", for_a_hop.to_bytes()),
        ("valid-all", all.to_bytes()),
        ("valid-nothing", Vec::new()),
        ("refused-unknown-even", vec![16, 0]),
        ("refused-relay", vec![10, 1, 0]),
    ]
}

fn onion_messages() -> Files {
    let hops = [
        (
            fixed_scalar(1).to_point(),
            RecipientData { next_node_id: Some(fixed_scalar(2).to_point()), ..Default::default() }
                .to_bytes(),
        ),
        (
            fixed_scalar(2).to_point(),
            RecipientData { path_id: Some(vec![7; 32]), ..Default::default() }.to_bytes(),
        ),
    ];
    let (path, _) = BlindedPath::build(fixed_scalar(9), &hops).expect("two hops");
    let message = |length| {
        let mut fields = TlvWriter::new();
        fields.set(65_537, vec![5; length]);
        OnionMessage::build(fixed_scalar(8), &path, &fields).expect("it is not too long").to_bytes()
    };
    let fields = |relays: u8| {
        let mut fields = TlvWriter::new();
        fields.set(2, vec![1; 40]).set(65_565, vec![2; 80]);
        [&[0, relays][..], &fields.to_bytes()].concat()
    };
    vec![
        ("valid-short", message(10)),
        ("valid-extended", [&message(10)[..], &[3, 0]].concat()),
        ("valid-to-a-peer", fields(0)),
        ("valid-over-three", fields(3)),
        ("refused-truncated", message(10)[..100].to_vec()),
        ("refused-no-stream", vec![0, 1, 9]),
    ]
}

fn blinded_paths() -> Files {
    let [by_id, by_channel] = two_paths().map(|path| written(&path));
    let mut no_hops = by_channel.clone();
    no_hops[9 + 33] = 0;
    let truncated = by_id[..by_id.len() - 1].to_vec();
    let followed = [&by_channel[..], &by_id].concat();
    vec![
        ("valid-by-id", by_id),
        ("valid-by-channel", by_channel),
        ("valid-followed", followed),
        ("refused-no-hops", no_hops),
        ("refused-truncated", truncated),
    ]
}

fn all_of_an_offer() -> OfferBuilder {
    OfferBuilder::new()
        .chains(&[ChainHash::REGTEST])
        .metadata(&[7; 5])
        .amount_in_currency("EUR", 350)
        .description("coffee")
        .features(&Features::of(&[9]))
        .absolute_expiry(CREATED_AT + 10_000)
        .paths(&two_paths())
        .issuer("receiver@example.com")
        .quantity_max(3)
        .issuer_id(&signer().public_key())
}

fn offers() -> [(&'static str, Vec<u8>); 6] {
    let bytes =
        |builder: OfferBuilder| builder.build().expect("all fields are valid").as_bytes().to_vec();
    let plain = bytes(OfferBuilder::new().issuer_id(&signer().public_key()));
    let mut unknown_even = plain.clone();
    unknown_even.extend([24, 0]);
    let mut unknown_odd = plain.clone();
    unknown_odd.extend([25, 1, 7]);
    [
        ("valid-plain", plain),
        ("valid-all-fields", bytes(all_of_an_offer())),
        ("valid-paths-alone", bytes(OfferBuilder::new().paths(&two_paths()))),
        ("valid-unknown-odd", unknown_odd),
        ("refused-unknown-even", unknown_even),
        ("refused-nobody", vec![10, 1, b'x']),
    ]
}

fn offer_texts() -> Files {
    let [(_, plain), (_, all_fields), .., (_, nobody)] = offers();
    let lno = |bytes: &[u8]| text::encode("lno", bytes).expect("lno is a prefix");
    vec![
        ("valid-all-fields", lno(&all_fields).into_bytes()),
        ("valid-upper-case", lno(&plain).to_uppercase().into_bytes()),
        ("refused-nobody", lno(&nobody).into_bytes()),
        ("refused-prefix", lni(&plain).into_bytes()),
    ]
}

fn invoices() -> [(&'static str, Vec<u8>); 8] {
    let (point, signer) = (|byte| fixed_scalar(byte).to_point(), signer());
    let route = [point(5), signer.public_key()];
    let signed = |builder: StaticInvoiceBuilder| {
        let invoice = builder.interim_route(&route).sign(&signer, &[0; 32]);
        invoice.expect("all fields are valid").as_bytes().to_vec()
    };
    let plain = signed(StaticInvoiceBuilder::new(point(1), CREATED_AT));
    let all_fields = StaticInvoiceBuilder::new(point(1), CREATED_AT)
        .amount_msat(5_000)
        .description("coffee")
        .issuer("receiver@example.com")
        .absolute_expiry(CREATED_AT + 10_000)
        .relative_expiry(3_600);
    let points = PaymentPoints::new(vec![point(1), point(4)]).expect("two points");
    let hash = PaymentLock::Hash(PaymentHash([8; 32]));
    let mut truncated = plain.clone();
    truncated.pop();
    let offer = all_of_an_offer().build().expect("all fields are valid");
    let [one, other] = two_paths();
    let complete = StaticInvoiceBuilder::for_offer(&offer, points.clone(), CREATED_AT)
        .paths(&[PaymentPath::new(other.clone(), pay_info())])
        .message_paths(&[one, other])
        .features(&Features::of(&[17]))
        .fallbacks(&[FallbackAddress { version: 1, address: vec![6; 32] }]);
    let complete = complete.sign(&signer, &[0; 32]).expect("all fields are valid");
    let without_lock = without(complete.as_bytes(), Field::PAYMENT_POINTS);
    [
        ("valid-bolt12-without-lock", without_lock.clone()),
        ("valid-bolt12", complete.as_bytes().to_vec()),
        ("refused-without-offer-paths", without(&without_lock, Field::OFFER_PATHS)),
        ("valid-plain", plain),
        ("valid-all-fields", signed(all_fields)),
        ("valid-two-points", signed(StaticInvoiceBuilder::new(points, CREATED_AT))),
        ("valid-hash", signed(StaticInvoiceBuilder::new(hash, CREATED_AT))),
        ("refused-truncated", truncated),
    ]
}

/// The stream without a field; the fuzz body signs it anew.
fn without(bytes: &[u8], field: Field) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(bytes).expect("an invoice is a stream").records() {
        if record.tlv_type() != field.tlv_type() {
            writer.set(record.tlv_type(), record.value());
        }
    }
    writer.to_bytes()
}

fn lni(bytes: &[u8]) -> String {
    text::encode("lni", bytes).expect("lni is a prefix")
}

fn invoice_texts() -> Files {
    let [_, _, _, (_, plain), (_, all_fields), .., (_, truncated)] = invoices();
    let (start, end) = (lni(&plain)[..100].to_owned(), lni(&plain)[100..].to_owned());
    vec![
        ("valid-all-fields", lni(&all_fields).into_bytes()),
        ("valid-upper-case", lni(&plain).to_uppercase().into_bytes()),
        ("valid-two-pieces", format!("{start}+\r\n {end}").into_bytes()),
        ("refused-truncated", lni(&truncated).into_bytes()),
    ]
}

fn bolt12_texts() -> Files {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("valid-invoice", text("lni1qypqx")),
        ("valid-offer-upper-case", text("LNO1QYPQX")),
        ("valid-pieces", text("lnr1qy+ pq+\nx")),
        ("valid-empty", text("lni1")),
        ("refused-mixed-case", text("lni1qypqX")),
        ("refused-padding", text("lni1qypqp")),
    ]
}

fn pasted() -> Files {
    let [(_, plain), ..] = offers();
    let [_, _, _, (_, invoice), ..] = invoices();
    let lno = text::encode("lno", &plain).expect("lno is a prefix");
    let (start, end) = lno.split_at(20);
    let lni = lni(&invoice);
    let with =
        |before: &str, text: &str, behind: &str| [before, text, behind].concat().into_bytes();
    vec![
        ("valid-lightning", with("lightning:", &lni, "")),
        ("valid-bitcoin", with("bitcoin:?amount=1&lno=", &lno, "&label=%20")),
        ("valid-upper-case", with("BITCOIN:?LNO=", &lno.to_uppercase(), "")),
        ("valid-percent", with("bitcoin:bc1q?req-lno=", start, &format!("%2b%0A{end}"))),
        ("valid-second", with("bitcoin:?lightning=lnbc1q&lno=", &lno, "")),
        ("valid-blanks", with("\u{feff}\u{a0}", &lno, "\r\n")),
        ("refused-required", with("bitcoin:?lno=", &lno, "&req-what")),
        ("refused-percent", with("bitcoin:?lno=", &lno, "%f")),
        ("refused-no-break-space", with(start, "+\u{a0}", end)),
        ("refused-bolt11", with("lightning:", "lnbc2500u1pvjluez", "")),
        ("refused-file", with("./", "invoice.txt", "")),
        ("refused-address", with("me+tips@", "example.com", "")),
        ("refused-lnurl", with("https://example.com?lightning=", "lnurl1dp68gurn8", "")),
    ]
}

/// What a hop finds: BigSize length ‖ payload ‖ HMAC of the next packet.
fn frame(payload: &[u8], hmac: &[u8; 32]) -> Vec<u8> {
    [&[payload.len() as u8][..], payload, hmac].concat()
}

fn packets() -> Files {
    let hops = [(fixed_scalar(1).to_point(), "for one"), (fixed_scalar(2).to_point(), "for two")];
    let (packet, _) = Packet::build(fixed_scalar(77), &hops, b"attempt").expect("two hops");
    vec![
        ("valid-packet", packet.to_bytes()),
        ("valid-payloads", b"\x05first\x06second\x03end".to_vec()),
        ("refused-frame-of-last-hop", frame(b"", &[0; 32])),
        ("refused-frame-of-hop", frame(b"x", &[7; 32])),
        ("refused-long-frame", [&[0xfd, 0x04, 0xf1][..], &[1; 1297]].concat()),
    ]
}

fn failures() -> Files {
    vec![
        ("valid-first-hop", vec![0, 0, 0, 0, 0x20, 2]),
        ("valid-last-of-twenty", [&[0, 19, 0, 19, 0x40, 0x0f][..], &[1; 40]].concat()),
        ("refused-short", vec![0, 3, 0, 1, 0]),
    ]
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

fn payloads() -> Files {
    let blind = |byte| Blind::new(fixed_scalar(byte));
    let forward = |tweak| {
        let (amount_msat, expiry) = (1_000, 800_000);
        ForwardPayload { short_channel_id: 42, amount_msat, expiry, tweak }.to_bytes()
    };
    let release = ReleaseSecret::new(fixed_scalar(5));
    let hold = HoldOrder {
        id: HoldId([4; 32]),
        held_blind: HeldBlind::new(&blind(6), &release).ok(),
        release_hash: release.hash(),
        latest_release_height: 799_000,
    };
    let last = |payment_secret, part| FinalPayload {
        amount_msat: 1_000,
        expiry: 800_000,
        payment_secret,
        total_msat: 1_000,
        final_blind: Some(blind(6)),
        part,
        withheld: None,
        payer: None,
        keysend: None,
    };
    let part = || Some(PartShare { secret: blind(8), index: 2, count: 3 });
    let last = |secret: Option<u8>, part| {
        last(secret.map(|byte| PaymentSecret([byte; 32])), part).to_bytes()
    };
    let receiver = fixed_scalar(7).to_point();
    let packet = || {
        let payload = last(Some(3), None);
        Packet::plan(fixed_scalar(1), &[receiver])
            .and_then(|plan| plan.build(&[payload], &[], 500))
            .expect("it is short")
            .0
    };
    let outer = |tail_blind| {
        let (amount_msat, expiry, payment_data) = (1_000, 800_000, None);
        OuterPayload { amount_msat, expiry, payment_data, tail_blind, packet: packet() }.to_bytes()
    };
    let mut with_unknown = last(Some(3), None);
    with_unknown.extend([0xfe, 0, 2, 0, 1, 1, 9]);
    vec![
        ("valid-forward-derived", forward(Tweak::Derived)),
        ("valid-forward-blind", forward(Tweak::Blind(blind(6)))),
        ("valid-forward-hold", forward(Tweak::Hold(hold))),
        ("valid-final", last(Some(3), None)),
        ("valid-final-of-path", with_path_data(&last(None, None))),
        ("valid-final-part", last(Some(3), part())),
        ("valid-around-an-order", outer(None)),
        ("valid-trampoline-final", outer(Some(blind(5)))),
        ("valid-unknown-odd", with_unknown),
        ("refused-empty", vec![]),
    ]
}

fn messages() -> Files {
    let holder = fixed_scalar(7).to_point();
    let (path, _) = Blinded::build(fixed_scalar(1), &[(holder, [2; 6])]).expect("one hop");
    let hold = |byte| AvailableHold {
        id: HoldId([byte; 32]),
        release: ReleaseSecret::new(fixed_scalar(byte)),
        amount_msat: 1_000,
    };
    let available = |holds, x: Option<[u8; 32]>| {
        let x = x.map(|x| PayerScalar::from_bytes(&x).expect("in range"));
        HeldAvailable { holds, latest_release_height: 800_000, x }
    };
    let packet = available(vec![hold(4)], None).seal(fixed_scalar(2), &holder).expect("it fits");
    let reply_path = path.clone().into();
    let sealed = SealedAnnouncement { packet: packet.clone(), reply_path }.to_tlv().to_bytes();
    let announcement = Announcement { path: path.into(), packet };
    let handover = Handover { hold: HoldId([4; 32]), announcement }.to_tlv().to_bytes();
    let available = |holds, x| available(holds, x).to_tlv().to_bytes();
    let release = ReleaseHeld { holds: vec![(HoldId([4; 32]), hold(5).release)] };
    let mut unknown_even = release.to_tlv();
    unknown_even.set(68, [1]);
    let no_hold = TlvWriter::new().set(2, []).to_bytes();
    vec![
        ("refused-unknown-even", unknown_even.to_bytes()),
        ("valid-available", available(vec![hold(4)], None)),
        ("valid-two-available", available(vec![hold(4), hold(5)], None)),
        ("valid-available-with-x", available(vec![hold(4)], Some([9; 32]))),
        ("valid-sealed-announcement", sealed),
        ("valid-handover", handover),
        ("valid-release", release.to_tlv().to_bytes()),
        ("valid-arrived", PtlcArrived { set_point: holder }.to_tlv().to_bytes()),
        ("valid-withheld-share", {
            let share = Blind::new(fixed_scalar(9));
            WithheldShare { set_point: holder, share }.to_tlv().to_bytes()
        }),
        ("refused-no-hold", TlvWriter::new().set(65567, no_hold).to_bytes()),
    ]
}

fn channel_signatures() -> Files {
    let of = |kind: u8, bytes: &[u8]| [&[kind], bytes].concat();
    let given = LIFE.covered.pre_signatures().to_bytes();
    let signatures = LIFE.complete.signatures();
    let count = signatures.signatures.len() as u8;
    let signed = [
        vec![count],
        signatures.partial_to_bytes().to_vec(),
        signatures.signatures_to_bytes(),
        signatures.pre_signatures_to_bytes(),
    ]
    .concat();
    let record = LIFE.complete.record().to_bytes();
    vec![
        ("valid-presignatures", of(0, &given)),
        ("refused-presignatures-cut", of(0, &given[..given.len() - 1])),
        ("valid-signatures", of(1, &signed)),
        ("refused-signatures-cut", of(1, &signed[..signed.len() - 1])),
        ("valid-record", of(2, &record)),
        ("refused-record-cut", of(2, &record[..record.len() - 1])),
        ("valid-claim", of(3, &serialize(&LIFE.claim))),
    ]
}

fn ladders() -> Files {
    let ladder = PTLC.offered.pre_signatures().expect("a PTLC has them").to_bytes();
    // Outpoint, script with its length, and then the number of rungs.
    let count = 36 + 1 + usize::from(ladder[36]);
    let mut one_rung = ladder.clone();
    one_rung[count] = 1;
    one_rung.truncate(count + 1 + 105);
    let mut other_value = ladder.clone();
    other_value[count + 1] ^= 1;
    let truncated = ladder[..ladder.len() - 1].to_vec();
    vec![
        ("valid-right", ladder),
        ("valid-one-rung", one_rung),
        ("valid-other-value", other_value),
        ("refused-truncated", truncated),
    ]
}

fn transactions() -> Files {
    let mut keypath = PTLC.claim.clone();
    keypath.input[0].witness = bitcoin::Witness::from_slice(&[[1; 64]]);
    vec![
        ("valid-ptlc-claim", serialize(&PTLC.claim)),
        ("valid-htlc-claim", serialize(&HTLC.claim)),
        ("valid-key-path", serialize(&keypath)),
        ("refused-additions", b"\0\x02\0\x01\x03one\x40two".to_vec()),
    ]
}

fn journal_files() -> Files {
    let long = [7; 900];
    let groups: [&[&[u8]]; 3] = [&[b"one", b""], &[&long], &[b"four", b"five"]];
    let bytes = FileJournal::to_bytes(NAME, &groups).expect("short groups");
    let cut = bytes[..bytes.len() - 3].to_vec();
    let zeros = [bytes.as_slice(), &[0; 40]].concat();
    let mut flipped = bytes.clone();
    *flipped.last_mut().expect("a checksum") ^= 1;
    let of_another = FileJournal::to_bytes("another", &groups).expect("short groups");
    // Three groups of one to three records, and then a place with each kind of damage.
    let built = |damage: [u8; 4]| {
        let lengths = [0, 3, 0, 1, 0, 20, 0, 9, 2, 88, 0, 2, 0, 5, 0, 1, 0, 200, 1, 144];
        [lengths.as_slice(), &damage].concat()
    };
    vec![
        ("valid-file", bytes),
        ("valid-cut-off", cut),
        ("valid-zeros", zeros),
        ("valid-groups", built([0, 99, 0, 0])),
        ("valid-groups-zeros", built([0, 150, 1, 0])),
        ("valid-groups-flipped", built([0, 140, 2, 3])),
        ("refused-flipped", flipped),
        ("refused-name", of_another),
        ("refused-version", b"pointlock journal 2\n".to_vec()),
    ]
}

fn claims_files() -> Files {
    let id = PolynomialId::from_bytes([1; 32]);
    let x = PayerScalar::from_bytes(&[3; 32]).expect("below n");
    let edge = |number| EdgeId::in_channel([4; 32], Direction::FromNode2, number);
    let lock = fixed_scalar(5).to_point();
    let locks = LockSet::new([(edge(0), lock), (edge(1), lock)]).expect("two edges");
    let invoice = InvoiceId::from_bytes([2; 32]);
    let records: Vec<Vec<u8>> = [
        ClaimEntry::Polynomial { id, invoice, k: 2 },
        ClaimEntry::Claim { id, x, locks },
        ClaimEntry::Retirement { id },
        ClaimEntry::RetirementOfAll,
    ]
    .iter()
    .map(|entry| entry.to_record().to_vec())
    .collect();
    let group: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    let file = FileJournal::to_bytes("claims 3", &[&group[..1], &group[1..]]);
    let mut descending = records[1].clone();
    let (first, second) = descending[65..].split_at_mut(74);
    first.swap_with_slice(second);
    let file_2 = include_bytes!("../../store/tests/fixtures/claims_2.bin").to_vec();
    let mut flipped_2 = file_2.clone();
    flipped_2[200] ^= 1;
    vec![
        ("valid-file-3", file.expect("a short group")),
        ("valid-file-2-cut-off", file_2[..file_2.len() - 1].to_vec()),
        ("valid-file-2", file_2),
        ("valid-polynomial", records[0].clone()),
        ("valid-claim", records[1].clone()),
        ("valid-retirement", records[2].clone()),
        ("valid-retirement-of-all", records[3].clone()),
        ("refused-descending", descending),
        ("refused-file-1", b"pointlock claims 1\n".to_vec()),
        ("refused-file-2-flipped", flipped_2),
    ]
}

/// A trampoline's order, to a node or to one of two paths.
fn order(recipient: Recipient) -> Vec<u8> {
    let to_path = matches!(recipient, Recipient::Path(_));
    let node = fixed_scalar(7).to_point();
    let packet = Packet::plan(fixed_scalar(1), &[node])
        .and_then(|plan| plan.build(&[[0; 40]], &[], 500))
        .expect("it is short")
        .0;
    TrampolinePayload {
        recipient,
        other_paths: if to_path { vec![payment_path()] } else { Vec::new() },
        recipient_features: to_path.then(|| Features::of(&[17])),
        amount_msat: 1_000,
        expiry: 800_000,
        min_final_delta: (!to_path).then_some(18),
        recipient_packet: to_path.then_some(packet),
        tweak: Tweak::Derived,
    }
    .to_bytes()
    .expect("its paths have terms")
}

fn payment_path() -> PaymentPath {
    let hops = [7, 8].map(|byte| (fixed_scalar(byte).to_point(), [byte; 20]));
    let (path, _) = Blinded::build(fixed_scalar(1), &hops).expect("two hops");
    PaymentPath::new(path, pay_info())
}

/// A recipient's payload, without a path around it and with one; a trampoline's.
fn inner_payloads() -> Files {
    let to_node = order(Recipient::Node(fixed_scalar(7).to_point()));
    let to_paths = order(Recipient::Path(payment_path()));
    let payload = |secret: Option<u8>| {
        FinalPayload {
            amount_msat: 1_000,
            expiry: 800_000,
            payment_secret: secret.map(|byte| PaymentSecret([byte; 32])),
            total_msat: 3_000,
            final_blind: Some(Blind::new(fixed_scalar(6))),
            part: Some(PartShare { secret: Blind::new(fixed_scalar(8)), index: 2, count: 3 }),
            withheld: None,
            payer: None,
            keysend: None,
        }
        .to_bytes()
        .to_vec()
    };
    vec![
        ("valid-in-the-clear", [vec![0], payload(Some(3))].concat()),
        ("valid-in-a-path", [vec![1], payload(None)].concat()),
        ("valid-order-to-a-node", [vec![0], to_node.clone()].concat()),
        ("valid-order-to-paths", [vec![0], to_paths].concat()),
        ("refused-order-in-a-path", [vec![1], to_node].concat()),
        ("refused-secret-in-a-path", [vec![1], payload(Some(3))].concat()),
        ("refused-no-secret", [vec![0], payload(None)].concat()),
    ]
}

/// LDK's messages, each with a reply path.
fn async_messages() -> Files {
    let path = |byte: u8| {
        let hops = [byte, byte + 1].map(|byte| (fixed_scalar(byte).to_point(), [byte; 20]));
        Blinded::build(fixed_scalar(byte + 2), &hops).expect("two hops").0.into()
    };
    let key = Keypair::from_secret_bytes(&[2; 32]).expect("it is not zero");
    let offer = OfferBuilder::new().paths(&[path(20)]).issuer_id(&key.public_key()).build();
    let offer = offer.expect("it has a path");
    let invoice = StaticInvoiceBuilder::plain(&offer, CREATED_AT)
        .paths(&[payment_path()])
        .message_paths(&[path(40)])
        .sign(&key, &[0; 32])
        .expect("it has paths");
    let order = RequestOrder {
        offer: &offer,
        chain: ChainHash::BITCOIN,
        amount_msat: 1_000,
        quantity: None,
        payer_note: Some("table 4"),
        metadata: &[7; 16],
    };
    let request = InvoiceRequest::sign(&order, &key, &[0; 32]).expect("it has an amount");
    let written = |message: AsyncMessage| message.to_tlv(Some(&path(60))).to_bytes();
    let serve = AsyncMessage::ServeStaticInvoice {
        invoice: Box::new(invoice.clone()),
        forward_invoice_request_path: path(50),
    };
    let paths = AsyncMessage::OfferPaths { paths: vec![path(10)], absolute_expiry: Some(9) };
    let held = written(AsyncMessage::HeldHtlcAvailable);
    vec![
        ("valid-request", written(AsyncMessage::InvoiceRequest(Box::new(request)))),
        ("valid-invoice", written(AsyncMessage::StaticInvoice(Box::new(invoice)))),
        ("valid-held", held.clone()),
        ("valid-release", written(AsyncMessage::ReleaseHeldHtlc)),
        ("valid-paths-request", written(AsyncMessage::OfferPathsRequest { invoice_slot: 258 })),
        ("valid-paths", written(paths)),
        ("valid-serve", written(serve)),
        ("valid-persisted", written(AsyncMessage::StaticInvoicePersisted)),
        ("refused-two", [held, vec![74, 1, 0]].concat()),
        ("refused-none", vec![]),
    ]
}

fn nonces() -> Files {
    let nonce =
        |byte: u8| [byte, byte + 1].map(|half| fixed_scalar(half).to_point().to_bytes()).concat();
    let opposite = |byte: u8| {
        let halves = [byte, byte + 1].map(|half| fixed_scalar(half).to_point().negate().to_bytes());
        halves.concat()
    };
    vec![
        ("valid-two", [nonce(1), nonce(3)].concat()),
        ("valid-sum-at-infinity", [nonce(1), opposite(1)].concat()),
        ("valid-with-an-aggregate", [nonce(1), vec![0; 66]].concat()),
        ("refused-prefix", vec![5; 66]),
        ("refused-infinity", vec![0; 66]),
    ]
}

/// Steps of a ledger. A number is two bytes.
fn holds() -> Files {
    let step = |numbers: &[u16]| {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>()
    };
    // What is done; which hold, its amount, cutoff and neighbour.
    let hold = |id, cutoff| step(&[0, id, 2, cutoff, id % 2]);
    let release = |id, by| step(&[1, id, by]);
    let blocks = |count| step(&[2, count]);
    let confirm = |id, how| step(&[3, id, how]);
    let (restart, resume) = (step(&[4]), step(&[5]));
    vec![
        ("valid-released", [hold(1, 20), release(1, 1), restart.clone(), confirm(1, 0)].concat()),
        ("valid-failed", [hold(1, 5), blocks(6), resume, confirm(1, 1), release(1, 1)].concat()),
        ("valid-caps", (0..8).map(|id| hold(id, 30)).collect::<Vec<_>>().concat()),
        ("valid-repeated", [hold(1, 20), hold(1, 20), hold(1, 21), release(1, 2)].concat()),
        ("refused-nothing-held", [release(1, 1), blocks(3), restart].concat()),
    ]
}

/// Lock, paths and what waits; then steps of nodes that pay each other. A number is two bytes, what waits one.
fn schedules() -> Files {
    let world = |kind: u16, paths: u16, waiting: u8| {
        [&kind.to_be_bytes()[..], &paths.to_be_bytes(), &[waiting]].concat()
    };
    let step = |numbers: &[u16]| {
        numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>()
    };
    // Who, parts less one, trampoline at 0, amount, hold at 0 (and for how long), where the y's are from.
    let pay = |parts, trampoline| step(&[0, 0, parts, trampoline, 7, 1, 0]);
    let held = |blocks| step(&[0, 0, 0, 1, 7, 0, blocks, 0]);
    let (next, run) = (step(&[2, 1]), step(&[3]));
    let mine = |blocks| step(&[4, blocks]);
    let (mail, twice, lost) = (step(&[5, 0]), step(&[5, 1]), step(&[5, 2]));
    vec![
        ("valid-point", [world(0, 0, 0), pay(0, 1), run.clone()].concat()),
        ("valid-hash", [world(1, 0, 16), pay(0, 1), next.clone(), run.clone()].concat()),
        ("valid-own-points", [world(2, 0, 0), pay(1, 1), run.clone()].concat()),
        ("valid-path", [world(0, 1, 0), pay(1, 1), next, run.clone()].concat()),
        ("valid-trampoline", [world(0, 0, 0), pay(0, 0), run.clone()].concat()),
        ("valid-held", [world(0, 0, 1), held(50), run.clone(), mine(10), mail].concat()),
        ("valid-held-mail-twice", [world(0, 0, 1), held(50), run.clone(), twice].concat()),
        ("refused-held-mail-lost", [world(0, 0, 1), held(50), run, lost, mine(59)].concat()),
    ]
}

fn lines() -> Files {
    let scalar = |byte: u8| format!("{byte:02x}").repeat(32);
    let point = fixed_scalar(2).to_point();
    let line = |text: String| (text + "\n").into_bytes();
    let claim =
        format!(r#"{{"op":"lock.claim","lock_secret":"{}","blind":"{}"}}"#, scalar(5), scalar(2));
    let pre_sign = |scheme: &str| {
        format!(
            r#"{{"op":"{scheme}.pre_sign","secret_key":"{}","message":"{}","adaptor_point":"{point}","aux_rand":"{}"}}"#,
            scalar(1),
            scalar(3),
            scalar(4)
        )
    };
    let [_, _, _, (_, invoice), ..] = invoices();
    let decode = format!(r#"{{"op":"invoice.decode","invoice":"{}"}}"#, lni(&invoice));
    vec![
        ("valid-claim", line(claim.clone())),
        ("valid-schnorr", line(pre_sign("schnorr"))),
        ("valid-ecdsa", line(pre_sign("ecdsa"))),
        ("valid-decode", line(decode)),
        ("valid-last-without-end", format!("\n{{}}\n{claim}").into_bytes()),
        ("refused-operation", line(r#"{"op":"lock.open"}"#.to_owned())),
        ("refused-no-json", b"{]\n\xff\n[]\n".to_vec()),
    ]
}

/// Those of the examples, and what is none.
fn scenarios() -> Files {
    vec![
        ("valid-everything", include_bytes!("../../examples/scenarios/everything.toml").to_vec()),
        ("valid-direct", include_bytes!("../../examples/scenarios/direct.toml").to_vec()),
        ("valid-trampoline", include_bytes!("../../examples/scenarios/trampoline.toml").to_vec()),
        ("valid-two-polynomials", {
            include_bytes!("../../examples/scenarios/two-polynomials.toml").to_vec()
        }),
        ("refused-system", b"title = \"x\"\nsystem = \"S9\"\nevents = []\n".to_vec()),
        ("refused-no-toml", b"= =".to_vec()),
    ]
}
