use lightning::util::logger::{Level, Logger, Record};

/// What LDK has to say, where it says no more than an operator wants to know.
#[derive(Debug)]
pub(super) struct Log;

impl Logger for Log {
    fn log(&self, record: Record<'_>) {
        match record.level {
            Level::Error => tracing::warn!(target: "lightning", "{}", record.args),
            Level::Warn | Level::Info => tracing::debug!(target: "lightning", "{}", record.args),
            Level::Debug | Level::Trace | Level::Gossip => {
                tracing::trace!(target: "lightning", "{}", record.args)
            }
        }
    }
}
