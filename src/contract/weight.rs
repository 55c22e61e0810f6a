use bitcoin::transaction::{InputWeightPrediction, predict_weight};
use bitcoin::{Script, Weight};

use super::{Contract, SpendPath};
use crate::lock::Lock;

/// A signature under SIGHASH_DEFAULT: all but the offerer's in a PTLC success.
const SIGNATURE: usize = 64;
/// A signature with a byte for its sighash type.
const SIGNATURE_WITH_TYPE: usize = 65;
/// A leaf version and parity, the internal key, and the other leaf's hash.
const CONTROL_BLOCK: usize = 1 + 32 + 32;
const PREIMAGE: usize = 32;

impl Contract {
    /// The weight of the transaction that spends this contract by `path`, and nothing else, to `payout`: exact, for
    /// no signature here varies in length.
    pub fn weight(&self, path: SpendPath, payout: &Script) -> Weight {
        let script = self.leaf_script(path).map_or(0, Script::len);
        let input = |witness: &[usize]| InputWeightPrediction::from_slice(0, witness);
        let input = match (path, &self.terms().lock) {
            (SpendPath::Success, Lock::Point(_)) => {
                input(&[SIGNATURE, SIGNATURE_WITH_TYPE, script, CONTROL_BLOCK])
            }
            (SpendPath::Success, Lock::Hash(_)) => {
                input(&[SIGNATURE, PREIMAGE, script, CONTROL_BLOCK])
            }
            (SpendPath::Timeout, _) => input(&[SIGNATURE, script, CONTROL_BLOCK]),
            (SpendPath::Cooperative, _) => input(&[SIGNATURE]),
        };
        predict_weight([input], [payout.len()])
    }
}
