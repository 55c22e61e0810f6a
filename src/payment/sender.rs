use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use bitcoin::{OutPoint, Transaction};

use super::paying::PayingUnder;
use super::secrets::AttemptSecrets;
use super::{
    AttemptId, AttemptSeed, EdgeTerms, PayerSeed, PaymentError, Proposal, Route, RouteHop,
    SecretSource, View, edge, invoice_lock,
};
use crate::contract::OfferedContract;
use crate::curve::Point;
use crate::invoice::ktime::PaymentProof;
use crate::invoice::{Amount, InvoiceId, StaticInvoice};
use crate::lock::{Blind, Lock, LockSecret, previous_secret};
use crate::onion::Packet;

/// Whom the sender means to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payee {
    /// The owner of this node id, known from elsewhere: an invoice of anybody else is refused.
    Known(Point),
    /// Whoever signed the invoice. The sender trusts whoever gave it the invoice: a vault can put its own in place of
    /// the receiver's.
    WhoeverSigned,
}

/// Where a payment is to be held, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldPlan {
    /// The forwarder that holds, counted from 1.
    pub hop: usize,
    /// For how many blocks at most.
    pub blocks: u32,
}

/// Who pays under a k-time payment point.
#[derive(Debug)]
pub struct Payer {
    /// Fresh entropy for this payment, the same for every attempt of it.
    pub seed: PayerSeed,
    /// A note to the receiver, to be bound into the payment. It travels in the onion, so a few hundred bytes at most.
    pub note: Option<Vec<u8>>,
}

/// An order to pay.
#[derive(Debug)]
pub struct Payment {
    /// What to pay, decoded and with its signature verified.
    pub invoice: StaticInvoice,
    /// Whom.
    pub payee: Payee,
    /// How much the receiver gets, in millisatoshi.
    pub amount_msat: u64,
    /// The forwarders N_1 … N_{n−1}.
    pub forwarders: Vec<RouteHop>,
    /// How many blocks the receiver gets to claim.
    pub min_final_delta: u32,
    /// Where to hold, if the receiver is offline.
    pub hold: Option<HoldPlan>,
    /// The height now.
    pub height: u32,
    /// The time now, in seconds since 1970.
    pub unix_time: u64,
    /// Fresh entropy, for this attempt alone.
    pub seed: AttemptSeed,
    /// Who pays, for an invoice with k-time payment points; none for any other, whose payers have no points of their own
    /// and get no proof of payment.
    pub payer: Option<Payer>,
}

/// What a sender is told.
#[derive(Debug)]
pub enum SenderEvent {
    /// Pay.
    Pay(Payment),
    /// The contract of the first edge is irrevocably committed.
    OutgoingCommitted {
        /// The attempt.
        attempt: AttemptId,
        /// The contract.
        contract: OfferedContract,
    },
    /// The contract of the first edge can't be offered: the first node is away, or refuses.
    OfferFailed {
        /// The attempt.
        attempt: AttemptId,
    },
    /// The contract was claimed on the chain.
    OutgoingClaimed {
        /// The contract.
        outgoing: OutPoint,
        /// What spends it.
        transaction: Transaction,
    },
    /// The claimer told the secret.
    OutgoingFulfilled {
        /// The contract.
        outgoing: OutPoint,
        /// The secret.
        secret: LockSecret,
    },
    /// The contract is irrevocably gone, and was not claimed.
    OutgoingFailed {
        /// The contract.
        outgoing: OutPoint,
    },
    /// A new block.
    Block {
        /// Its height.
        height: u32,
    },
}

/// What a sender wants done.
#[derive(Debug)]
pub enum SenderAction {
    /// Offer a contract to the first node.
    Offer {
        /// The attempt.
        attempt: AttemptId,
        /// The offer.
        proposal: Proposal,
    },
    /// Send a message to the receiver, through whoever keeps its mail.
    Mail {
        /// The receiver.
        to: Point,
        /// The `held_ptlc_available`, sealed to it.
        sealed: Vec<u8>,
    },
    /// Nothing to do: the payment arrived.
    Paid {
        /// The attempt.
        attempt: AttemptId,
        /// z or the preimage: that the receiver, or somebody who paid it before, was paid. Or z(x): that this payer paid,
        /// which [`Sender::prove`] turns into a proof.
        secret: LockSecret,
    },
    /// Nothing to do: the payment failed, and the money is back.
    Failed {
        /// The attempt.
        attempt: AttemptId,
    },
    /// Take the money of the contract back: its expiry is reached.
    TimeOut {
        /// The contract.
        outgoing: OutPoint,
    },
}

