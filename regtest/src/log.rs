use std::cell::RefCell;
use std::sync::Once;

use bitcoinkernel::log::logging::{LoggingOptions, set_logging_options};
use bitcoinkernel::{Log, LogCategory, LogLevel, Logger};

thread_local! {
    /// The kernel logs on the thread that calls it, and one logger serves all chains of a process.
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

struct Keep;

impl Log for Keep {
    fn log(&self, message: &str) {
        // Not there any more when the thread ends: then nobody reads it either.
        let _ = LINES.try_with(|lines| lines.borrow_mut().push(message.trim_end().to_owned()));
    }
}

/// Begins to listen, once for the process.
pub(crate) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_logging_options(LoggingOptions { log_timestamps: false, ..LoggingOptions::default() });
        if let Ok(logger) = Logger::new(Keep) {
            logger.set_level_category(LogCategory::Validation, LogLevel::Debug);
            logger.enable_category(LogCategory::Validation);
            // It listens for as long as the process lives.
            std::mem::forget(logger);
        }
    });
}

/// Forgets what was said before.
pub(crate) fn clear() {
    LINES.with(|lines| lines.borrow_mut().clear());
}

/// Why the last block was refused: what the kernel calls the state, up to its explanation.
pub(crate) fn reason() -> Option<String> {
    LINES.with(|lines| lines.borrow().iter().find_map(|line| reason_in(line)))
}

/// What a refusal said that nobody expected.
pub(crate) fn said() -> String {
    LINES.with(|lines| lines.borrow().join("; "))
}

fn reason_in(line: &str) -> Option<String> {
    let marks = ["Block validation error: ", "Consensus::CheckBlock: ", "AcceptBlock: "];
    let rest = marks.iter().find_map(|mark| Some(line.split_once(mark)?.1));
    let rest = rest.or_else(|| line.split_once("AcceptBlock FAILED (")?.1.strip_suffix(')'))?;
    let end = rest.find(", ").unwrap_or(rest.len());
    Some(rest[..end].to_owned()).filter(|reason| !reason.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_from_its_line() {
        let line = "Block validation error: bad-txns-inputs-missingorspent, CheckTxInputs: inputs missing/spent";
        assert_eq!(reason_in(line).as_deref(), Some("bad-txns-inputs-missingorspent"));
        let line = "[error] AcceptBlock: bad-txns-nonfinal, non-final transaction";
        assert_eq!(reason_in(line).as_deref(), Some("bad-txns-nonfinal"));
        let line = "Block validation error: block-script-verify-flag-failed (Invalid Schnorr signature), input 0 of 00";
        assert_eq!(
            reason_in(line).as_deref(),
            Some("block-script-verify-flag-failed (Invalid Schnorr signature)")
        );
        assert_eq!(
            reason_in("ProcessNewBlock: AcceptBlock FAILED (bad-blk-sigops, out-of-bounds)")
                .as_deref(),
            Some("bad-blk-sigops")
        );
        assert_eq!(reason_in("UpdateTip: new best=00"), None);
    }
}
