mod snapshot;

use alloc::vec::Vec;

use super::{Recipient, Refusal, RouteError};
use crate::curve::Point;
use crate::invoice::{BlindedPayInfo, PaymentPath};
use crate::onion::blinded::BlindedPath;
use crate::wire::Features;

/// What a node asks for forwarding over a channel (BOLT 7, `channel_update`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForwardingPolicy {
    /// Its fee for each payment, in millisatoshi.
    pub fee_base_msat: u64,
    /// Its fee for the forwarded amount, in millionths.
    pub fee_proportional_millionths: u64,
    /// By how many blocks its incoming edge outlives its outgoing one.
    pub cltv_expiry_delta: u32,
}

impl ForwardingPolicy {
    /// The fee for forwarding `amount_msat`, in millisatoshi; None beyond 64 bits.
    pub fn fee_msat(&self, amount_msat: u64) -> Option<u64> {
        let proportional = u128::from(amount_msat) * u128::from(self.fee_proportional_millionths);
        u64::try_from(proportional / 1_000_000).ok()?.checked_add(self.fee_base_msat)
    }

    /// What the node may lock at most when this was locked for it.
    pub(super) fn after(&self, incoming: EdgeTerms) -> Result<EdgeTerms, Refusal> {
        let too_little = Refusal::FeeInsufficient {
            offered_msat: incoming.amount_msat,
            required_msat: self.fee_base_msat,
        };
        let base_paid =
            incoming.amount_msat.checked_sub(self.fee_base_msat).ok_or(too_little.clone())?;
        // The largest amount whose fee leaves it: below this quotient, or at it, since fees are rounded down.
        let millionths = 1_000_000 + u128::from(self.fee_proportional_millionths);
        let mut amount_msat = u64::try_from(u128::from(base_paid) * 1_000_000 / millionths)
            .map_err(|_| too_little)?;
        let pays_for = |more: &u64| {
            let left = incoming.amount_msat.checked_sub(*more);
            self.fee_msat(*more).zip(left).is_some_and(|(fee, left)| fee <= left)
        };
        while let Some(more) = amount_msat.checked_add(1).filter(pays_for) {
            amount_msat = more;
        }
        let offered = incoming.expiry;
        let required = self.cltv_expiry_delta;
        let expiry = offered.checked_sub(required);
        let expiry = expiry.ok_or(Refusal::ExpiryDelta { expiry: offered, offered, required })?;
        Ok(EdgeTerms { amount_msat, expiry })
    }

    /// What has to be locked for the node, which is the hop of this number, so that it locks `next`.
    pub(super) fn before(&self, next: EdgeTerms, hop: usize) -> Result<EdgeTerms, RouteError> {
        Ok(EdgeTerms {
            amount_msat: self
                .fee_msat(next.amount_msat)
                .and_then(|fee| fee.checked_add(next.amount_msat))
                .ok_or(RouteError::AmountOverflow { hop })?,
            expiry: next
                .expiry
                .checked_add(self.cltv_expiry_delta)
                .ok_or(RouteError::ExpiryOverflow { hop })?,
        })
    }
}

/// A forwarder on a route, with what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteHop {
    /// The node.
    pub node_id: Point,
    /// Its channel to the next node (BOLT 7).
    pub short_channel_id: u64,
    /// What it asks for.
    pub policy: ForwardingPolicy,
    /// What it says that it can, in its `node_announcement` (BOLT 7), or in `init` if it is a peer (BOLT 1).
    pub features: Features,
}

/// Amount and expiry of an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeTerms {
    /// In millisatoshi.
    pub amount_msat: u64,
    /// A block height.
    pub expiry: u32,
}

/// How a route ends, behind the forwarders that its maker has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RouteEnd {
    /// At this node.
    Node(Point),
    /// With a path of the receiver's.
    Path(PathEnd),
    /// Where the last forwarder finds the way to the recipient, within this budget.
    Trampoline { recipient: Recipient, budget: ForwardingPolicy, min_final_delta: u32 },
}

/// A path of the receiver's, with the node id of its introduction node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PathEnd {
    pub(super) path: BlindedPath,
    pay_info: BlindedPayInfo,
}

impl PathEnd {
    /// None where the introduction node is given as a channel and direction: no role knows the channels of others.
    pub(super) fn new(payment_path: &PaymentPath) -> Option<Self> {
        let path = payment_path.path.resolve(|_, _| None)?;
        Some(Self { path, pay_info: payment_path.pay_info.clone() })
    }

