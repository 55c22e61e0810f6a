//! The randomisers, which nothing outside can see: a batch whose author knows them before the last item is made passes
//! with an item that single verification refuses, and no verdict on an honest batch shows it.

use alloc::string::String;
use std::path::Path;

use serde::Deserialize;

use super::*;

/// An item's bytes: all that verification reads.
#[derive(Clone, Deserialize)]
struct Row {
    public_key: String,
    message: String,
    adaptor_point: Option<String>,
    presignature: Option<String>,
    signature: Option<String>,
}

#[derive(Clone)]
struct Owned {
    public_key: XOnlyPublicKey,
    message: [u8; 32],
    signed: Signed,
}

#[derive(Clone)]
enum Signed {
    Locked(PreSignature, Point),
    Plain(Signature),
}

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).unwrap().try_into().unwrap()
}

impl Owned {
    fn of(row: &Row) -> Self {
        let signed = match (&row.presignature, &row.adaptor_point, &row.signature) {
            (Some(pre_signature), Some(point), None) => Signed::Locked(
                PreSignature::from_bytes(&bytes(pre_signature)).unwrap(),
                Point::from_bytes(&bytes(point)).unwrap(),
            ),
            (None, None, Some(signature)) => {
                Signed::Plain(Signature::from_slice(&bytes::<64>(signature)).unwrap())
            }
            _ => panic!("an item is either"),
        };
        let public_key = XOnlyPublicKey::from_slice(&bytes::<32>(&row.public_key)).unwrap();
        Self { public_key, message: bytes(&row.message), signed }
    }

    fn item(&self) -> BatchItem<'_> {
        let Self { public_key, message, signed } = self;
        match signed {
            Signed::Locked(pre_signature, lock_point) => {
                BatchItem::PreSignature { public_key, message, lock_point, pre_signature }
            }
            Signed::Plain(signature) => BatchItem::Signature { public_key, message, signature },
        }
    }

    /// The item with one bit the other way round, for each bit that leaves it an item: keys and lock points with another
    /// point's coordinate, prefixes 02 and 03, scalars below n.
    fn neighbours(&self) -> Vec<(String, Self)> {
        let mut all = Vec::new();
        for bit in 0..256 {
            let mut changed = self.clone();
            changed.message = flipped(&self.message, bit);
            all.push((format!("message, bit {bit}"), changed));
            let key = flipped(&self.public_key.serialize(), bit);
            if let Ok(public_key) = XOnlyPublicKey::from_slice(&key) {
                all.push((format!("key, bit {bit}"), Self { public_key, ..self.clone() }));
            }
        }
        let with = |signed| Self { signed, ..self.clone() };
        match &self.signed {
            Signed::Locked(pre_signature, point) => {
                for bit in 0..65 * 8 {
                    let changed =
                        PreSignature::from_bytes(&flipped(&pre_signature.to_bytes(), bit));
                    all.extend(changed.ok().map(|changed| {
                        (format!("pre-signature, bit {bit}"), with(Signed::Locked(changed, *point)))
                    }));
                }
                for bit in 0..33 * 8 {
                    let changed = Point::from_bytes(&flipped(&point.to_bytes(), bit));
                    all.extend(changed.ok().map(|changed| {
                        let signed = Signed::Locked(*pre_signature, changed);
                        (format!("lock point, bit {bit}"), with(signed))
                    }));
                }
            }
            Signed::Plain(signature) => {
                for bit in 0..64 * 8 {
                    let changed = flipped(&signature.serialize(), bit);
                    let changed = Signature::from_slice(&changed).unwrap();
                    all.push((format!("signature, bit {bit}"), with(Signed::Plain(changed))));
                }
            }
        }
        all
    }
}

