use alloc::vec::Vec;

use super::PaymentError;
use crate::curve::Point;

/// A forwarder on a route, with what it asks for (BOLT 7, `channel_update`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteHop {
    /// The node.
    pub node_id: Point,
    /// Its fee for each payment, in millisatoshi.
    pub fee_base_msat: u64,
    /// Its fee for the forwarded amount, in millionths.
    pub fee_proportional_millionths: u64,
    /// By how many blocks its incoming contract outlives its outgoing one.
    pub cltv_expiry_delta: u32,
}

impl RouteHop {
    /// The fee for forwarding `amount_msat`, in millisatoshi; None beyond 64 bits.
    pub fn fee_msat(&self, amount_msat: u64) -> Option<u64> {
        let proportional = u128::from(amount_msat) * u128::from(self.fee_proportional_millionths);
        u64::try_from(proportional / 1_000_000).ok()?.checked_add(self.fee_base_msat)
    }
}

/// Amount and expiry of the contract on an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeTerms {
    /// In millisatoshi.
    pub amount_msat: u64,
    /// A block height.
    pub expiry: u32,
}

/// The nodes N_1 … N_n with what is locked on each edge, computed from the receiver backwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    nodes: Vec<Point>,
    edges: Vec<EdgeTerms>,
}

impl Route {
    /// The route over `forwarders` (N_1 … N_{n−1}, maybe none) to `receiver`, who gets `last`.
    ///
    /// # Errors
    ///
    /// [`PaymentError::AmountOverflow`] and [`PaymentError::ExpiryOverflow`], with the hop.
    pub fn new(
        forwarders: &[RouteHop],
        receiver: Point,
        last: EdgeTerms,
    ) -> Result<Self, PaymentError> {
        let mut edges = alloc::vec![last];
        let mut next = last;
        for (index, hop) in forwarders.iter().enumerate().rev() {
            let hop_number = index + 1;
            next = EdgeTerms {
                amount_msat: hop
                    .fee_msat(next.amount_msat)
                    .and_then(|fee| fee.checked_add(next.amount_msat))
                    .ok_or(PaymentError::AmountOverflow { hop: hop_number })?,
                expiry: next
                    .expiry
                    .checked_add(hop.cltv_expiry_delta)
                    .ok_or(PaymentError::ExpiryOverflow { hop: hop_number })?,
            };
            edges.push(next);
        }
        edges.reverse();
        let nodes = forwarders.iter().map(|hop| hop.node_id).chain([receiver]).collect();
        Ok(Self { nodes, edges })
    }

    /// N_1 … N_n.
    pub fn nodes(&self) -> &[Point] {
        &self.nodes
    }

    /// What is locked on edge 1 … n.
    pub fn edges(&self) -> &[EdgeTerms] {
        &self.edges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::SecretScalar;

    fn hop(
        fee_base_msat: u64,
        fee_proportional_millionths: u64,
        cltv_expiry_delta: u32,
    ) -> RouteHop {
        let node_id = SecretScalar::from_bytes(&[1; 32]).unwrap().to_point();
        RouteHop { node_id, fee_base_msat, fee_proportional_millionths, cltv_expiry_delta }
    }

    #[test]
    fn fees_and_deltas_add_up_backwards() {
        let receiver = SecretScalar::from_bytes(&[2; 32]).unwrap().to_point();
        let last = EdgeTerms { amount_msat: 1_000_000, expiry: 100 };
        let route = Route::new(&[hop(5, 1_000, 40), hop(10, 2_000, 30)], receiver, last).unwrap();
        // 1,000,000 + 10 + 2,000 = 1,002,010; and + 5 + 1,002 = 1,003,017.
        assert_eq!(route.edges()[2], last);
        assert_eq!(route.edges()[1], EdgeTerms { amount_msat: 1_002_010, expiry: 130 });
        assert_eq!(route.edges()[0], EdgeTerms { amount_msat: 1_003_017, expiry: 170 });
        assert_eq!(route.nodes().len(), 3);
    }

    #[test]
    fn overflow_names_the_hop() {
        let receiver = SecretScalar::from_bytes(&[2; 32]).unwrap().to_point();
        let much = EdgeTerms { amount_msat: u64::MAX - 3, expiry: u32::MAX - 50 };
        assert_eq!(
            Route::new(&[hop(4, 0, 0)], receiver, much),
            Err(PaymentError::AmountOverflow { hop: 1 })
        );
        assert_eq!(
            Route::new(&[hop(0, 0, 40), hop(1, 0, 40)], receiver, much),
            Err(PaymentError::ExpiryOverflow { hop: 1 })
        );
        assert_eq!(
            Route::new(&[hop(0, 1_000_001, 0)], receiver, much),
            Err(PaymentError::AmountOverflow { hop: 1 })
        );
    }
}