/// The node that pays.
#[derive(Debug, Default)]
pub struct Sender {
    attempts: BTreeMap<AttemptId, Attempt>,
    outgoing: BTreeMap<OutPoint, AttemptId>,
    view: View,
    log: Vec<SenderEvent>,
}

#[derive(Debug)]
struct Attempt {
    invoice: InvoiceId,
    invoice_lock: Lock,
    route: Route,
    /// L_1 … L_n.
    locks: Vec<Lock>,
    first_blind: Option<Blind>,
    packet: Packet,
    mail: Option<(Point, Vec<u8>)>,
    paying_under: Option<PayingUnder>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Offered,
    Committed(OfferedContract),
    /// With z or z(x), or the preimage.
    Paid(LockSecret),
    Failed,
}

impl Attempt {
    fn offer(&self, attempt: AttemptId) -> SenderAction {
        let first = self.route.edges()[0];
        SenderAction::Offer {
            attempt,
            proposal: Proposal {
                to: self.route.nodes()[0],
                amount_msat: first.amount_msat,
                expiry: first.expiry,
                lock: self.locks[0],
                packet: self.packet.clone(),
            },
        }
    }

    fn announcement(&self) -> Option<SenderAction> {
        let (to, sealed) = self.mail.clone()?;
        Some(SenderAction::Mail { to, sealed })
    }
}

impl Sender {
    /// A sender that has paid nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The sender that these events make.
    ///
    /// # Errors
    ///
    /// That of the first event which was not accepted before either.
    pub fn replay(log: Vec<SenderEvent>) -> Result<Self, PaymentError> {
        let mut sender = Self::new();
        for event in log {
            sender.apply(event)?;
        }
        Ok(sender)
    }

    /// The events so far.
    pub fn log(&self) -> &[SenderEvent] {
        &self.log
    }

    /// The events, to be replayed.
    pub fn into_log(self) -> Vec<SenderEvent> {
        self.log
    }

    /// What this node knows.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The nodes of an attempt, with what is locked on each edge.
    pub fn route(&self, attempt: &AttemptId) -> Option<&Route> {
        self.attempts.get(attempt).map(|attempt| &attempt.route)
    }

    /// The locks of an attempt, L_1 … L_n, as the sender set them up.
    pub fn locks(&self, attempt: &AttemptId) -> Option<&[Lock]> {
        self.attempts.get(attempt).map(|attempt| attempt.locks.as_slice())
    }

    /// Proves to a verifier that this payer has paid. `challenge` is 32 bytes that the verifier gave for it, `aux_rand` 32
    /// bytes of fresh entropy, or zeros (BIP-340).
    ///
    /// # Errors
    ///
    /// [`PaymentError::UnknownAttempt`], and [`PaymentError::NoProof`] when the attempt has not been paid, or under a
    /// point that is not this payer's own.
    pub fn prove(
        &self,
        attempt_id: &AttemptId,
        challenge: &[u8; 32],
        aux_rand: &[u8; 32],
    ) -> Result<PaymentProof, PaymentError> {
        let attempt =
            self.attempts.get(attempt_id).ok_or(PaymentError::UnknownAttempt(*attempt_id))?;
        let (Stage::Paid(LockSecret::Scalar(point_secret)), Some(paying)) =
            (&attempt.stage, &attempt.paying_under)
        else {
            return Err(PaymentError::NoProof(*attempt_id));
        };
        paying.prove(point_secret, challenge, aux_rand)
    }

    /// Every action that no event has confirmed: for the start after a crash, when the log was written and the actions may not
    /// have been carried out. An announcement is given out again until the payment ends, for nobody confirms it; twice is
    /// as good as once. Time-outs come with the next block.
    pub fn pending(&self) -> Vec<SenderAction> {
        let attempts = self.attempts.iter();
        attempts
            .filter_map(|(id, attempt)| match &attempt.stage {
                Stage::Offered => Some(attempt.offer(*id)),
                Stage::Committed(_) => attempt.announcement(),
                Stage::Paid(_) | Stage::Failed => None,
            })
            .collect()
    }

    /// Takes an event and says what to do.
    ///
    /// # Errors
    ///
    /// [`PaymentError`]; then nothing has changed.
    pub fn apply(&mut self, event: SenderEvent) -> Result<Vec<SenderAction>, PaymentError> {
        let actions = self.process(&event)?;
        self.log.push(event);
        Ok(actions)
    }

