use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use bitcoin::OutPoint;

use super::{
    FinalPayload, HeldAvailable, Payload, PaymentError, PaymentSecret, Refusal, ReleaseHeld,
    SecretSource, View, edge, invoice_lock,
};
use crate::contract::{FundedContract, ReceivedContract};
use crate::curve::{Point, SecretScalar, Tag};
use crate::invoice::{Amount, StaticInvoice};
use crate::lock::{Lock, LockSecret, final_lock, final_secret};
use crate::onion::{Packet, ReplayGuard};

static MAIL_ANSWER: Tag = Tag::new("pointlock/mail_answer");

/// How a receiver is set up.
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// The key of its node id.
    pub node_key: SecretScalar,
    /// How many blocks it wants to have for its claim.
    pub min_final_delta: u32,
    /// The height at which it starts.
    pub height: u32,
}

/// What a receiver is told.
#[derive(Debug)]
pub enum ReceiverEvent {
    /// This invoice is in the world.
    Published {
        /// The invoice.
        invoice: StaticInvoice,
        /// What opens its lock: z, or the preimage.
        secret: LockSecret,
    },
    /// A `held_ptlc_available` arrived, or waited.
    MailReceived {
        /// The message, sealed to this node.
        sealed: Vec<u8>,
        /// 32 bytes of fresh entropy, for the answer.
        entropy: [u8; 32],
    },
    /// A contract of which this node is the claimer is irrevocably committed.
    IncomingCommitted {
        /// The contract.
        contract: ReceivedContract,
        /// The onion that came with it.
        packet: Packet,
    },
    /// A new block.
    Block {
        /// Its height.
        height: u32,
    },
}

/// What a receiver wants done.
#[derive(Debug)]
pub enum ReceiverAction {
    /// Send a `release_held_ptlc`.
    Release {
        /// The holder.
        to: Point,
        /// The message, sealed to it.
        sealed: Vec<u8>,
    },
    /// Claim the contract.
    Claim {
        /// The contract.
        incoming: OutPoint,
        /// What opens it.
        secret: LockSecret,
    },
    /// Fail the contract.
    Fail {
        /// The contract.
        incoming: OutPoint,
        /// Why.
        reason: Refusal,
    },
}

/// The node that is paid.
#[derive(Debug)]
pub struct Receiver {
    config: ReceiverConfig,
    height: u32,
    replay_guard: ReplayGuard,
    invoices: BTreeMap<[u8; 32], Published>,
    contracts: Vec<OutPoint>,
    view: View,
    log: Vec<ReceiverEvent>,
}

/// An invoice that is in the world.
#[derive(Debug)]
struct Published {
    invoice: StaticInvoice,
    lock: Lock,
    secret: LockSecret,
}

impl Receiver {
    /// A receiver without invoices.
    pub fn new(config: ReceiverConfig) -> Self {
        Self {
            height: config.height,
            replay_guard: ReplayGuard::new(),
            invoices: BTreeMap::new(),
            contracts: Vec::new(),
            view: View::default(),
            log: Vec::new(),
            config,
        }
    }

    /// The receiver that these events make.
    ///
    /// # Errors
    ///
    /// That of the first event which was not accepted before either.
    pub fn replay(config: ReceiverConfig, log: Vec<ReceiverEvent>) -> Result<Self, PaymentError> {
        let mut receiver = Self::new(config);
        for event in log {
            receiver.apply(event)?;
        }
        Ok(receiver)
    }

    /// The events so far.
    pub fn log(&self) -> &[ReceiverEvent] {
        &self.log
    }

    /// The events, to be replayed.
    pub fn into_log(self) -> Vec<ReceiverEvent> {
        self.log
    }

    /// What this node knows.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Takes an event and says what to do.
    ///
    /// # Errors
    ///
    /// [`PaymentError`] when the event is impossible; then nothing has changed. What a peer or the sender does wrong is
    /// no error, but a [`ReceiverAction::Fail`].
    pub fn apply(&mut self, event: ReceiverEvent) -> Result<Vec<ReceiverAction>, PaymentError> {
        let actions = self.process(&event)?;
        self.log.push(event);
        Ok(actions)
    }

    fn process(&mut self, event: &ReceiverEvent) -> Result<Vec<ReceiverAction>, PaymentError> {
        match event {
            ReceiverEvent::Published { invoice, secret } => self.published(invoice, secret),
            ReceiverEvent::MailReceived { sealed, entropy } => self.mail_received(sealed, entropy),
            ReceiverEvent::IncomingCommitted { contract, packet } => {
                self.incoming_committed(contract, packet)
            }
            ReceiverEvent::Block { height } => {
                self.height = *height;
                self.replay_guard.prune(*height);
                Ok(Vec::new())
            }
        }
    }

