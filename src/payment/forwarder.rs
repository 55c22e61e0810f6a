use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt::Display;

use bitcoin::{OutPoint, Transaction};

use super::{
    ForwardPayload, HoldOrder, Payload, PaymentError, Proposal, Refusal, ReleaseHeld, RouteHop,
    SecretSource, Tweak, View, edge,
};
use crate::contract::{FundedContract, OfferedContract, ReceivedContract};
use crate::curve::{Point, SecretScalar};
use crate::hold::{
    Forward, Held, HoldError, HoldId, HoldRequest, HoldState, HoldStore, Ledger, Limits, Pending,
    ReleaseSecret, Released, cutoff_height,
};
use crate::lock::{Blind, Lock, LockSecret, next_lock, previous_secret};
use crate::onion::{Packet, Peeled, ReplayGuard};

/// How a forwarder is set up.
#[derive(Clone, Debug)]
pub struct ForwarderConfig {
    /// The key of its node id.
    pub node_key: SecretScalar,
    /// What it asks for forwarding.
    pub policy: RouteHop,
    /// What it holds at most.
    pub limits: Limits,
    /// Blocks it keeps between a release and the last moment to claim, for itself.
    pub hold_safety_margin: u32,
    /// Blocks it expects the deltas of the route behind it to need.
    pub hold_deltas_ahead: u32,
    /// Blocks it expects the receiver to need.
    pub hold_min_final_delta: u32,
    /// The height at which it starts.
    pub height: u32,
}

/// What a forwarder is told.
#[derive(Debug)]
pub enum ForwarderEvent {
    /// A contract of which this node is the claimer is irrevocably committed.
    IncomingCommitted {
        /// The neighbour that offers it.
        from: Point,
        /// The contract.
        contract: ReceivedContract,
        /// The onion that came with it.
        packet: Packet,
    },
    /// The contract that was offered for an incoming one is irrevocably committed.
    OutgoingCommitted {
        /// The incoming contract.
        incoming: OutPoint,
        /// The outgoing one.
        contract: OfferedContract,
    },
    /// The outgoing contract was claimed on the chain.
    OutgoingClaimed {
        /// The outgoing contract.
        outgoing: OutPoint,
        /// What spends it.
        transaction: Transaction,
    },
    /// The claimer of the outgoing contract told the secret.
    OutgoingFulfilled {
        /// The outgoing contract.
        outgoing: OutPoint,
        /// The secret.
        secret: LockSecret,
    },
    /// The outgoing contract is irrevocably gone, and was not claimed.
    OutgoingFailed {
        /// The outgoing contract.
        outgoing: OutPoint,
    },
    /// The contract that was to be offered can't be: the next node is away, or refuses.
    OfferFailed {
        /// The incoming contract.
        incoming: OutPoint,
    },
    /// This node's claim of the incoming contract is confirmed, or its secret was taken.
    IncomingClaimed {
        /// The incoming contract.
        incoming: OutPoint,
    },
    /// The incoming contract is irrevocably gone, as this node wished.
    IncomingFailed {
        /// The incoming contract.
        incoming: OutPoint,
    },
    /// A `release_held_ptlc` arrived.
    ReleaseReceived {
        /// The message, sealed to this node.
        sealed: Vec<u8>,
    },
    /// A new block.
    Block {
        /// Its height.
        height: u32,
    },
}

/// What a forwarder wants done. What no event has confirmed, [`Forwarder::pending`] gives again.
#[derive(Debug)]
pub enum ForwarderAction {
    /// Offer a contract to the next node.
    Offer {
        /// The incoming contract that it forwards.
        incoming: OutPoint,
        /// The offer.
        proposal: Proposal,
    },
    /// Claim the incoming contract.
    Claim {
        /// The incoming contract.
        incoming: OutPoint,
        /// What opens it.
        secret: LockSecret,
    },
    /// Fail the incoming contract.
    Fail {
        /// The incoming contract.
        incoming: OutPoint,
        /// Why.
        reason: Refusal,
    },
    /// Take the money of the outgoing contract back: its expiry is reached.
    TimeOut {
        /// The outgoing contract.
        outgoing: OutPoint,
    },
    /// Nothing to do: a release was refused. For the log of an operator.
    ReleaseRefused {
        /// Why, with the hold.
        reason: Refusal,
    },
}