fn flipped<const N: usize>(bytes: &[u8; N], bit: usize) -> [u8; N] {
    let mut bytes = *bytes;
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

fn drawn(items: &[Owned]) -> Vec<u128> {
    coefficients(&items.iter().map(Owned::item).collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct Input {
    items: Vec<Row>,
}

#[derive(Deserialize)]
struct Output {
    coefficients: Vec<String>,
}

/// The rows of our own file with the coefficients, by their names.
fn vectors() -> Vec<(String, Vec<Owned>, Vec<u128>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/schnorr.json");
    let text = std::fs::read_to_string(path).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = file["rows"].as_array().unwrap().iter();
    let rows = rows.filter(|row| row["op"] == "schnorr.batch_coefficients").map(|row| {
        let input: Input = serde_json::from_value(row["input"].clone()).unwrap();
        let output: Output = serde_json::from_value(row["output"].clone()).unwrap();
        let expected = output.coefficients.iter().map(|a| u128::from_be_bytes(bytes(a))).collect();
        let items = input.items.iter().map(Owned::of).collect();
        (String::from(row["name"].as_str().unwrap()), items, expected)
    });
    rows.collect()
}

/// Items of both kinds, with what they have now: not what the file says, from which a fault differs everywhere.
fn mixed() -> (Vec<Owned>, Vec<u128>) {
    let mixed = vectors().into_iter().find(|(name, ..)| name == "batch-coefficients/mixed");
    let (_, items, _) = mixed.unwrap();
    let before = drawn(&items);
    (items, before)
}

#[test]
fn the_coefficients_are_those_of_the_reference() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 8);
    for (name, items, expected) in vectors {
        assert_eq!(drawn(&items), expected, "{name}");
        assert_eq!(expected[0], 1, "{name}");
        let items: Vec<_> = items.iter().map(Owned::item).collect();
        let given_out = batch_coefficients(&items).into_iter().map(u128::from_be_bytes);
        assert!(given_out.eq(expected), "{name}");
    }
    assert_eq!(drawn(&[]), []);
}

/// All but the first, which is 1 whatever the items are.
#[test]
fn every_bit_of_every_item_changes_all_coefficients() {
    let (items, before) = mixed();
    let mut flips = [0; 2];
    for place in 0..items.len() {
        for (what, changed) in items[place].neighbours() {
            let mut items = items.clone();
            items[place] = changed;
            for (index, (after, before)) in drawn(&items).iter().zip(&before).enumerate().skip(1) {
                assert_ne!(after, before, "a_{index} has nothing of item {place}, {what}");
            }
            flips[usize::from(matches!(items[place].signed, Signed::Plain(_)))] += 1;
        }
    }
    // Of keys and points about every second flip gives another one.
    assert!(flips[0] > 2 * 900 && flips[1] > 3 * 800, "{flips:?}");
}

/// Which kind an item is, where it stands, and where one ends and the next begins.
#[test]
fn the_order_and_the_number_of_items_count() {
    let (items, before) = mixed();
    let differ = |other: &[Owned]| {
        let other = drawn(other);
        other.iter().zip(&before).skip(1).all(|(other, before)| other != before)
    };
    for place in 1..items.len() {
        let mut exchanged = items.clone();
        exchanged.swap(0, place);
        assert!(differ(&exchanged), "{place}");
        let mut without = items.clone();
        without.remove(place);
        assert!(differ(&without), "{place}");
    }
    let more = [&items[..], &items[..1]].concat();
    assert!(differ(&more));
    assert!(!differ(&items), "the same items have the same");
}

/// Shares of several threads, with faults on both sides of where one ends: the same verdict.
#[cfg(feature = "threads")]
#[test]
fn threads_say_what_one_thread_says() {
    let keypair = crate::curve::Keypair::from_secret_bytes(&[1; 32]).unwrap();
    let (public_key, lock_point) = (keypair.x_only_public_key(), keypair.public_key());
    let messages: Vec<[u8; 32]> =
        (0..700u16).map(|i| [i.to_be_bytes(); 16].concat().try_into().unwrap()).collect();
    let sign = |message| super::super::pre_sign(&keypair, message, &lock_point, &[2; 32]).unwrap();
    let mut signed: Vec<([u8; 32], PreSignature)> =
        messages.iter().map(|message| (*message, sign(message))).collect();
    for wrong in [&[][..], &[0], &[255, 256, 511, 512, 699]] {
        for place in wrong {
            signed[*place].0[31] ^= 1;
        }
        let items: Vec<BatchItem<'_>> = signed
            .iter()
            .map(|(message, pre_signature)| BatchItem::PreSignature {
                public_key: &public_key,
                message,
                lock_point: &lock_point,
                pre_signature,
            })
            .collect();
        for count in [0, 1, 2, 255, 256, 257, 700] {
            let expected = verify_batch(&items[..count]);
            assert_eq!(verify_batch_in_threads(&items[..count]), expected, "{count}");
        }
        let refused = verify_batch_in_threads(&items);
        assert_eq!(
            refused.map_err(|error| error.indices().collect::<Vec<_>>()).err().unwrap_or_default(),
            wrong
        );
        for place in wrong {
            signed[*place].0[31] ^= 1;
        }
    }
}
