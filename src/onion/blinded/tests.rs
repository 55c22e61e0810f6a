use proptest::prelude::*;

use super::*;
use crate::curve::{Point, SecretScalar};

fn secret(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

/// A path over the nodes 1, 2, 3 with session key 9.
fn path() -> (BlindedPath, Vec<PathSecret>) {
    let hops = [1, 2, 3].map(|node| (secret(node).to_point(), [node; 20]));
    BlindedPath::build(secret(9), &hops).unwrap()
}

#[test]
fn both_sides_have_the_same_secrets() {
    let (path, secrets) = path();
    let mut path_key = *path.first_path_key();
    for ((node, hop), of_maker) in (1..=3).zip(path.hops()).zip(&secrets) {
        let node_secret = secret(node);
        let of_hop = PathSecret::new(&node_secret, &path_key);
        assert_eq!(of_hop, *of_maker);
        assert_eq!(*of_hop.open(&hop.encrypted_recipient_data).unwrap(), [node; 20]);
        let blinded_secret = of_hop.blinded_node_secret(&node_secret).unwrap();
        assert_eq!(blinded_secret.to_point(), hop.blinded_node_id);
        assert_ne!(hop.blinded_node_id, node_secret.to_point());
        path_key = of_hop.next_path_key().unwrap();
    }
}

#[test]
fn data_opens_for_its_hop_only_and_unaltered() {
    let (path, secrets) = path();
    for (i, hop) in path.hops().iter().enumerate() {
        for (j, other) in secrets.iter().enumerate() {
            assert_eq!(other.open(&hop.encrypted_recipient_data).is_ok(), i == j);
        }
    }
    let sealed = &path.hops()[0].encrypted_recipient_data;
    for bit in 0..8 * sealed.len() {
        let mut flipped = sealed.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(secrets[0].open(&flipped), Err(BlindingError::InvalidSeal), "bit {bit}");
    }
    for length in 0..sealed.len() {
        assert_eq!(secrets[0].open(&sealed[..length]), Err(BlindingError::InvalidSeal));
    }
}

#[test]
fn the_path_key_counts_with_its_parity() {
    let (path, _) = path();
    let negated = PathSecret::new(&secret(1), &path.first_path_key().negate());
    let sealed = &path.hops()[0].encrypted_recipient_data;
    assert_eq!(negated.open(sealed), Err(BlindingError::InvalidSeal));
    assert!(PathSecret::new(&secret(1), path.first_path_key()).open(sealed).is_ok());
}

#[test]
fn limits_are_named() {
    let none: [(Point, [u8; 0]); 0] = [];
    assert_eq!(BlindedPath::build(secret(9), &none).unwrap_err(), BlindingError::NoHops);
    let (path, _) = path();
    let (node_id, path_key) = (*path.first_node_id(), *path.first_path_key());
    let too_many = vec![(node_id, [0; 0]); 256];
    assert_eq!(
        BlindedPath::build(secret(9), &too_many).unwrap_err(),
        BlindingError::TooManyHops { hops: 256, max: 255 }
    );
    assert!(BlindedPath::build(secret(9), &too_many[1..]).is_ok());
    let read = BlindedPath::from_parts(node_id, path_key, path.hops().to_vec());
    assert_eq!(read, Ok(path));

    let data = vec![0; MAX_DATA + 1];
    let longest = [(node_id, &data[..1]), (node_id, &data[1..])];
    let (built, _) = BlindedPath::build(secret(9), &longest).unwrap();
    assert_eq!(built.hops()[1].encrypted_recipient_data.len(), 65_535);
    let too_long = [(node_id, &data[..1]), (node_id, &data[..])];
    assert_eq!(
        BlindedPath::build(secret(9), &too_long).unwrap_err(),
        BlindingError::DataLength { hop: 1, length: 65_520, max: 65_519 }
    );
}

#[test]
fn debug_has_no_secret() {
    let (_, secrets) = path();
    let text = format!("{:?}", secrets[0]);
    assert!(text.contains("SharedSecret(…)"), "{text}");
}

proptest! {
    #[test]
    fn arbitrary_data_does_not_open(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let secret = PathSecret::new(&secret(1), &secret(2).to_point());
        prop_assert_eq!(secret.open(&bytes), Err(BlindingError::InvalidSeal));
    }
}
