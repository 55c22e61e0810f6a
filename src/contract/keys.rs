use bitcoin::XOnlyPublicKey;

use super::{ContractError, Party};
use crate::adaptor::musig2::KeyAggContext;
use crate::curve::Point;

/// The keys of offerer and claimer, and their aggregate: computed once for all contracts that one offers the other.
///
/// Both parties compute it by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContractKeys {
    offerer: Point,
    claimer: Point,
    aggregate: KeyAggContext,
}

impl ContractKeys {
    /// Aggregates the keys of the party that pays and of the one that is paid. The scripts use them x-only, the aggregate with
    /// their parity.
    ///
    /// # Errors
    ///
    /// [`ContractError::SameKey`]; in theory [`ContractError::KeyAggregation`].
    pub fn new(offerer: Point, claimer: Point) -> Result<Self, ContractError> {
        if offerer.x_only() == claimer.x_only() {
            return Err(ContractError::SameKey);
        }
        let aggregate = KeyAggContext::new(&[offerer, claimer])
            .map_err(|source| ContractError::KeyAggregation { source })?;
        Ok(Self { offerer, claimer, aggregate })
    }

    /// The key of the party that pays.
    pub fn offerer(&self) -> Point {
        self.offerer
    }

    /// The key of the party that is paid.
    pub fn claimer(&self) -> Point {
        self.claimer
    }

    /// The BIP-327 aggregate of offerer ‖ claimer, without a tweak.
    pub fn aggregate(&self) -> &KeyAggContext {
        &self.aggregate
    }

    pub(super) fn x_only_of(&self, party: Party) -> XOnlyPublicKey {
        match party {
            Party::Offerer => self.offerer.x_only(),
            Party::Claimer => self.claimer.x_only(),
        }
    }
}
