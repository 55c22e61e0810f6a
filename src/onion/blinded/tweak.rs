use alloc::vec::Vec;

use super::{BlindingError, PathSecret};
use crate::curve::{SecretScalar, Tag};
use crate::lock::Blind;
use crate::onion::SharedSecret;

static PATH_OFFSET: Tag = Tag::new("pointlock/path_blind");
static HOP_BLIND: Tag = Tag::new("pointlock/hop_blind");

/// b_i = H_pointlock/path_blind(ss_i) mod n, which the forwarding hop i of a blinded path adds to the y_i that
/// it has from the sender. The hop computes it from its own secret, the maker from its copy.
///
/// # Errors
///
/// [`BlindingError::Degenerate`], which no hash will show.
pub fn path_offset(secret: &PathSecret) -> Result<Blind, BlindingError> {
    derive(&PATH_OFFSET, secret.shared_secret())
}

/// B, the sum of the b_i of the *forwarding* hops of a path: not the receiver's own, which stands at its end
/// and has no lock to move on; nor, for the same reason, of its dummy hops. None for no hop at all, where
/// there is nothing to add.
///
/// # Errors
///
/// [`BlindingError::Degenerate`], which no hash will show.
pub fn path_offset_sum(forwarding: &[PathSecret]) -> Result<Option<Blind>, BlindingError> {
    let blinds = forwarding.iter().map(path_offset).collect::<Result<Vec<_>, _>>()?;
    // Nothing is added by blinds that cancel.
    Ok(Blind::sum(&blinds).unwrap_or(None))
}

/// y_i = H_pointlock/hop_blind(s_i) mod n, i ≥ 1, where s_i is what the *sender* of an onion shares with
/// N_i. It is as fresh as the packet's session key, costs no byte of the payload, and works where a payload
/// may carry no field of ours: in the middle of a blinded path.
///
/// Not for y_0, which is the sender's alone. And not for a hop that holds the payment until its receiver is
/// back: that one knows s_i at once, and must not know y_i before the release.
///
/// # Errors
///
/// [`BlindingError::Degenerate`], which no hash will show.
pub fn hop_blind(shared_secret: &SharedSecret) -> Result<Blind, BlindingError> {
    derive(&HOP_BLIND, shared_secret)
}