    /// What has to be locked for the introduction node, which is the hop of this number, so that `last` arrives. The path's
    /// delta has the blocks in it that the receiver wants for its claim.
    ///
    /// The path's limits are about what arrives at its end: every edge of it has at least that, and the receiver, which knows the
    /// fees, has taken them off the limits of its hops (BOLT 4, "Route Blinding").
    pub(super) fn before(&self, last: EdgeTerms, hop: usize) -> Result<EdgeTerms, RouteError> {
        let (minimum_msat, maximum_msat) =
            (self.pay_info.htlc_minimum_msat, self.pay_info.htlc_maximum_msat);
        if !(minimum_msat..=maximum_msat).contains(&last.amount_msat) {
            let amount_msat = last.amount_msat;
            return Err(RouteError::PathLimits { amount_msat, minimum_msat, maximum_msat });
        }
        let fee = self.pay_info.fee_msat(last.amount_msat);
        let amount_msat = fee.and_then(|fee| fee.checked_add(last.amount_msat));
        let delta = u32::from(self.pay_info.cltv_expiry_delta);
        Ok(EdgeTerms {
            amount_msat: amount_msat.ok_or(RouteError::AmountOverflow { hop })?,
            expiry: last.expiry.checked_add(delta).ok_or(RouteError::ExpiryOverflow { hop })?,
        })
    }
}

impl RouteEnd {
    /// Whether the receiver's layer is at the end of a blinded path.
    pub(super) fn is_path(&self) -> bool {
        match self {
            Self::Node(_) => false,
            Self::Path(_) => true,
            Self::Trampoline { recipient, .. } => matches!(recipient, Recipient::Path(_)),
        }
    }
}

/// The nodes N_1 … N_n with what is locked on each edge, computed from the receiver backwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    forwarders: Vec<RouteHop>,
    end: RouteEnd,
    edges: Vec<EdgeTerms>,
    last: EdgeTerms,
}

impl Route {
    /// The route over `forwarders` (N_1 … N_{n−1}, maybe none) to `receiver`, who gets `last`.
    ///
    /// # Errors
    ///
    /// [`RouteError::AmountOverflow`] and [`RouteError::ExpiryOverflow`], with the hop.
    pub fn new(
        forwarders: &[RouteHop],
        receiver: Point,
        last: EdgeTerms,
    ) -> Result<Self, RouteError> {
        Self::with_end(forwarders, RouteEnd::Node(receiver), last)
    }

    pub(super) fn with_end(
        forwarders: &[RouteHop],
        end: RouteEnd,
        last: EdgeTerms,
    ) -> Result<Self, RouteError> {
        let count = forwarders.len();
        let mut next = match &end {
            RouteEnd::Node(_) => last,
            // What the introduction node gets, for itself and for the path behind it.
            RouteEnd::Path(path) => path.before(last, count + 1)?,
            RouteEnd::Trampoline { recipient, budget, .. } => {
                budget.before(recipient.before(last, count + 1)?, count)?
            }
        };
        let mut edges = Vec::with_capacity(count + 1);
        if !matches!(end, RouteEnd::Trampoline { .. }) {
            edges.push(next);
        }
        for (index, hop) in forwarders.iter().enumerate().rev() {
            next = hop.policy.before(next, index + 1)?;
            edges.push(next);
        }
        edges.reverse();
        Ok(Self { forwarders: forwarders.to_vec(), end, edges, last })
    }

    /// The forwarders that the maker of the route has chosen, in its order.
    pub fn forwarders(&self) -> &[RouteHop] {
        &self.forwarders
    }

    /// What is locked on the edges 1, 2, … as far as the maker of the route knows them: up to the receiver, or to the
    /// introduction node of its path, or to the node that finds the rest of the route.
    pub fn edges(&self) -> &[EdgeTerms] {
        &self.edges
    }

    /// What is locked for the receiver, at least.
    pub fn last(&self) -> EdgeTerms {
        self.last
    }

    /// Where it ends.
    pub(super) fn end(&self) -> &RouteEnd {
        &self.end
    }

    /// N_1.
    pub(super) fn first_node(&self) -> Option<Point> {
        self.onion_nodes().first().copied()
    }

    /// To whom the layers of the onion are encrypted. The hops of a path but the first are known by other names than theirs.
    pub(super) fn onion_nodes(&self) -> Vec<Point> {
        let forwarders = self.forwarders.iter().map(|hop| hop.node_id);
        match &self.end {
            RouteEnd::Node(receiver) => forwarders.chain([*receiver]).collect(),
            RouteEnd::Path(path) => {
                let introduction_node = *path.path.first_node_id();
                let behind = path.path.hops()[1..].iter().map(|hop| hop.blinded_node_id);
                forwarders.chain([introduction_node]).chain(behind).collect()
            }
            RouteEnd::Trampoline { .. } => forwarders.collect(),
        }
    }

