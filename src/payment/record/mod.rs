//! The bytes of events, configurations and states.

mod config;
mod events;
pub(super) mod kinds;
mod orders;
mod receiving;
mod values;

use crate::journal::codec::Fault;

/// Refuses a list whose keys don't ascend: what is a set in memory has one encoding.
pub(super) fn check_ascending<K: Ord>(keys: impl IntoIterator<Item = K>) -> Result<(), Fault> {
    let mut last = None;
    for key in keys {
        if last.as_ref().is_some_and(|last| *last >= key) {
            return Err("not in ascending order".into());
        }
        last = Some(key);
    }
    Ok(())
}