fn derive(tag: &Tag, shared_secret: &SharedSecret) -> Result<Blind, BlindingError> {
    let hash = zeroize::Zeroizing::new(tag.hash(&[&*shared_secret.dangerous_to_bytes()]));
    SecretScalar::from_hash(&hash)
        .map(Blind::new)
        .map_err(|source| BlindingError::Degenerate { source })
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::curve::Point;
    use crate::lock::{self, LockError};
    use crate::onion::Packet;
    use crate::onion::blinded::{BlindedPath, PaymentRelay, RecipientData, peel_payment};
    use crate::wire::TlvWriter;

    fn scalar(seed: &[u8; 32]) -> SecretScalar {
        SecretScalar::from_hash(seed).unwrap()
    }

    /// The sum of blinds, of which some may be missing.
    fn add(sum: Blind, more: Option<Blind>) -> Result<Blind, LockError> {
        match more {
            Some(more) => sum.add(&more),
            None => Ok(sum),
        }
    }

    #[test]
    fn tags_and_equations() {
        use sha2::{Digest, Sha256};

        let by_hand = |tag: &[u8], secret: [u8; 32]| {
            let tag = Sha256::digest(tag);
            let hash = Sha256::new().chain_update(tag).chain_update(tag).chain_update(secret);
            hash.finalize().into()
        };
        let secret = PathSecret::new(&scalar(&[1; 32]), &scalar(&[2; 32]).to_point());
        let shared = *secret.shared_secret().dangerous_to_bytes();
        let b = path_offset(&secret).unwrap();
        let y = hop_blind(secret.shared_secret()).unwrap();
        assert_eq!(*b.as_scalar(), scalar(&by_hand(b"pointlock/path_blind", shared)));
        assert_eq!(*y.as_scalar(), scalar(&by_hand(b"pointlock/hop_blind", shared)));
    }

    #[test]
    fn no_forwarding_hop_has_no_sum() {
        assert!(path_offset_sum(&[]).unwrap().is_none());
    }

    /// A route N_0 … N_n whose nodes from N_m on are a blinded path. Every party computes from what it has:
    /// the sender its route and the path, the maker the path's secrets, a hop its node secret, path key and
    /// packet.
    fn pay(
        z: &SecretScalar,
        y_0: &SecretScalar,
        seeds: &[[u8; 32]],
        first_blinded: usize,
    ) -> Result<(), TestCaseError> {
        let n = seeds.len() - 1;
        let nodes: Vec<SecretScalar> = seeds.iter().map(scalar).collect();

        // The receiver makes the path.
        let relay =
            PaymentRelay { cltv_expiry_delta: 1, fee_proportional_millionths: 0, fee_base_msat: 0 };
        let data = RecipientData {
            short_channel_id: Some(1),
            payment_relay: Some(relay),
            ..Default::default()
        };
        let hops: Vec<(Point, Vec<u8>)> =
            nodes[first_blinded..].iter().map(|node| (node.to_point(), data.to_bytes())).collect();
        let (path, path_secrets) = BlindedPath::build(scalar(&[0x55; 32]), &hops).unwrap();
        let (_, forwarding) = path_secrets.split_last().unwrap();
        let sum_b = path_offset_sum(forwarding).unwrap();

        // The sender builds an onion for N_1 … N_n, whose end is the path. It never sees a b_i, but its own
        // where it is the introduction node itself: then it unblinds the first hop by itself.
        let mut onion: Vec<(Point, Vec<u8>)> = Vec::new();
        for node in nodes[..first_blinded].iter().skip(1) {
            onion.push((node.to_point(), vec![1, 0]));
        }
        let of_path = path.onion_hops(&TlvWriter::new());
        onion.extend(of_path.into_iter().skip(usize::from(first_blinded == 0)));
        let (packet, secrets) = Packet::build(scalar(&[0x66; 32]), &onion, b"").unwrap();
        prop_assert_eq!(secrets.len(), n);
        let mut sum_y = Blind::new(y_0.clone());
        for secret in &secrets[..n - 1] {
            sum_y = sum_y.add(&hop_blind(secret).unwrap()).unwrap();
        }
        let mut tweak = Blind::new(y_0.clone());
        let mut path_key = None;
        if first_blinded == 0 {
            let at_path = PathSecret::new(&nodes[0], path.first_path_key());
            tweak = tweak.add(&path_offset(&at_path).unwrap()).unwrap();
            path_key = Some(at_path.next_path_key().unwrap());
        }
        let mut lock = lock::next_lock(&z.to_point(), &tweak).unwrap();
        let mut tweaks = vec![tweak];

        // Forward: every hop works out its tweak and the next lock itself.
        let mut packet = Some(packet);
        for node in &nodes[1..n] {
            let received = packet.unwrap();
            let peeled = peel_payment(&received, node, path_key.as_ref(), b"").unwrap();
            let mut tweak = hop_blind(&peeled.layer.shared_secret).unwrap();
            if let Some(at_path) = &peeled.path {
                tweak = tweak.add(&path_offset(&at_path.secret).unwrap()).unwrap();
            }
            lock = lock::next_lock(&lock, &tweak).unwrap();
            tweaks.push(tweak);
            path_key = peeled.path.map(|at_path| at_path.next_path_key);
            packet = peeled.layer.next;
        }
        let received = packet.unwrap();
        let last = peel_payment(&received, &nodes[n], path_key.as_ref(), b"").unwrap();
        prop_assert!(last.layer.next.is_none());
        prop_assert_eq!(&last.path.unwrap().secret, path_secrets.last().unwrap());

        // The receiver has Y, from the innermost layer, and B: L_n = Z + (Y + B)·G.
        let final_blind = add(sum_y, sum_b).unwrap();
        prop_assert_eq!(lock, lock::final_lock(&z.to_point(), &final_blind).unwrap());
        let mut secret = lock::final_secret(z, &final_blind).unwrap();
        prop_assert_eq!(secret.to_point(), lock);

        // Back: each hop takes off y_i + b_i, the sender y_0 (and b_0 where it is in the path).
        for tweak in tweaks.iter().rev() {
            secret = lock::previous_secret(&secret, tweak).unwrap();
        }
        prop_assert_eq!(&secret, z);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn the_sender_ends_with_z_for_every_split(
            z: [u8; 32],
            y_0: [u8; 32],
            seeds in prop::collection::vec(any::<[u8; 32]>(), 2..7),
        ) {
            for first_blinded in 0..seeds.len() {
                pay(&scalar(&z), &scalar(&y_0), &seeds, first_blinded)?;
            }
        }
    }

    /// The thief's side: whoever lacks one b_i can't move a lock past that hop.
    #[test]
    fn every_blind_of_the_path_counts() {
        let hops: Vec<(Point, [u8; 1])> =
            (1..=4u8).map(|i| (scalar(&[i; 32]).to_point(), [i])).collect();
        let (_, secrets) = BlindedPath::build(scalar(&[9; 32]), &hops).unwrap();
        let sum = |secrets: &[PathSecret]| path_offset_sum(secrets).unwrap().unwrap().to_point();
        let whole = sum(&secrets[..3]);
        for without in 0..3 {
            let mut rest = secrets[..3].to_vec();
            let missing = rest.remove(without);
            assert_ne!(sum(&rest), whole);
            let missing = path_offset(&missing).unwrap().to_point();
            assert_eq!(sum(&rest).add(&missing), Ok(whole));
        }
        assert_ne!(sum(&secrets), whole, "the receiver's own is not in the sum");
    }

    #[test]
    fn the_two_kinds_of_blinds_differ_for_one_secret() {
        let secret = PathSecret::new(&scalar(&[1; 32]), &scalar(&[2; 32]).to_point());
        let b = path_offset(&secret).unwrap();
        let y = hop_blind(secret.shared_secret()).unwrap();
        assert_ne!(b.as_scalar(), y.as_scalar());
    }
}
