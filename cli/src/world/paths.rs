//! Ways to the receiver: channels, blinded paths, and who chooses which end of a route.

use bitcoin::OutPoint;
use pointlock::curve::Point;
use pointlock::invoice::{InvoiceError, InvoiceId, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Blind, Lock, LockSecret, next_lock};
use pointlock::onion::blinded::{BlindedPath, NextPeer, PaymentRelay, RecipientData, path_blind};
use pointlock::payment::{
    AttemptSeed, ForwarderEvent, ForwardingPolicy, MessagePath, PartOrder, PathRelay, ReceiverPath,
    ReceiverPaths, Recipient, RouteHop, SecretSource, Tail,
};
use pointlock::wire::{Features, IntroductionNode};

use super::{
    Attempt, CLTV_EXPIRY_DELTA, MIN_FINAL_DELTA, OnPath, POLICY, START_HEIGHT, StoryError, Tone,
    Way, World, grouped,
};

/// The last height at which a payment over a blinded path may expire: about three months from the start.
const MAX_PATH_EXPIRY: u32 = START_HEIGHT + 13_000;
/// The bit of `basic_mpp`: the invoice may be paid in parts (BOLT 9).
const BASIC_MPP: u16 = 17;
/// What a path says that its nodes ask for: a millisatoshi more than they do, which they may lose by rounding.
const PATH_FEE_BASE_MSAT: u32 = 1_001;

impl World {
    /// The channel between this forwarder and the next node (BOLT 7: block, transaction, output).
    fn channel(&self, forwarder: usize) -> u64 {
        let block = u64::from(START_HEIGHT) - 10_000 + forwarder as u64;
        block << 40 | 1 << 16
    }

    /// Who is at the other end.
    pub(super) fn peer(&self, party: usize, to: &NextPeer) -> Result<usize, StoryError> {
        match to {
            NextPeer::Node(node_id) => self.party_with(node_id),
            NextPeer::Channel(id) => self
                .forwarders()
                .find(|forwarder| self.channel(*forwarder) == *id)
                .map(|forwarder| if forwarder == party { forwarder + 1 } else { forwarder })
                .ok_or_else(|| StoryError::Claim(format!("nobody has the channel {id}"))),
        }
    }

    pub(super) fn party_with(&self, node_id: &Point) -> Result<usize, StoryError> {
        let party = self.parties.iter().position(|party| party.node_id == *node_id);
        party.ok_or_else(|| StoryError::Claim(format!("nobody is the node {node_id}")))
    }

    pub(super) fn introduction(&self, node: &IntroductionNode) -> Result<usize, StoryError> {
        match node {
            IntroductionNode::NodeId(node_id) => self.party_with(node_id),
            IntroductionNode::Channel { .. } => {
                Err(StoryError::Claim("a path that begins at a channel".to_owned()))
            }
        }
    }

    fn route_hop(&self, forwarder: usize) -> RouteHop {
        RouteHop {
            node_id: self.parties[forwarder].node_id,
            short_channel_id: self.channel(forwarder),
            policy: POLICY,
        }
    }

    /// A part of a payment, on this way.
    pub(crate) fn part(&mut self, amount_msat: u64, way: Way) -> PartOrder {
        let count = self.forwarders().len();
        let on_path = way.path.map_or(0, |_| self.on_path);
        let chosen = way.trampoline.unwrap_or(count - on_path);
        // What the forwarders between cost, and a hundredth more for fees on fees.
        let between = u32::try_from(count - on_path - chosen).expect("a handful of forwarders");
        let budget = ForwardingPolicy {
            fee_base_msat: u64::from(between + 1) * POLICY.fee_base_msat,
            fee_proportional_millionths: u64::from(between)
                * (POLICY.fee_proportional_millionths + 1),
            cltv_expiry_delta: between * CLTV_EXPIRY_DELTA,
        };
        PartOrder {
            amount_msat,
            forwarders: self.forwarders().take(chosen).map(|hop| self.route_hop(hop)).collect(),
            tail: match (way.trampoline, way.path) {
                (Some(_), path) => Tail::Delegated { budget, path },
                (None, Some(path)) => Tail::Path(path),
                (None, None) => Tail::Receiver,
            },
            seed: AttemptSeed::new(self.entropy()),
        }
    }

