/// What a holder keeps at most. Amounts in millisatoshi.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Holds whose money one neighbour has brought. By the next node or the next channel none are counted: strangers could fill
    /// that count with small holds and close the channel for everybody else's.
    pub holds_per_neighbour: usize,
    /// Holds in all.
    pub holds: usize,
    /// Value of all holds.
    pub value_msat: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            holds_per_neighbour: 20,
            holds: 10_000,
            // 100 BTC
            value_msat: 10_000_000_000_000,
        }
    }
}

/// The height at which a hold fails back:
///
/// ```text
/// min(latest release height, incoming expiry − safety margin − deltas of the route ahead − minimum final delta)
/// ```
///
/// All in blocks; zero when the deltas exceed the expiry.
pub fn cutoff_height(
    latest_release_height: u32,
    incoming_expiry: u32,
    safety_margin: u32,
    deltas_ahead: u32,
    min_final_delta: u32,
) -> u32 {
    let by_expiry = incoming_expiry
        .saturating_sub(safety_margin)
        .saturating_sub(deltas_ahead)
        .saturating_sub(min_final_delta);
    latest_release_height.min(by_expiry)
}
