use bitcoin::{Amount, FeeRate, Script, Weight};

use super::{Contract, ContractError, SpendPath};

/// The fees that a claimer without other coins can choose from, strictly rising: one pre-signature each.
///
/// Both parties agree on it together with the terms. A lock of hashes needs no agreement, because the claimer signs
/// alone; the ladder is then its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeeLadder(Vec<Amount>);

impl FeeLadder {
    /// The most rungs: it bounds what the offerer signs and keeps, and what the claimer verifies.
    pub const MAX_RUNGS: usize = 16;

    /// The feerates of [`for_claim`](Self::for_claim), in satoshi for a virtual byte. With steps of two to two
    /// and a half, nobody pays more than that much too much.
    pub const DEFAULT_SAT_PER_VB: [u32; 8] = [1, 2, 5, 10, 20, 50, 100, 200];

    /// A ladder of these fees.
    ///
    /// # Errors
    ///
    /// [`ContractError::RungCount`] and [`ContractError::FeesNotRising`].
    pub fn new(fees: Vec<Amount>) -> Result<Self, ContractError> {
        if fees.is_empty() || fees.len() > Self::MAX_RUNGS {
            return Err(ContractError::RungCount { actual: fees.len(), maximum: Self::MAX_RUNGS });
        }
        match fees.windows(2).position(|pair| pair[0] >= pair[1]) {
            Some(before) => Err(ContractError::FeesNotRising { rung: before + 1 }),
            None => Ok(Self(fees)),
        }
    }

    /// A ladder of these feerates for a transaction of this weight.
    ///
    /// # Errors
    ///
    /// [`ContractError::FeeRate`], and those of [`new`](Self::new).
    pub fn from_fee_rates(rates: &[FeeRate], weight: Weight) -> Result<Self, ContractError> {
        let fees = rates.iter().enumerate().map(|(rung, rate)| {
            rate.checked_mul_by_weight(weight).ok_or(ContractError::FeeRate { rung })
        });
        Self::new(fees.collect::<Result<_, _>>()?)
    }

    /// The ladder of the [default feerates](Self::DEFAULT_SAT_PER_VB) for the claim of this contract, as far up as
    /// its amount allows.
    ///
    /// # Errors
    ///
    /// [`ContractError::PayoutUnspendable`], and [`ContractError::RungTooHigh`] for the lowest rung: the contract
    /// is too small to be claimed at all.
    pub fn for_claim(contract: &Contract, payout: &Script) -> Result<Self, ContractError> {
        let rates = Self::DEFAULT_SAT_PER_VB.map(FeeRate::from_sat_per_vb_u32);
        let ladder = Self::from_fee_rates(&rates, contract.weight(SpendPath::Success, payout))?;
        let amount = contract.terms().amount;
        match ladder.outputs(amount, payout) {
            Ok(_) => Ok(ladder),
            Err(ContractError::RungTooHigh { rung, .. }) if rung > 0 => {
                Self::new(ladder.0[..rung].to_vec())
            }
            Err(error) => Err(error),
        }
    }

    /// The fees, lowest first.
    pub fn fees(&self) -> &[Amount] {
        &self.0
    }

    /// The lowest rung that pays `fee` at least.
    pub fn rung_paying(&self, fee: Amount) -> Option<usize> {
        self.0.iter().position(|rung_fee| *rung_fee >= fee)
    }

    /// What each rung leaves of `amount` for the payout.
    ///
    /// # Errors
    ///
    /// [`ContractError::PayoutUnspendable`], and [`ContractError::RungTooHigh`] for the first rung that leaves less
    /// than the payout's dust limit.
    pub fn outputs(&self, amount: Amount, payout: &Script) -> Result<Vec<Amount>, ContractError> {
        if payout.is_op_return() {
            return Err(ContractError::PayoutUnspendable);
        }
        let minimum = payout.minimal_non_dust();
        let outputs = self.0.iter().enumerate().map(|(rung, fee)| {
            amount
                .checked_sub(*fee)
                .filter(|left| *left >= minimum)
                .ok_or(ContractError::RungTooHigh { rung, amount, minimum })
        });
        outputs.collect()
    }
}