    /// Where an attempt that has chosen everything up to the end meets the path, if there is one.
    fn on_path(&self, way: Way) -> Option<OnPath> {
        let introduction = self.forwarders().len() - self.on_path + 1;
        way.path.map(|path| OnPath { path, introduction })
    }

    /// The sender's attempt at a part.
    pub(super) fn sender_attempt(
        &self,
        payment: usize,
        id: pointlock::payment::AttemptId,
    ) -> Attempt {
        let own = |attempt: &&Attempt| attempt.payment == payment && attempt.tail_of.is_none();
        let part = self.attempts.iter().filter(own).count();
        let way = self.payments[payment].way;
        Attempt {
            id,
            payment,
            part,
            tail_of: None,
            last_edge: way.trampoline.unwrap_or(self.forwarders().len() + 1),
            edges_before: 0,
            path: if way.trampoline.is_some() { None } else { self.on_path(way) },
        }
    }

    /// Answers a forwarder that has been asked to find the rest of a route.
    pub(super) fn find_route(
        &mut self,
        party: usize,
        incoming: OutPoint,
        to: &Recipient,
    ) -> Result<(), StoryError> {
        let end = match to {
            Recipient::Node(node_id) => self.party_with(node_id)?,
            Recipient::Path(path) => self.introduction(path.path.introduction_node())?,
        };
        let forwarders: Vec<RouteHop> =
            (party + 1..end).map(|forwarder| self.route_hop(forwarder)).collect();
        let over = match forwarders.len() {
            0 => "directly".to_owned(),
            1 => "over one node".to_owned(),
            count => format!("over {count} nodes"),
        };
        let text = format!(
            "finds the way to {} {over}, from height {} on, with y's of its own",
            self.parties[end].name,
            grouped(u64::from(self.chain.height())),
        );
        self.say(&self.parties[party].name.clone(), Tone::Plain, text);
        let seed = AttemptSeed::new(self.entropy());
        self.forwarder(party, ForwarderEvent::RouteFound { incoming, forwarders, seed }, None)?;
        let drawn = self.parties[party].view().secrets().iter().rev();
        let mut drawn = drawn.filter_map(|known| match known.source {
            SecretSource::DrawnBlind { attempt, .. } => Some(attempt),
            _ => None,
        });
        let id = drawn.next().ok_or_else(|| {
            StoryError::Claim("the rest of a route is found for point locks alone".to_owned())
        })?;
        let Some(edge) = self.edge_at(incoming) else { return Ok(()) };
        let edge = &self.edges[edge];
        let way = self.payments[edge.payment].way;
        self.attempts.push(Attempt {
            id,
            payment: edge.payment,
            part: edge.part,
            tail_of: Some(edge.attempt),
            last_edge: self.forwarders().len() + 1,
            edges_before: edge.number,
            path: self.on_path(way),
        });
        Ok(())
    }

    /// An invoice as far as the builder has it, completed with the ways to the receiver and signed. `blinded` is how many
    /// blinded paths it has for payments; none for an interim route.
    pub(crate) fn sign_invoice(
        &mut self,
        builder: StaticInvoiceBuilder,
        blinded: usize,
    ) -> Result<(StaticInvoice, ReceiverPaths), StoryError> {
        let receiver = self.receiver();
        let receiver_id = self.parties[receiver].node_id;
        let failed = |world: &Self, source| world.role_error(receiver, source);
        let relays: Vec<PathRelay> = (receiver - self.on_path..receiver)
            .map(|forwarder| PathRelay {
                node_id: self.parties[forwarder].node_id,
                short_channel_id: self.channel(forwarder),
                relay: PaymentRelay {
                    cltv_expiry_delta: u16::try_from(CLTV_EXPIRY_DELTA).expect("it is 40"),
                    fee_proportional_millionths: u32::try_from(POLICY.fee_proportional_millionths)
                        .expect("it is 100"),
                    fee_base_msat: PATH_FEE_BASE_MSAT,
                },
            })
            .collect();
        let delta = u16::try_from(MIN_FINAL_DELTA).expect("it is 18");
        let (mut payments, mut own) = (Vec::new(), ReceiverPaths::default());
        for _ in 0..blinded {
            let (session_key, path_id) = (self.secret(), self.entropy());
            let made = ReceiverPath::build(
                session_key,
                path_id,
                &relays,
                receiver_id,
                delta,
                MAX_PATH_EXPIRY,
            );
            let (path, kept) = made.map_err(|source| failed(self, source))?;
            payments.push(path);
            own.payments.push(kept);
        }
        let keepers: Vec<Point> =
            self.mail_relays().map(|relay| self.parties[relay].node_id).collect();
        let (session_key, path_id) = (self.secret(), self.entropy());
        let made = MessagePath::build(session_key, path_id, &keepers, receiver_id);
        let (message_path, kept) = made.map_err(|source| failed(self, source))?;
        own.messages.push(kept);

        let builder = builder.message_paths(&[message_path]).features(&Features::of(&[BASIC_MPP]));
        let builder = if blinded > 0 {
            builder.paths(&payments)
        } else {
            let lsp = self.parties[self.receiver_lsp()].node_id;
            builder.interim_route(&[lsp, receiver_id])
        };
        let aux_rand = self.entropy();
        let invoice = builder.sign(&self.receiver_key, &aux_rand).map_err(invoice_error)?;
        self.paths.insert(invoice.invoice_id(), own.clone());
        Ok((invoice, own))
    }

