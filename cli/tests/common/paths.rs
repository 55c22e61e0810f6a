//! Blinded paths as `--path`, `--message-path` and `--offer-path` take them.

use pointlock::curve::{Point, SecretScalar};
use pointlock::invoice::BlindedPayInfo;
use pointlock::wire::{BlindedHop, BlindedPath, Features, IntroductionNode};

pub(crate) fn point(byte: u8) -> Point {
    SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point()
}

pub(crate) fn path(byte: u8) -> BlindedPath<IntroductionNode> {
    let hop = BlindedHop { blinded_node_id: point(byte), encrypted_recipient_data: vec![7; 9] };
    BlindedPath::from_parts(point(byte + 1), point(byte + 2), vec![hop]).unwrap().into()
}

pub(crate) fn path_hex(byte: u8) -> String {
    let mut bytes = Vec::new();
    path(byte).write(&mut bytes);
    hex::encode(bytes)
}

pub(crate) fn pay_info() -> BlindedPayInfo {
    BlindedPayInfo {
        fee_base_msat: 1_000,
        fee_proportional_millionths: 50,
        cltv_expiry_delta: 144,
        htlc_minimum_msat: 1,
        htlc_maximum_msat: 1_000_000_000,
        features: Features::NONE,
    }
}

pub(crate) fn payment_path_hex(byte: u8) -> String {
    let mut bytes = Vec::new();
    pay_info().write(&mut bytes).unwrap();
    format!("{}:{}", path_hex(byte), hex::encode(bytes))
}