/// A node between sender and receiver; with a hold order in its payload, the one that holds.
#[derive(Debug)]
pub struct Forwarder<S> {
    config: ForwarderConfig,
    ledger: Ledger<S>,
    replay_guard: ReplayGuard,
    height: u32,
    forwards: BTreeMap<OutPoint, Forwarding>,
    outgoing: BTreeMap<OutPoint, OutPoint>,
    failing: BTreeMap<OutPoint, Refusal>,
    view: View,
    log: Vec<ForwarderEvent>,
}

/// A payment on its way through this node.
#[derive(Debug)]
struct Forwarding {
    incoming: ReceivedContract,
    next: Point,
    amount_msat: u64,
    expiry: u32,
    packet: Packet,
    hold: Option<HoldId>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Held,
    Offered { lock: Lock, blind: Option<Blind> },
    Committed { outgoing: OfferedContract, blind: Option<Blind> },
    Claiming(LockSecret),
    Claimed,
    Failing,
}

impl Forwarding {
    fn offer(&self, lock: Lock) -> ForwarderAction {
        ForwarderAction::Offer {
            incoming: self.incoming.funded().outpoint(),
            proposal: Proposal {
                to: self.next,
                amount_msat: self.amount_msat,
                expiry: self.expiry,
                lock,
                packet: self.packet.clone(),
            },
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
        let mut pending = Vec::new();
        for (incoming, forwarding) in &self.forwards {
            match &forwarding.stage {
                Stage::Offered { lock, .. } => pending.push(forwarding.offer(*lock)),
                Stage::Claiming(secret) => pending
                    .push(ForwarderAction::Claim { incoming: *incoming, secret: secret.clone() }),
                Stage::Held | Stage::Committed { .. } | Stage::Claimed | Stage::Failing => {}
            }
        }
        pending.extend(self.failing.iter().map(|(incoming, reason)| ForwarderAction::Fail {
            incoming: *incoming,
            reason: reason.clone(),
        }));
        pending
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
            ForwarderEvent::IncomingCommitted { from, contract, packet } => {
                self.incoming_committed(from, contract, packet)
            }
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
            ForwarderEvent::OutgoingFailed { outgoing } => self.outgoing_failed(outgoing),
            ForwarderEvent::OfferFailed { incoming } => self.offer_failed(incoming),
            ForwarderEvent::IncomingClaimed { incoming } => self.incoming_claimed(incoming),
            ForwarderEvent::IncomingFailed { incoming } => self.incoming_failed(incoming),
            ForwarderEvent::ReleaseReceived { sealed } => self.release_received(sealed),
            ForwarderEvent::Block { height } => self.block(*height),
        }
    }

    fn incoming_committed(
        &mut self,
        from: &Point,
        contract: &ReceivedContract,
        packet: &Packet,
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        let incoming = contract.funded().outpoint();
        if self.forwards.contains_key(&incoming) || self.failing.contains_key(&incoming) {
            return Err(PaymentError::KnownContract(incoming));
        }
        match self.peel_and_accept(from, contract, packet) {
            Ok(actions) => Ok(actions),
            // Whether the hold is stored is not known, so the payment is neither held nor failed.
            Err(Refusal::Hold(error @ HoldError::Store(_))) => Err(PaymentError::Hold(error)),
            Err(reason) => Ok(alloc::vec![self.fail(incoming, reason)]),
        }
    }

    fn peel_and_accept(
        &mut self,
        from: &Point,
        contract: &ReceivedContract,
        packet: &Packet,
    ) -> Result<Vec<ForwarderAction>, Refusal> {
        let peeled = packet.peel(&self.config.node_key, &[])?;
        let tag = peeled.shared_secret.replay_tag();
        self.replay_guard.insert(tag, edge::expiry(contract.funded()))?;
        let accepted = self.accept(from, contract, peeled);
        if let Err(Refusal::Hold(HoldError::Store(_))) = accepted {
            // The same contract will be reported again.
            self.replay_guard.forget(&tag);
        }
        accepted
    }