    fn process(&mut self, event: &SenderEvent) -> Result<Vec<SenderAction>, PaymentError> {
        match event {
            SenderEvent::Pay(payment) => self.pay(payment),
            SenderEvent::OutgoingCommitted { attempt, contract } => {
                self.outgoing_committed(attempt, contract)
            }
            SenderEvent::OfferFailed { attempt } => self.offer_failed(attempt),
            SenderEvent::OutgoingClaimed { outgoing, transaction } => {
                let secret = edge::extract(self.committed(outgoing, "claim")?.1, transaction)?;
                self.fulfilled(outgoing, secret)
            }
            SenderEvent::OutgoingFulfilled { outgoing, secret } => {
                edge::check_secret(self.committed(outgoing, "fulfilment")?.1.funded(), secret)?;
                self.fulfilled(outgoing, secret.clone())
            }
            SenderEvent::OutgoingFailed { outgoing } => {
                let (attempt, _) = self.committed(outgoing, "failure")?;
                self.end(&attempt, Stage::Failed);
                Ok(alloc::vec![SenderAction::Failed { attempt }])
            }
            SenderEvent::Block { height } => Ok(self.block(*height)),
        }
    }

    fn pay(&mut self, payment: &Payment) -> Result<Vec<SenderAction>, PaymentError> {
        let attempt_id = payment.seed.id();
        if self.attempts.contains_key(&attempt_id) {
            return Err(PaymentError::SeedReused(attempt_id));
        }
        let receiver = check_invoice(payment)?;
        let paying_under = PayingUnder::new(payment)?;
        let invoice_lock = match &paying_under {
            Some(paying) => {
                self.check_payer_key(paying)?;
                Lock::Point(paying.payment_point())
            }
            None => invoice_lock(&payment.invoice)?,
        };
        let hold_blocks = payment.hold.map_or(0, |hold| hold.blocks);
        let overflow = PaymentError::ExpiryOverflow { hop: payment.forwarders.len() + 1 };
        let latest_release = payment.height.checked_add(hold_blocks).ok_or(overflow.clone())?;
        let last = EdgeTerms {
            amount_msat: payment.amount_msat,
            expiry: latest_release.checked_add(payment.min_final_delta).ok_or(overflow)?,
        };
        let route = Route::new(&payment.forwarders, receiver, last)?;
        let secrets = AttemptSecrets::draw(payment, invoice_lock, &route, latest_release)?;

        let attempt = Attempt {
            packet: secrets.packet(payment, &route, paying_under.as_ref())?,
            invoice: payment.invoice.invoice_id(),
            invoice_lock,
            mail: secrets.mail(payment, &route, paying_under.as_ref())?,
            paying_under,
            locks: secrets.locks,
            first_blind: secrets.first_blind,
            route,
            stage: Stage::Offered,
        };
        for known in secrets.view.secrets() {
            self.view.learn(known.source, known.secret.clone());
        }
        let offer = attempt.offer(attempt_id);
        self.attempts.insert(attempt_id, attempt);
        Ok(alloc::vec![offer])
    }

    /// A payer key is for one payment, and the receiver claims its x once: another attempt only when those before it have
    /// failed for good.
    fn check_payer_key(&self, paying: &PayingUnder) -> Result<(), PaymentError> {
        let in_use = self.attempts.iter().find(|(_, attempt)| {
            attempt.paying_under.as_ref().is_some_and(|other| {
                let retry =
                    other.terms() == paying.terms() && matches!(attempt.stage, Stage::Failed);
                other.terms().payer == paying.terms().payer && !retry
            })
        });
        in_use.map_or(Ok(()), |(attempt, _)| Err(PaymentError::PayerKeyInUse { attempt: *attempt }))
    }

    fn offer_failed(&mut self, attempt_id: &AttemptId) -> Result<Vec<SenderAction>, PaymentError> {
        let attempt =
            self.attempts.get_mut(attempt_id).ok_or(PaymentError::UnknownAttempt(*attempt_id))?;
        let Stage::Offered = attempt.stage else {
            return Err(PaymentError::AttemptUnderWay(*attempt_id));
        };
        attempt.stage = Stage::Failed;
        Ok(alloc::vec![SenderAction::Failed { attempt: *attempt_id }])
    }

