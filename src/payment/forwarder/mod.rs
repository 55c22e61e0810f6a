use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt::Display;

use bitcoin::OutPoint;

mod accept;
mod delegate;
mod event;

use delegate::Delegated;
pub use event::{ForwarderAction, ForwarderConfig, ForwarderEvent};

use super::failure::Origin;
use super::message::read_reply_path_id;
use super::{
    AttemptId, FailureMessage, PaymentError, Proposal, Refusal, ReleaseHeld, SecretSource, View,
    edge,
};
use crate::contract::{OfferedContract, ReceivedContract};
use crate::curve::Point;
use crate::hold::{
    Forward, HoldError, HoldId, HoldState, HoldStore, Ledger, Pending, ReleaseSecret, Released,
};
use crate::lock::{Blind, Lock, LockSecret, previous_secret};
use crate::onion::blinded::{NextPeer, OnionMessage, PeeledMessage};
use crate::onion::{Packet, ReplayGuard};

/// A node between sender and receiver; with a hold order in its payload, the one that holds.
#[derive(Debug)]
pub struct Forwarder<S> {
    config: ForwarderConfig,
    ledger: Ledger<S>,
    replay_guard: ReplayGuard,
    height: u32,
    forwards: BTreeMap<OutPoint, Forwarding>,
    outgoing: BTreeMap<OutPoint, OutPoint>,
    failing: BTreeMap<OutPoint, (Refusal, FailureMessage)>,
    /// The routes that this node has found itself.
    tails: BTreeSet<AttemptId>,
    view: View,
    log: Vec<ForwarderEvent>,
}

/// A payment on its way through this node.
#[derive(Debug)]
struct Forwarding {
    incoming: ReceivedContract,
    origin: Origin,
    order: Order,
    /// b_i, in a blinded path.
    path_blind: Option<Blind>,
    hold: Option<HoldId>,
    stage: Stage,
}

/// What is to be done with a payment.
#[derive(Debug)]
enum Order {
    Forward(Outgoing),
    Delegated(Delegated),
}

/// The contract to offer further.
#[derive(Debug)]
struct Outgoing {
    to: NextPeer,
    amount_msat: u64,
    expiry: u32,
    path_key: Option<Point>,
    packet: Packet,
}

#[derive(Debug)]
enum Stage {
    Held,
    /// With y_i, while the driver looks for a route.
    Routing {
        blind: Option<Blind>,
    },
    /// The blind is all that this node has added to the lock.
    Offered {
        lock: Lock,
        blind: Option<Blind>,
    },
    Committed {
        outgoing: OfferedContract,
        blind: Option<Blind>,
    },
    Claiming(LockSecret),
    Claimed,
    Failing,
}

impl Forwarding {
    fn outpoint(&self) -> OutPoint {
        self.incoming.funded().outpoint()
    }

    /// What is wanted while the contract is not offered further, or not committed.
    fn wanted(&self) -> Option<ForwarderAction> {
        let incoming = self.outpoint();
        match (&self.stage, &self.order) {
            (Stage::Offered { lock, .. }, Order::Forward(outgoing)) => {
                Some(ForwarderAction::Offer { incoming, proposal: outgoing.proposal(*lock) })
            }
            (Stage::Routing { .. }, Order::Delegated(delegated)) => {
                Some(delegated.find_route(incoming))
            }
            (Stage::Claiming(secret), _) => {
                Some(ForwarderAction::Claim { incoming, secret: secret.clone() })
            }
            _ => None,
        }
    }
}

impl Order {
    /// Whom the ledger counts a hold for: all that this node knows of the receiver.
    fn receiver_handle(&self) -> [u8; 32] {
        match self {
            Self::Delegated(delegated) => delegated.receiver_handle(),
            Self::Forward(Outgoing { to: NextPeer::Node(node_id), .. }) => {
                node_id.x_only().serialize()
            }
            Self::Forward(Outgoing { to: NextPeer::Channel(id), .. }) => {
                let mut handle = [0; 32];
                handle[24..].copy_from_slice(&id.to_be_bytes());
                handle
            }
        }
    }
}

impl Outgoing {
    fn proposal(&self, lock: Lock) -> Proposal {
        Proposal {
            to: self.to,
            amount_msat: self.amount_msat,
            expiry: self.expiry,
            lock,
            path_key: self.path_key,
            packet: self.packet.clone(),
        }
    }
}

