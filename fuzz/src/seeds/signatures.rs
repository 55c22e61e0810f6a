//! Signatures, proofs of equal logarithms, and sums of points.

use pointlock::adaptor::ecdsa;
use pointlock::adaptor::schnorr::pre_sign;
use pointlock::curve::{Keypair, Point};
use pointlock::dleq::{self, Bases};

use crate::input::fixed_scalar;

use super::Files;

pub(super) fn sums() -> Files {
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

pub(super) fn batches() -> Files {
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

pub(super) fn schnorr_lives() -> Files {
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

pub(super) fn dleq_lives() -> Files {
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

pub(super) fn dleq_proofs() -> Files {
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

pub(super) fn ecdsa_lives() -> Files {
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

pub(super) fn ecdsa_presignatures() -> Files {
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

pub(super) fn musig2_lives() -> Files {
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

pub(super) fn presignatures() -> Files {
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

pub(super) fn points() -> Files {
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

pub(super) fn nonces() -> Files {
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