    fn published(
        &mut self,
        invoice: &StaticInvoice,
        secret: &LockSecret,
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let lock = invoice_lock(invoice)?;
        if !lock.is_opened_by(secret) {
            return Err(PaymentError::NotTheInvoiceSecret);
        }
        let id = invoice.invoice_id();
        self.view.learn(SecretSource::Payment { invoice: id }, secret.clone());
        self.invoices.insert(
            PaymentSecret::of_invoice(&id).0,
            Published { invoice: invoice.clone(), lock, secret: secret.clone() },
        );
        Ok(Vec::new())
    }

    fn mail_received(
        &mut self,
        sealed: &[u8],
        entropy: &[u8; 32],
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let message = HeldAvailable::open(&self.config.node_key, sealed)?;
        let ephemeral = SecretScalar::from_hash(&MAIL_ANSWER.hash(&[entropy]))
            .expect("a hash of fresh entropy is zero mod n with a probability of 2^-256");
        let holds = message.holds.iter().map(|hold| (hold.id, hold.release.clone())).collect();
        let answer = ReleaseHeld { holds }.seal(&message.holder, ephemeral)?;
        for hold in &message.holds {
            let scalar = LockSecret::Scalar(hold.release.as_scalar().clone());
            self.view.learn(SecretSource::Release { hold: hold.id }, scalar);
        }
        Ok(alloc::vec![ReceiverAction::Release { to: message.holder, sealed: answer }])
    }

    fn incoming_committed(
        &mut self,
        contract: &ReceivedContract,
        packet: &Packet,
    ) -> Result<Vec<ReceiverAction>, PaymentError> {
        let incoming = contract.funded().outpoint();
        if self.contracts.contains(&incoming) {
            return Err(PaymentError::KnownContract(incoming));
        }
        let action = match self.accept(contract.funded(), packet) {
            Ok(secret) => ReceiverAction::Claim { incoming, secret },
            Err(reason) => ReceiverAction::Fail { incoming, reason },
        };
        self.contracts.push(incoming);
        Ok(alloc::vec![action])
    }

    /// Everything that has to be right before a secret is revealed.
    fn accept(&mut self, funded: &FundedContract, packet: &Packet) -> Result<LockSecret, Refusal> {
        let peeled = packet.peel(&self.config.node_key, &[])?;
        self.replay_guard.insert(peeled.shared_secret.replay_tag(), edge::expiry(funded))?;
        let (Payload::Final(payload), None) = (Payload::parse(&peeled.payload)?, peeled.next)
        else {
            return Err(Refusal::RouteEnd);
        };
        let Published { invoice, lock, secret } =
            self.invoices.get(&payload.payment_secret.0).ok_or(Refusal::UnknownPayment)?;
        check_amounts(funded, &payload, invoice)?;
        let required = payload.expiry.max(self.height.saturating_add(self.config.min_final_delta));
        if edge::expiry(funded) < required {
            return Err(Refusal::ExpiryTooSoon { expiry: edge::expiry(funded), required });
        }
        let lock_secret = match (lock, secret, &payload.final_blind) {
            (Lock::Hash(_), secret, None) => secret.clone(),
            (Lock::Point(payment_point), LockSecret::Scalar(scalar), Some(blind)) => {
                // L_n = Z + Y·G
                if edge::lock(funded) != Lock::Point(final_lock(payment_point, blind)?) {
                    return Err(Refusal::LockMismatch);
                }
                let known = LockSecret::Scalar(blind.as_scalar().clone());
                let source = SecretSource::FinalBlind { incoming: funded.outpoint() };
                self.view.learn(source, known);
                LockSecret::Scalar(final_secret(scalar, blind)?)
            }
            _ => return Err(Refusal::TweakMismatch),
        };
        if !edge::lock(funded).is_opened_by(&lock_secret) {
            return Err(Refusal::LockMismatch);
        }
        let source = SecretSource::Lock { contract: funded.outpoint() };
        self.view.learn(source, lock_secret.clone());
        Ok(lock_secret)
    }
}

fn check_amounts(
    funded: &FundedContract,
    payload: &FinalPayload,
    invoice: &StaticInvoice,
) -> Result<(), Refusal> {
    if payload.total_msat != payload.amount_msat {
        return Err(Refusal::IncompleteSet {
            total_msat: payload.total_msat,
            amount_msat: payload.amount_msat,
        });
    }
    let asked_msat = match invoice.amount() {
        Some(Amount::Millisatoshi(asked_msat)) => *asked_msat,
        _ => 0,
    };
    let expected_msat = payload.amount_msat.max(asked_msat);
    if edge::amount_msat(funded) < expected_msat {
        let offered_msat = edge::amount_msat(funded);
        return Err(Refusal::AmountTooLow { offered_msat, expected_msat });
    }
    Ok(())
}
