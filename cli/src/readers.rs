//! What the command reads that others have written, without a process around it: for fuzzing.

use crate::{collusion, conformance};

/// What `pointlock conformance` answers to these bytes: a line for each line.
///
/// # Panics
///
/// Never, whatever the bytes.
pub fn answers(lines: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    conformance::answer_lines(lines, &mut output).expect("memory is read and written");
    output
}

/// What a scenario's file says, in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioRead {
    /// How many forwarders stand on the route.
    pub forwarders: usize,
    /// How many of them on the receiver's blinded paths.
    pub on_path: usize,
    /// How many payments are made.
    pub payments: usize,
    /// How many may be thieves.
    pub parties: usize,
    /// k, for S5.
    pub points: usize,
    /// What happens, in the code's words.
    pub events: String,
}

/// Reads the text of a scenario's file.
///
/// # Errors
///
/// The line that is wrong, from 1, and what is wrong with it.
pub fn scenario(text: &str) -> Result<ScenarioRead, (usize, String)> {
    collusion::read_scenario(text)
}
