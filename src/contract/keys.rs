use bitcoin::XOnlyPublicKey;

use super::{ContractError, Party};
use crate::adaptor::musig2::KeyAggContext;
use crate::curve::{Point, PreparedPoint};

/// The keys of offerer and claimer, and their aggregate: computed once for all contracts that one offers the other.
///
/// Both parties compute it by themselves.
#[derive(Clone, Debug)]
pub struct ContractKeys {
    offerer: Point,
    claimer: Point,
    aggregate: KeyAggContext,
    prepared_offerer: Option<PreparedPoint>,
}

/// All else follows from the keys.
impl PartialEq for ContractKeys {
    fn eq(&self, other: &Self) -> bool {
        (self.offerer, self.claimer) == (other.offerer, other.claimer)
    }
}

impl Eq for ContractKeys {}

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
        Ok(Self { offerer, claimer, aggregate, prepared_offerer: None })
    }

    /// The same with a table of multiples of the offerer's key: the claimer verifies pre-signatures in half the time. It has 26 KiB, which
    /// all contracts of these keys share, and pays from the twelfth pre-signature on, with IFMA from the eighth.
    #[must_use]
    pub fn with_prepared_offerer(self) -> Self {
        Self { prepared_offerer: Some(PreparedPoint::new(self.offerer)), ..self }
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

    pub(super) fn prepared_offerer(&self) -> Option<&PreparedPoint> {
        self.prepared_offerer.as_ref()
    }

    pub(super) fn x_only_of(&self, party: Party) -> XOnlyPublicKey {
        match party {
            Party::Offerer => self.offerer.x_only(),
            Party::Claimer => self.claimer.x_only(),
        }
    }
}