impl<S> Forwarder<S>
where
    S: HoldStore,
    S::Error: Display,
{
    /// A forwarder whose holds are kept in `store`.
    pub fn new(config: ForwarderConfig, store: S) -> Self {
        Self {
            ledger: Ledger::new(store, config.limits),
            replay_guard: ReplayGuard::new(),
            height: config.height,
            forwards: BTreeMap::new(),
            outgoing: BTreeMap::new(),
            failing: BTreeMap::new(),
            tails: BTreeSet::new(),
            view: View::default(),
            log: Vec::new(),
            config,
        }
    }

    /// The forwarder that these events make. `store` is an empty one: the events bring the holds back, so the log is what
    /// has to be durable. What was wanted and not yet done, [`pending`](Self::pending) tells.
    ///
    /// # Errors
    ///
    /// That of the first event which was not accepted before either.
    pub fn replay(
        config: ForwarderConfig,
        store: S,
        log: Vec<ForwarderEvent>,
    ) -> Result<Self, PaymentError> {
        let mut forwarder = Self::new(config, store);
        for event in log {
            forwarder.apply(event)?;
        }
        Ok(forwarder)
    }

    /// The events so far.
    pub fn log(&self) -> &[ForwarderEvent] {
        &self.log
    }

    /// The events, to be replayed.
    pub fn into_log(self) -> Vec<ForwarderEvent> {
        self.log
    }

    /// What this node knows.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The ledger of holds.
    pub fn ledger(&self) -> &Ledger<S> {
        &self.ledger
    }

    /// Every action that no event has confirmed: for the start after a crash, when the log was written and the actions may not
    /// have been carried out. Time-outs come with the next block.
    pub fn pending(&self) -> Vec<ForwarderAction> {
        let wanted = self.forwards.values().filter_map(Forwarding::wanted);
        let failing = self.failing.iter().map(|(incoming, (reason, failure))| {
            let (reason, failure) = (reason.clone(), failure.clone());
            ForwarderAction::Fail { incoming: *incoming, reason, failure }
        });
        wanted.chain(failing).collect()
    }

    /// Takes an event and says what to do.
    ///
    /// # Errors
    ///
    /// [`PaymentError`] when the event is impossible; then nothing has changed. What a peer or the sender does wrong is
    /// no error, but a [`ForwarderAction::Fail`].
    pub fn apply(&mut self, event: ForwarderEvent) -> Result<Vec<ForwarderAction>, PaymentError> {
        let actions = self.process(&event)?;
        self.log.push(event);
        Ok(actions)
    }

    fn process(&mut self, event: &ForwarderEvent) -> Result<Vec<ForwarderAction>, PaymentError> {
        match event {
            ForwarderEvent::IncomingCommitted { from, contract, path_key, packet } => {
                self.incoming_committed(from, contract, path_key.as_ref(), packet)
            }
            ForwarderEvent::RouteFound { incoming, forwarders, seed } => {
                self.route_found(incoming, forwarders, seed)
            }
            ForwarderEvent::NoRoute { incoming } => self.no_route(incoming),
            ForwarderEvent::OutgoingCommitted { incoming, contract } => {
                self.outgoing_committed(incoming, contract)
            }
            ForwarderEvent::OutgoingClaimed { outgoing, transaction } => {
                let secret = edge::extract(self.committed(outgoing, "claim")?.1, transaction)?;
                self.fulfilled(outgoing, secret)
            }
            ForwarderEvent::OutgoingFulfilled { outgoing, secret } => {
                edge::check_secret(self.committed(outgoing, "fulfilment")?.1.funded(), secret)?;
                self.fulfilled(outgoing, secret.clone())
            }
            ForwarderEvent::OutgoingFailed { outgoing, failure } => {
                self.outgoing_failed(outgoing, failure.as_ref())
            }
            ForwarderEvent::OfferFailed { incoming } => self.offer_failed(incoming),
            ForwarderEvent::IncomingClaimed { incoming } => self.incoming_claimed(incoming),
            ForwarderEvent::IncomingFailed { incoming } => self.incoming_failed(incoming),
            ForwarderEvent::MessageReceived { message } => self.message_received(message),
            ForwarderEvent::Block { height } => self.block(*height),
        }
    }

    fn outgoing_committed(
        &mut self,
        incoming: &OutPoint,
        contract: &OfferedContract,
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        let outpoint = contract.funded().outpoint();
        if self.outgoing.contains_key(&outpoint) {
            return Err(PaymentError::KnownContract(outpoint));
        }
        let forwarding =
            self.forwards.get_mut(incoming).ok_or(PaymentError::UnknownContract(*incoming))?;
        let (Stage::Offered { lock, blind }, Order::Forward(proposed)) =
            (&mut forwarding.stage, &forwarding.order)
        else {
            return Err(PaymentError::OutOfOrder { contract: outpoint, event: "commitment" });
        };
        edge::check_proposed(contract, *lock, proposed.amount_msat, proposed.expiry)?;
        if let Some(hold) = &forwarding.hold {
            self.ledger.forwarded(hold).map_err(HoldError::into_text)?;
        }
        let blind = blind.take();
        forwarding.stage = Stage::Committed { outgoing: contract.clone(), blind };
        self.outgoing.insert(outpoint, *incoming);
        Ok(Vec::new())
    }

    fn committed(
        &self,
        outgoing: &OutPoint,
        event: &'static str,
    ) -> Result<(OutPoint, &OfferedContract), PaymentError> {
        let incoming =
            *self.outgoing.get(outgoing).ok_or(PaymentError::UnknownContract(*outgoing))?;
        match self.forwards.get(&incoming).map(|forwarding| &forwarding.stage) {
            Some(Stage::Committed { outgoing, .. }) => Ok((incoming, outgoing)),
            _ => Err(PaymentError::OutOfOrder { contract: *outgoing, event }),
        }
    }

    /// l_i = l_{i+1} − y_i, with all else that this node has added to the lock
    fn fulfilled(
        &mut self,
        outgoing: &OutPoint,
        secret: LockSecret,
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        let (incoming, _) = self.committed(outgoing, "claim")?;
        let forwarding =
            self.forwards.get_mut(&incoming).ok_or(PaymentError::UnknownContract(incoming))?;
        let incoming_secret = match (&forwarding.stage, &secret) {
            (Stage::Committed { blind: Some(blind), .. }, LockSecret::Scalar(scalar)) => {
                LockSecret::Scalar(previous_secret(scalar, blind)?)
            }
            _ => secret.clone(),
        };
        edge::check_secret(forwarding.incoming.funded(), &incoming_secret)?;
        forwarding.stage = Stage::Claiming(incoming_secret.clone());
        self.view.learn(SecretSource::Lock { contract: *outgoing }, secret);
        self.view.learn(SecretSource::Lock { contract: incoming }, incoming_secret.clone());
        Ok(alloc::vec![ForwarderAction::Claim { incoming, secret: incoming_secret }])
    }

    fn outgoing_failed(
        &mut self,
        outgoing: &OutPoint,
        failure: Option<&FailureMessage>,
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        let (incoming, _) = self.committed(outgoing, "failure")?;
        let Some(forwarding) = self.forwards.get_mut(&incoming) else { return Ok(Vec::new()) };
        forwarding.stage = Stage::Failing;
        let failure = forwarding.origin.pass_on(failure);
        Ok(alloc::vec![self.fail_with(incoming, Refusal::Downstream, failure)])
    }

    fn offer_failed(&mut self, incoming: &OutPoint) -> Result<Vec<ForwarderAction>, PaymentError> {
        let forwarding =
            self.forwards.get(incoming).ok_or(PaymentError::UnknownContract(*incoming))?;
        let Stage::Offered { .. } = forwarding.stage else {
            return Err(PaymentError::OutOfOrder { contract: *incoming, event: "failed offer" });
        };
        Ok(self.fail(incoming, Refusal::Downstream).into_iter().collect())
    }

    fn incoming_claimed(
        &mut self,
        incoming: &OutPoint,
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        let forwarding =
            self.forwards.get_mut(incoming).ok_or(PaymentError::UnknownContract(*incoming))?;
        let Stage::Claiming(_) = forwarding.stage else {
            return Err(PaymentError::OutOfOrder { contract: *incoming, event: "claim" });
        };
        forwarding.stage = Stage::Claimed;
        Ok(Vec::new())
    }

    /// Fails a payment that was accepted, for a reason of this node's own.
    fn fail(&mut self, incoming: &OutPoint, reason: Refusal) -> Option<ForwarderAction> {
        let forwarding = self.forwards.get_mut(incoming)?;
        forwarding.stage = Stage::Failing;
        let failure = forwarding.origin.message(&reason, forwarding.incoming.funded(), self.height);
        Some(self.fail_with(*incoming, reason, failure))
    }

    fn fail_with(
        &mut self,
        incoming: OutPoint,
        reason: Refusal,
        failure: FailureMessage,
    ) -> ForwarderAction {
        self.failing.insert(incoming, (reason.clone(), failure.clone()));
        ForwarderAction::Fail { incoming, reason, failure }
    }

    fn incoming_failed(
        &mut self,
        incoming: &OutPoint,
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        if !self.failing.contains_key(incoming) {
            return Err(PaymentError::OutOfOrder { contract: *incoming, event: "failure" });
        }
        if let Some(hold) = self.forwards.get(incoming).and_then(|forwarding| forwarding.hold) {
            match self.ledger.state(&hold).map_err(HoldError::into_text)? {
                HoldState::Failing => self.ledger.failed(&hold),
                // Released, but with a blind that cancels the lock: it keeps no place among the holds.
                HoldState::Releasing(_) => self.ledger.forwarded(&hold),
                HoldState::Held | HoldState::Released | HoldState::Failed => Ok(()),
            }
            .map_err(HoldError::into_text)?;
        }
        self.failing.remove(incoming);
        Ok(Vec::new())
    }

    fn message_received(
        &mut self,
        message: &OnionMessage,
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        match message.peel(&self.config.node_key).map_err(PaymentError::OnionMessage)? {
            PeeledMessage::Forward { to, message } => {
                Ok(alloc::vec![ForwarderAction::SendMessage { to, message }])
            }
            PeeledMessage::Receive { payload, data, .. } => {
                let expiry = data.path_id.as_deref().and_then(read_reply_path_id);
                let expiry = expiry.ok_or(PaymentError::UnknownMessagePath)?;
                if expiry < self.height {
                    return Err(PaymentError::MessagePathExpired { expiry });
                }
                self.release_received(&ReleaseHeld::from_message(&payload)?)
            }
        }
    }

    /// That the message comes again does no harm: a hold is released once. When the store fails, nothing is forwarded before the
    /// event is given again: the ledger then repeats what it had released before.
    fn release_received(
        &mut self,
        message: &ReleaseHeld,
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        let mut released = Vec::new();
        for (id, secret) in &message.holds {
            match self.ledger.release(id, secret, self.height) {
                Err(error @ HoldError::Store(_)) => return Err(error.into_text().into()),
                result => released.push((id, secret, result)),
            }
        }
        let mut actions = Vec::new();
        for (id, secret, result) in released {
            // What waits for its hold may be anybody's guess: a stranger's messages don't fill the view.
            let is_release_secret = match result {
                Ok(Released::Queued) => false,
                Ok(Released::AlreadyReleased) => true,
                Ok(Released::Forward(forward)) => {
                    actions.extend(self.forward_held(forward));
                    true
                }
                Err(error) => {
                    let right = matches!(error, HoldError::TooLate(_) | HoldError::ZeroBlind(_));
                    let reason = Refusal::Hold(error.into_text());
                    actions.push(ForwarderAction::ReleaseRefused { reason });
                    right
                }
            };
            if is_release_secret {
                self.learn_release(*id, secret);
            }
        }
        Ok(actions)
    }

    fn learn_release(&mut self, hold: HoldId, secret: &ReleaseSecret) {
        let scalar = LockSecret::Scalar(secret.as_scalar().clone());
        self.view.learn(SecretSource::Release { hold }, scalar);
    }

    fn forward_held(&mut self, forward: Forward) -> Option<ForwarderAction> {
        let incoming = self.held(&forward.id)?;
        match self.advance(&incoming, forward.blind) {
            Ok(action) => action,
            Err(reason) => self.fail(&incoming, reason),
        }
    }

    /// The contract that is held under this id and not offered further.
    fn held(&self, id: &HoldId) -> Option<OutPoint> {
        let waiting = |forwarding: &&Forwarding| {
            forwarding.hold == Some(*id) && matches!(forwarding.stage, Stage::Held)
        };
        self.forwards
            .values()
            .find(waiting)
            .map(|forwarding| forwarding.incoming.funded().outpoint())
    }

    fn block(&mut self, height: u32) -> Result<Vec<ForwarderAction>, PaymentError> {
        let mut actions = Vec::new();
        self.ledger.block(height).map_err(HoldError::into_text)?;
        // All that are failing, for a block that the store refused may have begun it.
        for pending in self.ledger.resume().map_err(HoldError::into_text)? {
            let Pending::Fail(id) = pending else { continue };
            if let Some(incoming) = self.held(&id) {
                actions.extend(self.fail(&incoming, Refusal::CutoffReached(id)));
            }
        }
        self.height = height;
        self.replay_guard.prune(height);
        for forwarding in self.forwards.values() {
            let Stage::Committed { outgoing, .. } = &forwarding.stage else { continue };
            if edge::expiry(outgoing.funded()) <= height {
                actions.push(ForwarderAction::TimeOut { outgoing: outgoing.funded().outpoint() });
            }
        }
        Ok(actions)
    }
}