    /// Over whom the receiver gets its mail: its LSP, and the node before that one where the sender's LSP is not it.
    pub(crate) fn mail_relays(&self) -> std::ops::Range<usize> {
        let forwarders = self.forwarders();
        let first = (forwarders.start + 1).max(forwarders.end.saturating_sub(2));
        first.min(forwarders.end - 1)..forwarders.end
    }

    /// A path to the vault, where an offer's invoice is to be asked for.
    pub(crate) fn path_to_vault(&mut self) -> Result<BlindedPath, StoryError> {
        let data = RecipientData { path_id: Some(self.entropy().to_vec()), ..Default::default() };
        let hops = [(self.vault_id, data.to_bytes())];
        BlindedPath::build(self.secret(), &hops)
            .map(|(path, _)| path)
            .map_err(|source| StoryError::Claim(format!("vault: {source}")))
    }

    /// b of each forwarding node on an invoice's path of this number, from 0.
    pub(crate) fn path_blinds(&self, invoice: &InvoiceId, path: usize) -> Vec<Blind> {
        let own = self.paths.get(invoice).and_then(|own| own.payments.get(path));
        let Some(own) = own else { return Vec::new() };
        let forwarding = own.secrets.iter().take(own.secrets.len() - 1);
        forwarding.map(|secret| path_blind(secret).expect("no hash gives zero")).collect()
    }

    /// What an edge is to be locked under, from what everybody has drawn who has a say in it.
    pub(super) fn planned_lock(&self, attempt: usize, number: usize) -> Option<Lock> {
        let chosen = &self.attempts[attempt];
        let sender = &self.attempts[chosen.tail_of.unwrap_or(attempt)];
        let plan = self.plan(chosen.payment, &sender.id);
        let (start, own) = match chosen.tail_of {
            None => (plan.get(number - 1)?, 0),
            Some(_) => (plan.get(chosen.edges_before)?, number - chosen.edges_before),
        };
        let Lock::Point(start) = start else { return Some(*start) };
        let finder = self.forwarders().start + chosen.edges_before.saturating_sub(1);
        let drawn = (0..own).map(|hop| {
            let source = SecretSource::DrawnBlind { attempt: chosen.id, hop };
            match self.parties[finder].view().get(source) {
                Some(LockSecret::Scalar(scalar)) => Some(Blind::new(scalar.clone())),
                _ => None,
            }
        });
        let mut added = drawn.collect::<Option<Vec<Blind>>>()?;
        if let Some(OnPath { path, introduction }) = chosen.path {
            let invoice = self.payments[chosen.payment].invoice?;
            let blinds = self.path_blinds(&invoice, path).into_iter();
            added.extend(blinds.take(number.saturating_sub(introduction)));
        }
        let locked = added.iter().try_fold(*start, |lock, blind| next_lock(&lock, blind).ok())?;
        Some(Lock::Point(locked))
    }
}

fn invoice_error(source: InvoiceError) -> StoryError {
    StoryError::Invoice { hop: "receiver".to_owned(), source: Box::new(source) }
}
