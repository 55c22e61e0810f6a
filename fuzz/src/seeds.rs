//! The seed corpus, in code: what the fuzzer starts from.
//!
//! The name of a seed says what becomes of it: `valid-…` is taken, `refused-…` is not. `cargo run --example seeds`
//! writes the files under `corpus/`; the tests see to it that the two agree.

use bitcoin::consensus::serialize;
use pointlock::adaptor::ecdsa;
use pointlock::adaptor::schnorr::pre_sign;
use pointlock::curve::{Keypair, Point};
use pointlock::hold::{HeldBlind, HoldId, ReleaseSecret};
use pointlock::invoice::{PaymentLock, PaymentPoints, StaticInvoiceBuilder, text};
use pointlock::lock::{Blind, PaymentHash};
use pointlock::onion::Packet;
use pointlock::payment::{FinalPayload, ForwardPayload, HoldOrder, PaymentSecret, Tweak};
use pointlock::wire::TlvWriter;

use crate::contract::{HTLC, PTLC};
use crate::input::fixed_scalar;
use crate::invoice::signer;

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

/// All seeds.
pub fn seeds() -> Vec<Seed> {
    let groups: [(&'static str, Files); 18] = [
        ("backends", sums()),
        ("batch", batches()),
        ("bolt12_text", bolt12_texts()),
        ("contract_extract", transactions()),
        ("contract_ladder", ladders()),
        ("ecdsa_life", ecdsa_lives()),
        ("ecdsa_presignature", ecdsa_presignatures()),
        ("invoice", invoices().into()),
        ("invoice_text", invoice_texts()),
        ("messages", messages()),
        ("musig2_life", musig2_lives()),
        ("onion_failure", failures()),
        ("onion_packet", packets()),
        ("payload", payloads()),
        ("point", points()),
        ("presignature", presignatures()),
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

fn invoices() -> [(&'static str, Vec<u8>); 5] {
    const CREATED_AT: u64 = 1_750_000_000;
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
    [
        ("valid-plain", plain),
        ("valid-all-fields", signed(all_fields)),
        ("valid-two-points", signed(StaticInvoiceBuilder::new(points, CREATED_AT))),
        ("valid-hash", signed(StaticInvoiceBuilder::new(hash, CREATED_AT))),
        ("refused-truncated", truncated),
    ]
}

fn lni(bytes: &[u8]) -> String {
    text::encode("lni", bytes).expect("lni is a prefix")
}

fn invoice_texts() -> Files {
    let [(_, plain), (_, all_fields), .., (_, truncated)] = invoices();
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

fn payloads() -> Files {
    let blind = |byte| Blind::new(fixed_scalar(byte));
    let forward = |tweak| {
        let next = fixed_scalar(7).to_point();
        ForwardPayload { next, amount_msat: 1_000, expiry: 800_000, tweak }.to_bytes()
    };
    let release = ReleaseSecret::new(fixed_scalar(5));
    let hold = HoldOrder {
        id: HoldId([4; 32]),
        held_blind: HeldBlind::new(&blind(6), &release).ok(),
        release_hash: release.hash(),
        latest_release_height: 799_000,
    };
    let last = FinalPayload {
        amount_msat: 1_000,
        expiry: 800_000,
        payment_secret: PaymentSecret([3; 32]),
        total_msat: 1_000,
        final_blind: Some(blind(6)),
        payer: None,
    };
    let mut with_unknown = last.to_bytes();
    with_unknown.extend([0xfe, 0, 2, 0, 1, 1, 9]);
    vec![
        ("valid-forward-hash", forward(Tweak::None)),
        ("valid-forward-blind", forward(Tweak::Blind(blind(6)))),
        ("valid-forward-hold", forward(Tweak::Hold(hold))),
        ("valid-final", last.to_bytes()),
        ("valid-unknown-odd", with_unknown),
        ("refused-empty", vec![]),
    ]
}

fn messages() -> Files {
    let holder = fixed_scalar(7).to_point().to_bytes();
    let hold = [[4; 32], [5; 32]].concat();
    let available = [&hold[..], &1_000u64.to_be_bytes()].concat();
    let mut two_available = TlvWriter::new();
    two_available.set(0, holder).set(2, [&available[..], &available].concat()).set(4, [6; 32]);
    let mut unknown_even = TlvWriter::new();
    unknown_even.set(2, hold.clone()).set(6, [1]);
    vec![
        ("refused-unknown-even", unknown_even.to_bytes()),
        (
            "valid-available",
            TlvWriter::new().set(0, holder).set(2, available.clone()).set(4, [6; 32]).to_bytes(),
        ),
        ("refused-no-payment-secret", TlvWriter::new().set(0, holder).set(2, available).to_bytes()),
        ("valid-two-available", two_available.to_bytes()),
        ("valid-release", TlvWriter::new().set(2, hold).to_bytes()),
        ("refused-no-hold", TlvWriter::new().set(2, []).to_bytes()),
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