    /// Forwards or holds what the onion asks for.
    fn accept(
        &mut self,
        from: &Point,
        contract: &ReceivedContract,
        peeled: Peeled,
    ) -> Result<Vec<ForwarderAction>, Refusal> {
        let funded = contract.funded();
        let (Payload::Forward(payload), Some(next_packet)) =
            (Payload::parse(&peeled.payload)?, peeled.next)
        else {
            return Err(Refusal::RouteEnd);
        };
        self.check_policy(funded, &payload)?;
        let ForwardPayload { next, amount_msat, expiry, tweak } = payload;
        let mut forwarding = Forwarding {
            incoming: contract.clone(),
            next,
            amount_msat,
            expiry,
            packet: next_packet,
            hold: None,
            stage: Stage::Held,
        };
        let forward_now = match (edge::lock(funded), tweak) {
            (Lock::Hash(_), Tweak::None) => Some(None),
            (Lock::Point(_), Tweak::Blind(blind)) => Some(Some(blind)),
            (Lock::Hash(_), Tweak::Hold(order)) if order.held_blind.is_none() => {
                self.hold(from, &mut forwarding, &order)?.map(|forward| forward.blind)
            }
            (Lock::Point(_), Tweak::Hold(order)) if order.held_blind.is_some() => {
                self.hold(from, &mut forwarding, &order)?.map(|forward| forward.blind)
            }
            _ => return Err(Refusal::TweakMismatch),
        };
        let offer = forward_now.map(|blind| self.offer(&mut forwarding, blind)).transpose();
        if offer.is_err() {
            forwarding.stage = Stage::Failing;
        }
        // Even then, for its hold has to end when the contract does.
        self.forwards.insert(funded.outpoint(), forwarding);
        Ok(offer?.into_iter().collect())
    }

    fn check_policy(
        &self,
        funded: &FundedContract,
        payload: &ForwardPayload,
    ) -> Result<(), Refusal> {
        let offered_msat = edge::amount_msat(funded).saturating_sub(payload.amount_msat);
        let required_msat = self.config.policy.fee_msat(payload.amount_msat).unwrap_or(u64::MAX);
        if edge::amount_msat(funded) < payload.amount_msat || offered_msat < required_msat {
            return Err(Refusal::FeeInsufficient { offered_msat, required_msat });
        }
        let offered = edge::expiry(funded).saturating_sub(payload.expiry);
        let required = self.config.policy.cltv_expiry_delta;
        if edge::expiry(funded) < payload.expiry || offered < required {
            return Err(Refusal::ExpiryDelta { offered, required });
        }
        if payload.expiry <= self.height {
            return Err(Refusal::ExpiryTooSoon {
                expiry: payload.expiry,
                required: self.height.saturating_add(1),
            });
        }
        Ok(())
    }

    fn hold(
        &mut self,
        from: &Point,
        forwarding: &mut Forwarding,
        order: &HoldOrder,
    ) -> Result<Option<Forward>, Refusal> {
        // A second contract would not be counted against the caps, nor fail back with the first.
        if self.forwards.values().any(|other| other.hold == Some(order.id)) {
            return Err(Refusal::Hold(HoldError::IdTaken(order.id)));
        }
        let request = HoldRequest {
            id: order.id,
            release_hash: order.release_hash,
            held_blind: order.held_blind.clone(),
            amount_msat: edge::amount_msat(forwarding.incoming.funded()),
            cutoff_height: cutoff_height(
                order.latest_release_height,
                edge::expiry(forwarding.incoming.funded()),
                self.config.hold_safety_margin,
                self.config.hold_deltas_ahead,
                self.config.hold_min_final_delta,
            ),
            sender: from.x_only().serialize(),
            // The next node is all that this one knows of the receiver.
            receiver: forwarding.next.x_only().serialize(),
        };
        let held = self.ledger.hold(request, self.height).map_err(HoldError::into_text)?;
        forwarding.hold = Some(order.id);
        if let Some(held_blind) = &order.held_blind {
            self.view.learn(
                SecretSource::HeldBlind { hold: order.id },
                LockSecret::Scalar(held_blind.as_scalar().clone()),
            );
        }
        match held {
            Held::Waiting => Ok(None),
            Held::Forward(forward) => {
                if let Ok(HoldState::Releasing(secret)) = self.ledger.state(&order.id) {
                    self.learn_release(order.id, &secret);
                }
                Ok(Some(forward))
            }
            // The same order with another contract: the sender repeats itself.
            Held::Finished => Err(Refusal::Hold(HoldError::IdTaken(order.id))),
        }
    }

