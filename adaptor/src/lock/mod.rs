//! Locks along a route: what every hop locks money under, and how claims run back.
//!
//! # Equations
//!
//! The nodes are N_0 (sender) … N_n (receiver). Edge i runs from N_{i−1} to N_i; on it money is locked under L_i.
//! Z = z·G is the receiver's payment point. For every attempt the sender draws y_0 … y_{n−1} afresh:
//!
//! ```text
//! L_1 = Z + y_0·G     L_{i+1} = L_i + y_i·G     L_n = Z + Y·G,  Y = y_0 + … + y_{n−1}
//! claims:  l_n = z + Y     l_i = l_{i+1} − y_i     z = l_1 − y_0
//! ```
//!
//! N_i gets y_i and nothing else, and computes L_{i+1} itself; the receiver gets Y. With hash locks ([`Lock::Hash`])
//! all edges have the same lock, which is why one claim opens them all, in every later payment too.
//!
//! # Synopsis
//!
//! ```
//! use pointlock_adaptor::curve::SecretScalar;
//! use pointlock_adaptor::lock::{self, Blind, RouteLocks};
//!
//! // The receiver knows z and has published Z.
//! let z = SecretScalar::from_bytes(&[1; 32])?;
//!
//! // The sender draws a blind for each edge: here sender → hop → receiver.
//! let blinds = [[2; 32], [3; 32]].map(|bytes| Blind::from_bytes(&bytes).unwrap());
//! let route = RouteLocks::new(&z.to_point(), &blinds)?;
//!
//! // The hop sees the lock on its incoming edge and its own y_1.
//! let outgoing = lock::next_lock(&route.locks()[0], &blinds[1])?;
//! assert_eq!(outgoing, route.locks()[1]);
//!
//! // The receiver sees the last lock and Y: the lock is its own point, moved by Y.
//! let l_2 = lock::final_secret(&z, route.final_blind())?;
//! assert_eq!(l_2.to_point(), outgoing);
//!
//! // Its claim gives l_2 to the hop, whose claim gives l_1 to the sender, who ends with z.
//! let l_1 = lock::previous_secret(&l_2, &blinds[1])?;
//! assert_eq!(lock::previous_secret(&l_1, &blinds[0])?, z);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - A y that is used again: after the first claim everybody on the route knows z, and l_i is z plus known blinds.
//! - A hop that learns its neighbour's y takes the fee of the node between them (the wormhole).
//! - Y or y_0 in other hands than the receiver's or the sender's: z is public after one claim, and then
//!   l_n = z + Y and l_1 = z + y_0.
//! - A lock that matches proves nothing about who offers it. The receiver checks amount, payment secret and
//!   expiry too.
//!
//! # References
//!
//! Malavolta et al., [Anonymous Multi-Hop Locks](https://eprint.iacr.org/2018/472).

mod blind;
mod error;
mod hash;
mod route;

pub use blind::Blind;
pub use error::LockError;
pub use hash::{PaymentHash, Preimage};
pub use route::{RouteLocks, final_lock, final_secret, next_lock, previous_secret};

use crate::curve::{Point, SecretScalar};

/// What money on an edge is locked under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lock {
    /// The SHA-256 hash of a preimage, the same on every edge (HTLC).
    Hash(PaymentHash),
    /// A point, another one on every edge (PTLC).
    Point(Point),
}

/// What opens a [`Lock`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockSecret {
    /// The preimage of a hash.
    Preimage(Preimage),
    /// The scalar of a point.
    Scalar(SecretScalar),
}

impl Lock {
    /// The point, of a point lock.
    pub fn as_point(&self) -> Option<&Point> {
        match self {
            Self::Hash(_) => None,
            Self::Point(point) => Some(point),
        }
    }

    /// Whether `secret` opens this lock.
    pub fn is_opened_by(&self, secret: &LockSecret) -> bool {
        *self == secret.lock()
    }
}

impl LockSecret {
    /// The lock that this opens.
    pub fn lock(&self) -> Lock {
        match self {
            Self::Preimage(preimage) => Lock::Hash(preimage.hash()),
            Self::Scalar(scalar) => Lock::Point(scalar.to_point()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(byte: u8) -> [LockSecret; 2] {
        let scalar = SecretScalar::from_bytes(&[byte; 32]).unwrap();
        [LockSecret::Preimage(Preimage::new([byte; 32])), LockSecret::Scalar(scalar)]
    }

    #[test]
    fn a_lock_is_opened_by_its_own_secret_alone() {
        let all = [secrets(1), secrets(2)].concat();
        for (place, secret) in all.iter().enumerate() {
            let opened = all.iter().map(|other| secret.lock().is_opened_by(other));
            assert!(opened.enumerate().all(|(other, opened)| opened == (other == place)));
        }
    }

    #[test]
    fn only_a_point_lock_has_a_point() {
        let [preimage, scalar] = secrets(1);
        assert_eq!(preimage.lock().as_point(), None);
        let point = SecretScalar::from_bytes(&[1; 32]).unwrap().to_point();
        assert_eq!(scalar.lock().as_point(), Some(&point));
    }

    #[test]
    fn secrets_are_given_out_as_they_came_in() {
        let bytes = [0, 1].map(|last| core::array::from_fn(|i| if i == 31 { last } else { 7 }));
        for bytes in &bytes {
            assert_eq!(*Blind::from_bytes(bytes).unwrap().dangerous_to_bytes(), *bytes);
            assert_eq!(Preimage::new(*bytes).dangerous_as_bytes(), bytes);
        }
        let [one, other] = bytes.map(Preimage::new);
        assert!(one == one.clone() && one != other);
    }
}