    /// How many locks the maker of the route sets up, n. Behind a node that finds the rest of the route there is one, as if
    /// it were the receiver's neighbour.
    pub(super) fn lock_count(&self) -> usize {
        let path = match &self.end {
            RouteEnd::Path(path) => path.path.hops().len(),
            RouteEnd::Node(_) | RouteEnd::Trampoline { .. } => 1,
        };
        self.forwarders.len() + path
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::SecretScalar;

    fn policy(
        fee_base_msat: u64,
        fee_proportional_millionths: u64,
        cltv_expiry_delta: u32,
    ) -> ForwardingPolicy {
        ForwardingPolicy { fee_base_msat, fee_proportional_millionths, cltv_expiry_delta }
    }

    fn hop(policy: ForwardingPolicy) -> RouteHop {
        let node_id = SecretScalar::from_bytes(&[1; 32]).unwrap().to_point();
        RouteHop { node_id, short_channel_id: 1, policy, features: Features::NONE }
    }

    fn receiver() -> Point {
        SecretScalar::from_bytes(&[2; 32]).unwrap().to_point()
    }

    #[test]
    fn fees_and_deltas_add_up_backwards() {
        let last = EdgeTerms { amount_msat: 1_000_000, expiry: 100 };
        let forwarders = [hop(policy(5, 1_000, 40)), hop(policy(10, 2_000, 30))];
        let route = Route::new(&forwarders, receiver(), last).unwrap();
        // 1,000,000 + 10 + 2,000 = 1,002,010; and + 5 + 1,002 = 1,003,017.
        assert_eq!(route.edges()[2], last);
        assert_eq!(route.edges()[1], EdgeTerms { amount_msat: 1_002_010, expiry: 130 });
        assert_eq!(route.edges()[0], EdgeTerms { amount_msat: 1_003_017, expiry: 170 });
        assert_eq!((route.onion_nodes().len(), route.lock_count()), (3, 3));
    }

    /// The last forwarder gets the budget on top of its own fee, and knows no edge behind itself.
    #[test]
    fn a_trampoline_end_is_paid_from_its_budget() {
        let last = EdgeTerms { amount_msat: 1_000_000, expiry: 100 };
        let end = RouteEnd::Trampoline {
            recipient: Recipient::Node(receiver()),
            budget: policy(7, 2_000, 30),
            min_final_delta: 18,
        };
        let route = Route::with_end(&[hop(policy(5, 1_000, 40))], end, last).unwrap();
        // 1,000,000 + 7 + 2,000 = 1,002,007; and + 5 + 1,002 = 1,003,014.
        assert_eq!(route.edges(), [EdgeTerms { amount_msat: 1_003_014, expiry: 170 }]);
        assert_eq!((route.onion_nodes().len(), route.lock_count()), (1, 2));
    }

    proptest! {
        /// What a node may lock at most leaves it its fee, and a millisatoshi more would not.
        #[test]
        fn after_is_the_inverse_of_before(
            base in 0u64..5_000,
            proportional in 0u64..3_000_000,
            amount_msat in 5_000u64..1_000_000_000_000,
        ) {
            let policy = policy(base, proportional, 40);
            let incoming = EdgeTerms { amount_msat, expiry: 100 };
            let most = policy.after(incoming).unwrap();
            prop_assert_eq!(most.expiry, 60);
            prop_assert!(policy.before(most, 1).unwrap().amount_msat <= amount_msat);
            let more = EdgeTerms { amount_msat: most.amount_msat + 1, ..most };
            prop_assert!(policy.before(more, 1).unwrap().amount_msat > amount_msat);
        }
    }

    #[test]
    fn a_node_that_is_not_paid_locks_nothing() {
        let offered = EdgeTerms { amount_msat: 4, expiry: 39 };
        let fee = Refusal::FeeInsufficient { offered_msat: 4, required_msat: 5 };
        assert_eq!(policy(5, 0, 0).after(offered), Err(fee));
        let delta = Refusal::ExpiryDelta { expiry: 39, offered: 39, required: 40 };
        assert_eq!(policy(0, 0, 40).after(offered), Err(delta));
        assert_eq!(policy(0, 0, 0).after(offered), Ok(offered));
        let most = EdgeTerms { amount_msat: u64::MAX, expiry: 39 };
        assert_eq!(policy(0, 0, 0).after(most), Ok(most));
    }

    #[test]
    fn overflow_names_the_hop() {
        let much = EdgeTerms { amount_msat: u64::MAX - 3, expiry: u32::MAX - 50 };
        assert_eq!(
            Route::new(&[hop(policy(4, 0, 0))], receiver(), much),
            Err(RouteError::AmountOverflow { hop: 1 })
        );
        assert_eq!(
            Route::new(&[hop(policy(0, 0, 40)), hop(policy(1, 0, 40))], receiver(), much),
            Err(RouteError::ExpiryOverflow { hop: 1 })
        );
        assert_eq!(
            Route::new(&[hop(policy(0, 1_000_001, 0))], receiver(), much),
            Err(RouteError::AmountOverflow { hop: 1 })
        );
    }
}