    fn outgoing_committed(
        &mut self,
        attempt_id: &AttemptId,
        contract: &OfferedContract,
    ) -> Result<Vec<SenderAction>, PaymentError> {
        let outpoint = contract.funded().outpoint();
        if self.outgoing.contains_key(&outpoint) {
            return Err(PaymentError::KnownContract(outpoint));
        }
        let attempt =
            self.attempts.get_mut(attempt_id).ok_or(PaymentError::UnknownAttempt(*attempt_id))?;
        let Stage::Offered = attempt.stage else {
            return Err(PaymentError::OutOfOrder { contract: outpoint, event: "commitment" });
        };
        let first = attempt.route.edges()[0];
        edge::check_proposed(contract, attempt.locks[0], first.amount_msat, first.expiry)?;
        attempt.stage = Stage::Committed(contract.clone());
        self.outgoing.insert(outpoint, *attempt_id);
        // Not before: what is announced is there.
        Ok(attempt.announcement().into_iter().collect())
    }

    fn committed(
        &self,
        outgoing: &OutPoint,
        event: &'static str,
    ) -> Result<(AttemptId, &OfferedContract), PaymentError> {
        let attempt =
            *self.outgoing.get(outgoing).ok_or(PaymentError::UnknownContract(*outgoing))?;
        match self.attempts.get(&attempt).map(|attempt| &attempt.stage) {
            Some(Stage::Committed(contract)) => Ok((attempt, contract)),
            _ => Err(PaymentError::OutOfOrder { contract: *outgoing, event }),
        }
    }

    /// z = l_1 − y_0
    fn fulfilled(
        &mut self,
        outgoing: &OutPoint,
        secret: LockSecret,
    ) -> Result<Vec<SenderAction>, PaymentError> {
        let (attempt_id, _) = self.committed(outgoing, "claim")?;
        let attempt = &self.attempts[&attempt_id];
        let payment_secret = match (&attempt.first_blind, &secret) {
            (Some(blind), LockSecret::Scalar(scalar)) => {
                LockSecret::Scalar(previous_secret(scalar, blind)?)
            }
            _ => secret.clone(),
        };
        if !attempt.invoice_lock.is_opened_by(&payment_secret) {
            return Err(PaymentError::WrongSecret(*outgoing));
        }
        let invoice = attempt.invoice;
        let source = match &attempt.paying_under {
            Some(paying) => SecretSource::PointSecret { invoice, x: paying.x() },
            None => SecretSource::Payment { invoice },
        };
        self.view.learn(SecretSource::Lock { contract: *outgoing }, secret);
        self.view.learn(source, payment_secret.clone());
        self.end(&attempt_id, Stage::Paid(payment_secret.clone()));
        Ok(alloc::vec![SenderAction::Paid { attempt: attempt_id, secret: payment_secret }])
    }

    fn end(&mut self, attempt: &AttemptId, stage: Stage) {
        if let Some(attempt) = self.attempts.get_mut(attempt) {
            attempt.stage = stage;
        }
    }

    fn block(&self, height: u32) -> Vec<SenderAction> {
        self.attempts
            .values()
            .filter_map(|attempt| match &attempt.stage {
                Stage::Committed(contract) if edge::expiry(contract.funded()) <= height => {
                    Some(SenderAction::TimeOut { outgoing: contract.funded().outpoint() })
                }
                _ => None,
            })
            .collect()
    }
}

/// Whether the invoice may be paid like this; gives the receiver's node id.
fn check_invoice(payment: &Payment) -> Result<Point, PaymentError> {
    let invoice = &payment.invoice;
    invoice.check_not_expired(payment.unix_time)?;
    if let Payee::Known(payee) = payment.payee
        && invoice.invoice_node_id() != payee
    {
        return Err(PaymentError::NotFromPayee);
    }
    if let Some(&Amount::Millisatoshi(asked_msat)) = invoice.amount()
        && payment.amount_msat < asked_msat
    {
        return Err(PaymentError::BelowInvoice { asked_msat, amount_msat: payment.amount_msat });
    }
    if let Some(hold) = payment.hold
        && !(1..=payment.forwarders.len()).contains(&hold.hop)
    {
        return Err(PaymentError::NoHolder { hop: hold.hop });
    }
    // The interim route ends with the receiver; what comes before it are the last forwarders.
    let (receiver, tail) =
        invoice.interim_route().split_last().ok_or(PaymentError::RouteMismatch)?;
    let forwarders = payment.forwarders.iter().map(|hop| hop.node_id);
    if forwarders.rev().take(tail.len()).eq(tail.iter().rev().copied()) {
        Ok(*receiver)
    } else {
        Err(PaymentError::RouteMismatch)
    }
}
