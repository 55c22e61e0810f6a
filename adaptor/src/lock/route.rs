use alloc::vec::Vec;

use super::{Blind, LockError};
use crate::curve::{Point, SecretScalar};

/// The locks of a route, as the sender sets them up: L_1 … L_n, and Y for the receiver.
#[derive(Debug)]
pub struct RouteLocks {
    locks: Vec<Point>,
    final_blind: Blind,
}

impl RouteLocks {
    /// The locks over `payment_point` (Z) with the blinds y_0 … y_{n−1}, one for each edge.
    ///
    /// # Errors
    ///
    /// [`LockError::NoEdges`]; [`LockError::LockAtInfinity`] and [`LockError::BlindsCancel`] in theory, for fresh
    /// blinds.
    pub fn new(payment_point: &Point, blinds: &[Blind]) -> Result<Self, LockError> {
        let (first, rest) = blinds.split_first().ok_or(LockError::NoEdges)?;
        let mut lock =
            next_lock(payment_point, first).map_err(|_| LockError::LockAtInfinity { edge: 1 })?;
        let mut locks = Vec::with_capacity(blinds.len());
        locks.push(lock);
        for (index, blind) in rest.iter().enumerate() {
            lock = next_lock(&lock, blind)
                .map_err(|_| LockError::LockAtInfinity { edge: index + 2 })?;
            locks.push(lock);
        }
        let final_blind = Blind::sum(blinds)?.ok_or(LockError::NoEdges)?;
        Ok(Self { locks, final_blind })
    }

    /// L_1 … L_n, the one of edge i at index i − 1.
    pub fn locks(&self) -> &[Point] {
        &self.locks
    }

    /// Y, for the receiver's layer and nobody else.
    pub fn final_blind(&self) -> &Blind {
        &self.final_blind
    }

    /// Y, taken out.
    pub fn into_final_blind(self) -> Blind {
        self.final_blind
    }
}

/// The lock of the outgoing edge, L_{i+1} = L_i + y_i·G: every forwarder computes it itself.
///
/// # Errors
///
/// [`LockError::BlindCancelsLock`].
pub fn next_lock(incoming: &Point, blind: &Blind) -> Result<Point, LockError> {
    incoming.add(&blind.to_point()).map_err(|_| LockError::BlindCancelsLock)
}

/// The lock of the last edge, L_n = Z + Y·G: what the receiver compares the offered one with.
///
/// # Errors
///
/// [`LockError::BlindCancelsLock`].
pub fn final_lock(payment_point: &Point, final_blind: &Blind) -> Result<Point, LockError> {
    next_lock(payment_point, final_blind)
}

/// The receiver's lock secret, l_n = z + Y.
///
/// # Errors
///
/// [`LockError::BlindCancelsSecret`].
pub fn final_secret(
    payment_secret: &SecretScalar,
    final_blind: &Blind,
) -> Result<SecretScalar, LockError> {
    payment_secret.add(final_blind.as_scalar()).map_err(|_| LockError::BlindCancelsSecret)
}

/// The lock secret of the incoming edge, l_i = l_{i+1} − y_i; for the sender, who has no incoming edge, z.
///
/// # Errors
///
/// [`LockError::BlindCancelsSecret`].
pub fn previous_secret(next: &SecretScalar, blind: &Blind) -> Result<SecretScalar, LockError> {
    next.sub(blind.as_scalar()).map_err(|_| LockError::BlindCancelsSecret)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn blinds(seeds: &[[u8; 32]]) -> Vec<Blind> {
        seeds.iter().map(|seed| Blind::new(SecretScalar::from_hash(seed).unwrap())).collect()
    }

    #[test]
    fn empty_route() {
        let point = SecretScalar::from_bytes(&[1; 32]).unwrap().to_point();
        assert_eq!(RouteLocks::new(&point, &[]).unwrap_err(), LockError::NoEdges);
    }

    #[test]
    fn cancelling_blinds_are_named() {
        let y = SecretScalar::from_bytes(&[1; 32]).unwrap();
        let z = SecretScalar::from_bytes(&[2; 32]).unwrap();
        let opposite = [Blind::new(y.clone()), Blind::new(y.negate())];
        assert_eq!(RouteLocks::new(&z.to_point(), &opposite).unwrap_err(), LockError::BlindsCancel);
        let to_infinity = [Blind::new(y.clone()), Blind::new(y.add(&z).unwrap().negate())];
        assert_eq!(
            RouteLocks::new(&z.to_point(), &to_infinity).unwrap_err(),
            LockError::LockAtInfinity { edge: 2 }
        );
        assert_eq!(previous_secret(&y, &Blind::new(y.clone())), Err(LockError::BlindCancelsSecret));
    }

    proptest! {
        #[test]
        fn claims_run_back_to_z(z: [u8; 32], seeds in prop::collection::vec(any::<[u8; 32]>(), 1..24)) {
            let z = SecretScalar::from_hash(&z).unwrap();
            let blinds = blinds(&seeds);
            let route = RouteLocks::new(&z.to_point(), &blinds).unwrap();
            prop_assert_eq!(route.locks().len(), blinds.len());

            let mut secret = final_secret(&z, route.final_blind()).unwrap();
            for (lock, blind) in route.locks().iter().zip(&blinds).rev() {
                prop_assert_eq!(secret.to_point(), *lock);
                secret = previous_secret(&secret, blind).unwrap();
            }
            prop_assert_eq!(secret, z);
        }

        #[test]
        fn a_wrong_blind_opens_nothing(z: [u8; 32], seeds: [[u8; 32]; 3], bit in 0usize..256) {
            let z = SecretScalar::from_hash(&z).unwrap();
            let route = RouteLocks::new(&z.to_point(), &blinds(&seeds)).unwrap();
            let secret = final_secret(&z, route.final_blind()).unwrap();
            let mut wrong = seeds[2];
            wrong[bit / 8] ^= 1 << (bit % 8);
            let wrong = Blind::new(SecretScalar::from_hash(&wrong).unwrap());
            prop_assert_ne!(previous_secret(&secret, &wrong).unwrap().to_point(), route.locks()[1]);
        }
    }
}
