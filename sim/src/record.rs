//! Whether a role is what its events make of it: every log, replayed from every prefix.

use std::fmt;

use pointlock::lock::LockSecret;
use pointlock::payment::{NodeAction, Role, Sender, View};

use crate::{Chain, Sim, Who};

/// What a role said to an event, and what it knew then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it wanted done, secrets included.
    pub said: String,
    /// All that it knew.
    pub view: View,
}

/// A role that is not what its events make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayDiffers {
    /// Which node's.
    pub who: Who,
    /// After so many events.
    pub events: usize,
}

impl Record {
    pub(crate) fn new(actions: &[NodeAction], view: View) -> Self {
        Self { said: actions.iter().map(words).collect::<Vec<_>>().join("\n"), view }
    }
}

impl fmt::Display for ReplayDiffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: differs after event {} is replayed", self.who, self.events)
    }
}

impl<C: Chain> Sim<C> {
    /// Replays every log, and compares what each role says and knows with what it said and knew. For scenarios whose
    /// [`records`](Self::records) are kept from the start.
    ///
    /// # Errors
    ///
    /// Where the first difference is.
    pub fn check_replay(&self) -> Result<(), ReplayDiffers> {
        for who in self.everybody() {
            match who {
                Who::Sender(index) => self.replay(who, Sender::new, self.senders[index].log())?,
                Who::Forwarder(number) => {
                    let config = self.forwarder_config(number);
                    let fresh = || self.scenario.forwarder(config.clone());
                    self.replay(who, fresh, self.forwarders[number - 1].log())?;
                }
                Who::Receiver => {
                    let config = self.receiver_config();
                    let fresh = || self.scenario.receiver(config.clone());
                    self.replay(who, fresh, self.receiver.log())?;
                }
            }
        }
        Ok(())
    }

    /// From every prefix: a role that was replayed so far reacts to the next event as the one did that lived through them all.
    fn replay<R: Role>(
        &self,
        who: Who,
        fresh: impl Fn() -> R,
        log: &[R::Event],
    ) -> Result<(), ReplayDiffers>
    where
        R::Action: Into<NodeAction>,
    {
        let records = self.records.as_ref().and_then(|records| records.get(&who));
        let records = records.map_or(&[][..], Vec::as_slice);
        if records.len() != log.len() {
            return Err(ReplayDiffers { who, events: records.len() });
        }
        for (count, record) in records.iter().enumerate() {
            let differs = ReplayDiffers { who, events: count + 1 };
            let mut view = View::default();
            let mut role = fresh();
            for event in &log[..count] {
                let _ = role.process(event, &mut view).map_err(|_| differs)?;
            }
            let known = view.secrets().len();
            let said = role.process(&log[count], &mut view).map_err(|_| differs)?;
            // It is in the log for something.
            if !said.changed && view.secrets().len() == known {
                return Err(differs);
            }
            let actions: Vec<NodeAction> = said.actions.into_iter().map(Into::into).collect();
            if Record::new(&actions, view) != *record {
                return Err(differs);
            }
        }
        Ok(())
    }
}

/// An action in words, with what `Debug` keeps to itself.
fn words(action: &NodeAction) -> String {
    match action {
        NodeAction::Offer { proposal, .. } => {
            format!("{action:?} {:02x?}", proposal.packet.to_bytes())
        }
        NodeAction::SendMessage { message, .. } | NodeAction::PassOn { message, .. } => {
            format!("{action:?} {:02x?}", message.to_bytes())
        }
        NodeAction::Claim { secret, .. }
        | NodeAction::ClaimOnChain { secret, .. }
        | NodeAction::SecretLate { secret, .. }
        | NodeAction::Paid { secret, .. } => match secret {
            LockSecret::Scalar(scalar) => {
                format!("{action:?} {:02x?}", *scalar.dangerous_to_bytes())
            }
            LockSecret::Preimage(preimage) => {
                format!("{action:?} {:02x?}", preimage.dangerous_as_bytes())
            }
        },
        _ => format!("{action:?}"),
    }
}
