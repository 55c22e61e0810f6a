use alloc::vec::Vec;

use super::{AttemptId, PaymentId};
use crate::curve::SecretScalar;
use crate::edge::EdgeId;
use crate::hold::HoldId;
use crate::invoice::InvoiceId;
use crate::invoice::ktime::PayerScalar;
use crate::lock::LockSecret;

/// Where a role has a secret from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// z, or the preimage, of an invoice: the receiver's own, or what the sender ends with.
    Payment {
        /// The invoice.
        invoice: InvoiceId,
    },
    /// z(x) of an invoice with k-time payment points: what its payer ends with, and the receiver once it claims. It is
    /// the sum of x^j·z_j.
    PointSecret {
        /// The invoice.
        invoice: InvoiceId,
        /// x, which is public.
        x: PayerScalar,
    },
    /// z_j, a coefficient of the receiver's own polynomial.
    Coefficient {
        /// The invoice.
        invoice: InvoiceId,
        /// j, from 0 to k.
        index: usize,
    },
    /// A y that the sender drew, or a node that found the rest of a route.
    DrawnBlind {
        /// The attempt.
        attempt: AttemptId,
        /// Whose it is: 0 for its own, i for the y_i that forwarder i is given or derives.
        hop: usize,
    },
    /// The preimage that the sender drew for a plain static invoice.
    DrawnPreimage {
        /// The first attempt.
        attempt: AttemptId,
    },
    /// The preimage that came with a payment of a plain static invoice.
    PayersPreimage {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// q_p, which the sender drew for a part.
    DrawnShare {
        /// The first attempt of the part.
        attempt: AttemptId,
    },
    /// q_0, which the sender drew for a cancellable payment.
    WithheldShare {
        /// The payment.
        payment: PaymentId,
    },
    /// q_0, which the sender gave the receiver.
    GivenShare {
        /// The first edge of the payment.
        incoming: EdgeId,
    },
    /// The y that came with an incoming edge, or was derived from what the sender shares with the node.
    Blind {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// b, which a hop of a blinded path derives from what the maker of the path shares with it.
    PathOffset {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// B, the sum of all b of a path that the receiver made.
    PathOffsetSum {
        /// The invoice with the path.
        invoice: InvoiceId,
        /// Which of its paths, from 0.
        path: usize,
    },
    /// q_p, which came with a part of a payment.
    Share {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// δ, the sum of the y's of a node that found the rest of the route.
    TailBlind {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// Y, which came with the receiver's incoming edge.
    FinalBlind {
        /// The incoming edge.
        incoming: EdgeId,
    },
    /// y + h, which came with a payment to hold.
    HeldBlind {
        /// The hold.
        hold: HoldId,
    },
    /// h.
    Release {
        /// The hold.
        hold: HoldId,
    },
    /// The lock secret of an edge, computed or told.
    Lock {
        /// The edge.
        edge: EdgeId,
    },
}

/// A secret and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSecret {
    /// Where it comes from.
    pub source: SecretSource,
    /// A scalar or a preimage.
    pub secret: LockSecret,
}

/// Who is shown the secrets that a role learns. No node needs one; an analysis of who knows what attaches a [`View`].
pub trait Observer {
    /// The role was handed this secret, or has computed it.
    fn learned(&mut self, source: SecretSource, secret: &LockSecret);

    /// The same for a scalar.
    fn learned_scalar(&mut self, source: SecretSource, scalar: &SecretScalar) {
        self.learned(source, &LockSecret::Scalar(scalar.clone()));
    }
}

/// Nobody watches, nothing is kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn learned(&mut self, _: SecretSource, _: &LockSecret) {}

    fn learned_scalar(&mut self, _: SecretSource, _: &SecretScalar) {}
}

/// All the secrets that a role was handed or computed, in the order in which it learned them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    known: Vec<KnownSecret>,
}

impl View {
    /// The secrets.
    pub fn secrets(&self) -> &[KnownSecret] {
        &self.known
    }

    /// The secret of this source.
    pub fn get(&self, source: SecretSource) -> Option<&LockSecret> {
        self.known.iter().find(|known| known.source == source).map(|known| &known.secret)
    }
}

impl Observer for View {
    fn learned(&mut self, source: SecretSource, secret: &LockSecret) {
        let known = KnownSecret { source, secret: secret.clone() };
        if !self.known.contains(&known) {
            self.known.push(known);
        }
    }
}