    /// L_{i+1} = L_i + y_i·G
    fn offer(
        &mut self,
        forwarding: &mut Forwarding,
        blind: Option<Blind>,
    ) -> Result<ForwarderAction, Refusal> {
        let incoming = forwarding.incoming.funded().outpoint();
        let lock = match (edge::lock(forwarding.incoming.funded()), &blind) {
            (Lock::Point(point), Some(blind)) => {
                let scalar = LockSecret::Scalar(blind.as_scalar().clone());
                self.view.learn(SecretSource::Blind { incoming }, scalar);
                Lock::Point(next_lock(&point, blind)?)
            }
            (lock, _) => lock,
        };
        forwarding.stage = Stage::Offered { lock, blind };
        Ok(forwarding.offer(lock))
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
        let Stage::Offered { lock, blind } = &mut forwarding.stage else {
            return Err(PaymentError::OutOfOrder { contract: outpoint, event: "commitment" });
        };
        edge::check_proposed(contract, *lock, forwarding.amount_msat, forwarding.expiry)?;
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

    /// l_i = l_{i+1} − y_i
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
    ) -> Result<Vec<ForwarderAction>, PaymentError> {
        let (incoming, _) = self.committed(outgoing, "failure")?;
        if let Some(forwarding) = self.forwards.get_mut(&incoming) {
            forwarding.stage = Stage::Failing;
        }
        Ok(alloc::vec![self.fail(incoming, Refusal::Downstream)])
    }

    fn offer_failed(&mut self, incoming: &OutPoint) -> Result<Vec<ForwarderAction>, PaymentError> {
        let forwarding =
            self.forwards.get_mut(incoming).ok_or(PaymentError::UnknownContract(*incoming))?;
        let Stage::Offered { .. } = forwarding.stage else {
            return Err(PaymentError::OutOfOrder { contract: *incoming, event: "failed offer" });
        };
        forwarding.stage = Stage::Failing;
        Ok(alloc::vec![self.fail(*incoming, Refusal::Downstream)])
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

    fn fail(&mut self, incoming: OutPoint, reason: Refusal) -> ForwarderAction {
        self.failing.insert(incoming, reason.clone());
        ForwarderAction::Fail { incoming, reason }
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

    fn release_received(&mut self, sealed: &[u8]) -> Result<Vec<ForwarderAction>, PaymentError> {
        let message = ReleaseHeld::open(&self.config.node_key, sealed)?;
        let mut actions = Vec::new();
        for (id, secret) in &message.holds {
            // What waits for its hold may be anybody's guess: a stranger's messages don't fill the view.
            let is_release_secret = match self.ledger.release(id, secret, self.height) {
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
        let mut forwarding = self.forwards.remove(&incoming)?;
        let action = match self.offer(&mut forwarding, forward.blind) {
            Ok(action) => action,
            Err(reason) => {
                forwarding.stage = Stage::Failing;
                self.fail(incoming, reason)
            }
        };
        self.forwards.insert(incoming, forwarding);
        Some(action)
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
            if let Pending::Fail(id) = pending
                && let Some(incoming) = self.held(&id)
                && let Some(forwarding) = self.forwards.get_mut(&incoming)
            {
                forwarding.stage = Stage::Failing;
                actions.push(self.fail(incoming, Refusal::CutoffReached(id)));
            }
        }
        self.height = height;
        self.replay_guard.prune(height);
        for forwarding in self.forwards.values() {
            if let Stage::Committed { outgoing, .. } = &forwarding.stage
                && edge::expiry(outgoing.funded()) <= height
            {
                actions.push(ForwarderAction::TimeOut { outgoing: outgoing.funded().outpoint() });
            }
        }
        Ok(actions)
    }
}
