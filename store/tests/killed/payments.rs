//! A node that takes payments, holds and releases them, passes them on, is paid, claims and fails; and its books after each kill, against what the
//! others have seen.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use pointlock::edge::EdgeId;
use pointlock::hold::{HoldId, HoldState};
use pointlock::journal::{History, Journal, JournalError};
use pointlock::lock::LockSecret;
use pointlock::payment::{
    EdgeError, ForwarderError, Journaled, JournaledError, Node, NodeAction, NodeError, NodeEvent,
    OfferOrigin, Proposal, ReceiverError, Role,
};
use pointlock_store::FileJournal;

use crate::net::{K, Kind, Net, edge, entropy, incoming, make, outgoing, release, secret_of};
use crate::peers::{Counts, Peers, Seen, digits};
use crate::{Story, say};

const JOURNAL: &str = "node of payments that is killed";
/// So many payments are open at most.
const OPEN: usize = 12;

/// The books that are compared.
pub(crate) struct Payments {
    net: Net,
    peers: Peers,
    compared: u64,
    claims_found: u32,
    cut: u64,
}

impl Default for Payments {
    fn default() -> Self {
        let (net, peers) = (Net::new(), Peers::new());
        Self { net, peers, compared: 0, claims_found: 0, cut: 0 }
    }
}

fn journal_path(folder: &Path) -> PathBuf {
    folder.join("journal")
}

/// What the others know when a process starts.
fn peers_path(folder: &Path) -> PathBuf {
    folder.join("peers")
}

impl Story for Payments {
    const NAME: &'static str = "payments";

    fn begin(folder: &Path) {
        let journal = FileJournal::create(&journal_path(folder), JOURNAL).unwrap();
        let mut node = Journaled::open(journal, make).unwrap();
        for event in Net::new().published() {
            node.apply(&event).unwrap();
        }
        std::fs::write(peers_path(folder), Peers::new().lines()).unwrap();
    }

    fn play(folder: &Path) {
        let net = Net::new();
        let mut peers = Peers::new();
        for line in std::fs::read_to_string(peers_path(folder)).unwrap().lines() {
            peers.hear(&net, line);
        }
        let journal = FileJournal::open(&journal_path(folder), JOURNAL).unwrap();
        let node = Journaled::open(journal, make).unwrap();
        let receiver = net.receiver(peers.height);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let dice = Dice(now.as_nanos() as u64);
        let mut driver = Driver { net, peers, node, receiver, dice, wanted: Vec::new() };
        driver.connect();
        loop {
            driver.step();
        }
    }

    fn compare(&mut self, folder: &Path, said: &[String]) {
        for line in said {
            self.peers.hear(&self.net, line);
        }
        std::fs::write(peers_path(folder), self.peers.lines()).unwrap();
        let journal = FileJournal::open(&journal_path(folder), JOURNAL).unwrap();
        self.cut += u64::from(journal.cut().is_some());
        let books = Books::open(journal.read().unwrap());
        let claimed = self.net.claimed(&books.node);
        // What was claimed and is then too late to be given away keeps its slot.
        let (given, offered) = (self.peers.counts.ktime, self.peers.counts.offered_ktime);
        assert!(claimed <= K && (given..=offered).contains(&claimed), "{claimed} claims");
        self.claims_found = claimed;
        self.compared += books.compare(&self.net, &self.peers);
    }

    fn counts(&self) -> String {
        let Counts {
            taken,
            released,
            signed,
            secrets,
            on_chain,
            failures,
            refunds,
            withdrawn,
            snapshots,
            ktime,
            ..
        } = self.peers.counts;
        let (compared, found, cut) = (self.compared, self.claims_found, self.cut);
        format!(
            "{taken} edges taken, {released} released, {signed} signed for, {withdrawn} withdrawn, {secrets} secrets given, {on_chain} of them \
             on the chain, {failures} failures given, {refunds} refunds, {snapshots} snapshots; {compared} open payments compared, {ktime} k-time \
             claims seen and {found} found, {cut} frames cut off"
        )
    }
}

/// The node as its journal makes it, to be asked what can't be asked twice.
struct Books {
    node: Node,
    wanted: Vec<NodeAction>,
}

impl Books {
    fn open(history: History) -> Self {
        let state = Journaled::open(Copied(history), make).unwrap().role().unwrap().snapshot();
        let node = make(Some(&state)).unwrap();
        Self { wanted: node.pending(), node }
    }

    /// Says how many payments there were to compare.
    fn compare(mut self, net: &Net, peers: &Peers) -> u64 {
        for action in &self.wanted {
            let ended = subject(action)
                .and_then(number_of)
                .is_some_and(|number| !peers.payments.contains_key(&number));
            assert!(!ended, "wanted for what is over: {action:?}");
        }
        let mut least = 0;
        for (number, seen) in &peers.payments {
            let wants = self.wants(*number);
            let why = || format!("payment {number} at {}: {wants:?}: {seen:?}", peers.height);
            let claims = wants.iter().any(|word| word.starts_with("claim"));
            assert!(wants.len() <= 1, "one thing at a time: {}", why());
            assert!(!seen.failed || !claims, "failed, and claimed: {}", why());
            assert!(!seen.secret || !wants.contains(&"fail"), "claimed, and failed: {}", why());
            assert!(!seen.signed || !wants.contains(&"offer"), "offered again: {}", why());
            if seen.taken && !seen.has_ended() {
                least += 1;
                let known = NodeError::Edge(EdgeError::Known(incoming(*number)));
                let again = self.node.apply(&net.sent(*number, seen.height).event());
                assert_eq!(again.unwrap_err(), known, "{}", why());
                self.compare_open(*number, seen, &wants).unwrap_or_else(|lost| {
                    panic!("{lost}: {}", why());
                });
            }
            // A secret that comes after the failure was given claims nothing.
            if let (true, true, Some((_, secret))) = (seen.failed, seen.signed, &seen.added) {
                assert!(self.claim_by(*number, secret).is_none(), "a fail and a claim: {}", why());
            }
        }
        // At least these, and at most all.
        let open = self.node.open_count() as u64;
        assert!((least..=peers.payments.len() as u64 + 1).contains(&open), "{open} are open");
        least
    }

    /// A payment that was acknowledged and has not ended is there, as far as it has come.
    fn compare_open(
        &mut self,
        number: u64,
        seen: &Seen,
        wants: &[&str],
    ) -> Result<(), &'static str> {
        let hold = hold_of(&self.node, seen);
        // A failure that was to be given is the channel's from then on. Asked of a copy: a secret would come late then.
        let mut copy = make(Some(&self.node.snapshot())).unwrap();
        let given = copy.apply(&NodeEvent::FailGiven { incoming: incoming(number) });
        let fails = given.is_ok();
        let by_secret = seen.added.as_ref().and_then(|(_, secret)| self.claim_by(number, secret));
        let claims = match &by_secret {
            Some(secret) if secret.lock() == seen.edge.lock => true,
            Some(_) => return Err("claimed with a secret of another lock"),
            None => wants.iter().any(|word| word.starts_with("claim")),
        };
        let there = claims || fails || !wants.is_empty() || hold.is_some();
        let rules = [
            (there, "lost"),
            (!seen.learned || claims, "a secret was learned and is lost"),
            (!seen.told || fails, "a failure was told and is lost"),
            (!seen.signed || claims || fails || seen.refused, "a signature is forgotten"),
            (!seen.released || hold != Some(false), "a release is forgotten"),
        ];
        rules.iter().try_for_each(|(holds, lost)| if *holds { Ok(()) } else { Err(*lost) })
    }

    /// The secret with which the node would claim if it learned the outgoing edge's.
    fn claim_by(&mut self, number: u64, secret: &LockSecret) -> Option<LockSecret> {
        let event =
            NodeEvent::OutgoingFulfilled { outgoing: outgoing(number), secret: secret.clone() };
        let said = self.node.apply(&event).ok()?.actions;
        said.into_iter().find_map(|action| match action {
            NodeAction::Claim { secret, .. } | NodeAction::ClaimOnChain { secret, .. } => {
                Some(secret)
            }
            _ => None,
        })
    }

    fn wants(&self, number: u64) -> Vec<&'static str> {
        let (incoming, outgoing) = (incoming(number), outgoing(number));
        let is_meant = |action: &&NodeAction| {
            subject(action).is_some_and(|id| id == incoming || id == outgoing)
        };
        self.wanted.iter().filter(is_meant).filter_map(name).collect()
    }
}

/// Whether the hold of a payment was released, if there is one that is open. A hold has no other name here than its amount.
fn hold_of(node: &Node, seen: &Seen) -> Option<bool> {
    let mut holds = node.ledger().holds();
    let hold = holds.find(|hold| hold.request.amount_msat == seen.edge.amount_msat)?;
    hold.state.is_open().then(|| hold.state != HoldState::Held)
}

/// The edge that an action is about.
fn subject(action: &NodeAction) -> Option<EdgeId> {
    match action {
        NodeAction::Offer { origin: OfferOrigin::Incoming(edge), .. }
        | NodeAction::Withdraw { origin: OfferOrigin::Incoming(edge) }
        | NodeAction::Claimable { incoming: edge }
        | NodeAction::Claim { incoming: edge, .. }
        | NodeAction::ClaimOnChain { incoming: edge, .. }
        | NodeAction::SecretLate { incoming: edge, .. }
        | NodeAction::Fail { incoming: edge, .. }
        | NodeAction::TimeOut { outgoing: edge }
        | NodeAction::RaiseFees { outgoing: edge } => Some(*edge),
        _ => None,
    }
}

fn number_of(edge: EdgeId) -> Option<u64> {
    edge.channel().map(|(_, _, number)| number)
}

fn name(action: &NodeAction) -> Option<&'static str> {
    match action {
        NodeAction::Offer { .. } => Some("offer"),
        NodeAction::Withdraw { .. } => Some("withdraw"),
        NodeAction::Claimable { .. } => Some("claimable"),
        NodeAction::Claim { .. } => Some("claim"),
        NodeAction::ClaimOnChain { .. } => Some("claim on chain"),
        NodeAction::SecretLate { .. } => Some("late"),
        NodeAction::Fail { .. } => Some("fail"),
        NodeAction::TimeOut { .. } => Some("time out"),
        _ => None,
    }
}

/// A journal that was read, and is not written to.
struct Copied(History);

impl Journal for Copied {
    fn append(&mut self, _group: &[&[u8]]) -> Result<u64, JournalError> {
        Err(JournalError::FailedBefore)
    }

    fn read(&mut self) -> Result<History, JournalError> {
        Ok(self.0.clone())
    }

    fn snapshot(&mut self, _before: u64, _state: &[u8]) -> Result<(), JournalError> {
        Err(JournalError::FailedBefore)
    }
}

/// Numbers for choices (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
}

/// What drives the node, and what its neighbours do.
struct Driver {
    net: Net,
    peers: Peers,
    node: Journaled<Node, FileJournal>,
    receiver: Node,
    dice: Dice,
    wanted: Vec<NodeAction>,
}

impl Driver {
    /// Something has left, or was done to the node.
    fn say(&mut self, line: &str) {
        let line = format!("{} {line}", self.peers.height);
        say(&line);
        self.peers.hear(&self.net, &line);
    }

    /// Tells the node; says whether it has taken that.
    fn tell(&mut self, event: &NodeEvent) -> Result<(), NodeError> {
        match self.node.apply(event) {
            Ok(actions) => {
                self.wanted.extend(actions);
                Ok(())
            }
            Err(JournaledError::Role(error)) => Err(error),
            Err(error) => panic!("{error}"),
        }
    }

    /// After a start: what has happened meanwhile, what the channels and the chain say again, and what the node still wants.
    fn connect(&mut self) {
        self.block_connected();
        let numbers: Vec<u64> = self.peers.payments.keys().copied().collect();
        for number in numbers {
            let seen = &self.peers.payments[&number];
            if let Some(height) = seen.claimed {
                self.forgotten(&NodeEvent::ClaimConfirmed { incoming: incoming(number), height });
            }
            let seen = &self.peers.payments[&number];
            if seen.has_ended() {
                continue;
            }
            let (taken, handed) = (seen.taken, seen.handed_over);
            let (signed, fulfilled, refused) = (seen.signed, seen.fulfilled, seen.refused);
            let refund = seen.refund;
            if !taken {
                self.commit(number);
            } else if !handed {
                self.hand_over(number);
            }
            // The channel has kept what it was given, and sends it again.
            let event = NodeEvent::FailGiven { incoming: incoming(number) };
            if self.copy().apply(&event).is_ok() {
                self.tell(&event).unwrap();
                self.say(&format!("failed {number}"));
                continue;
            }
            if !signed && self.has_outgoing(number) {
                self.say(&format!("signed {number}"));
            }
            if fulfilled {
                self.fulfil(number);
            } else if refused {
                self.refuse(number);
            } else if let Some(height) = refund {
                let event = NodeEvent::OutgoingTakenBack { outgoing: outgoing(number), height };
                let _ = self.tell(&event);
            }
        }
        self.wanted = self.node.pending().unwrap();
        while let Some(action) = self.wanted.pop() {
            self.carry_out(action);
        }
        self.end();
    }

    /// The node once more, to be asked what changes it.
    fn copy(&self) -> Node {
        make(Some(&self.node.role().unwrap().snapshot())).unwrap()
    }

    /// Whether the outgoing edge of a payment counts as committed.
    fn has_outgoing(&self, number: u64) -> bool {
        let mut copy = self.copy();
        let (outgoing, secret) = (outgoing(number), LockSecret::Scalar(crate::net::nobodys()));
        let refused = copy.apply(&NodeEvent::OutgoingFulfilled { outgoing, secret }).unwrap_err();
        refused == NodeError::Forwarder(ForwarderError::Edge(EdgeError::WrongSecret(outgoing)))
    }

    fn step(&mut self) {
        match self.dice.roll(100) {
            0..25 if self.peers.payments.len() < OPEN => self.begin(),
            0..35 => self.announce(),
            35..55 => self.answer(),
            55..72 => {
                self.peers.height += 1 + (self.dice.roll(6) / 5) as u32;
                self.say("block");
                self.block_connected();
                self.wanted = self.node.pending().unwrap();
            }
            72..76 => {
                let state = self.node.role().unwrap().snapshot();
                self.node.snapshot(&state).unwrap();
                self.say("snapshot");
            }
            _ if !self.wanted.is_empty() => {
                let place = self.dice.roll(self.wanted.len());
                let action = self.wanted.swap_remove(place);
                self.carry_out(action);
            }
            _ => {}
        }
        self.end();
    }

    fn block_connected(&mut self) {
        let event = NodeEvent::Block { height: self.peers.height };
        self.tell(&event).unwrap();
        let _ = self.receiver.apply(&event).unwrap();
    }

    fn begin(&mut self) {
        let number = self.peers.next;
        self.say(&format!("offered {number}"));
        self.commit(number);
    }

    fn commit(&mut self, number: u64) {
        let sent = self.net.sent(number, self.peers.payments[&number].height);
        match self.tell(&sent.event()) {
            Ok(()) => {}
            // It was written down, and not acknowledged.
            Err(NodeError::Edge(EdgeError::Known(_))) => {}
            Err(error) => panic!("{error}"),
        }
        self.say(&format!("taken {number}"));
        self.hand_over(number);
    }

    fn hand_over(&mut self, number: u64) {
        let sent = self.net.sent(number, self.peers.payments[&number].height);
        let Some(message) = sent.handover else { return };
        // A hold that is over refuses it, and so does one that has it.
        let event = NodeEvent::MessageReceived { message, entropy: entropy(number) };
        if self.tell(&event).is_ok() {
            self.say(&format!("handed {number}"));
        }
    }

    /// A hold is announced, and the receiver is there to release it.
    fn announce(&mut self) {
        let height = self.peers.height;
        let holds: Vec<HoldId> = self.node.role().unwrap().ledger().announced(height).collect();
        if holds.is_empty() {
            return;
        }
        let hold = holds[self.dice.roll(holds.len())];
        let amount = self.node.role().unwrap().ledger().get(&hold).unwrap().request.amount_msat;
        let is_held = |(_, seen): &(&u64, &Seen)| seen.edge.amount_msat == amount;
        let number = *self.peers.payments.iter().find(is_held).unwrap().0;
        let event = NodeEvent::AnnounceHold { hold, entropy: entropy(number) };
        let actions = self.node.apply(&event).unwrap();
        let announcement = actions.into_iter().find_map(|action| match action {
            NodeAction::SendMessage { message, .. } => Some(message),
            _ => None,
        });
        let Some(message) = release(&mut self.receiver, announcement.unwrap(), number) else {
            return;
        };
        let event = NodeEvent::MessageReceived { message, entropy: entropy(number) };
        self.tell(&event).unwrap();
        if hold_of(self.node.role().unwrap(), &self.peers.payments[&number]) == Some(true) {
            self.say(&format!("released {number}"));
        }
    }

    /// The receiver claims or fails one of the edges that it was offered.
    fn answer(&mut self) {
        let is_open = |(_, seen): &(&u64, &Seen)| {
            let kind = matches!(seen.kind, Kind::Forwarded | Kind::Held);
            kind && seen.signed && !seen.fulfilled && !seen.refused && seen.refund.is_none()
        };
        let open: Vec<u64> =
            self.peers.payments.iter().filter(is_open).map(|(number, _)| *number).collect();
        if open.is_empty() {
            return;
        }
        let number = open[self.dice.roll(open.len())];
        if self.dice.roll(3) > 0 {
            self.say(&format!("fulfilled {number}"));
            self.fulfil(number);
        } else {
            self.say(&format!("refused {number}"));
            self.refuse(number);
        }
    }

    fn fulfil(&mut self, number: u64) {
        let (_, secret) = self.peers.payments[&number].added.clone().unwrap();
        self.tell(&NodeEvent::OutgoingFulfilled { outgoing: outgoing(number), secret }).unwrap();
        self.say(&format!("learned {number}"));
    }

    fn refuse(&mut self, number: u64) {
        let outgoing = outgoing(number);
        match self.tell(&NodeEvent::OutgoingFailed { outgoing, failure: None }) {
            Ok(())
            | Err(NodeError::Forwarder(ForwarderError::Edge(EdgeError::OutOfOrder { .. }))) => {}
            Err(error) => panic!("{error}"),
        }
        self.say(&format!("told {number}"));
    }

    /// What the node wants is done, unless it is too late for that or was done.
    fn carry_out(&mut self, action: NodeAction) {
        let Some(number) = subject(&action).and_then(number_of) else { return };
        let Some(seen) = self.peers.payments.get(&number).cloned() else { return };
        let kind = seen.kind;
        match action {
            NodeAction::Offer { proposal, .. } if kind != Kind::Unanswered => {
                self.offer(number, &proposal);
            }
            NodeAction::Withdraw { origin } => {
                self.say(&format!("withdrawn {number}"));
                let _ = self.tell(&NodeEvent::OfferFailed { origin });
            }
            NodeAction::Claimable { incoming } => {
                let _ = self.tell(&NodeEvent::Claiming { incoming });
            }
            // Some payers are away until the node has to claim on the chain.
            NodeAction::Claim { secret, .. } if number % 5 > 0 => {
                self.say(&format!("secret {number} {}", digits(&secret)));
            }
            NodeAction::ClaimOnChain { incoming, secret } if seen.claimed.is_none() => {
                self.say(&format!("chain {number} {}", digits(&secret)));
                let height = self.peers.height;
                self.tell(&NodeEvent::ClaimConfirmed { incoming, height }).unwrap();
            }
            NodeAction::Fail { incoming, .. }
                if self.tell(&NodeEvent::FailGiven { incoming }).is_ok() =>
            {
                self.say(&format!("failed {number}"));
            }
            NodeAction::TimeOut { outgoing } if seen.refund.is_none() => {
                self.say(&format!("refunded {number}"));
                let height = self.peers.height;
                let _ = self.tell(&NodeEvent::OutgoingTakenBack { outgoing, height });
            }
            NodeAction::SecretLate { .. } => panic!("{action:?}"),
            _ => {}
        }
    }

    fn offer(&mut self, number: u64, proposal: &Proposal) {
        let edge = edge(outgoing(number), proposal);
        if self.peers.payments[&number].added.is_none() {
            let Some(secret) = secret_of(&mut self.receiver, edge, proposal) else { return };
            self.say(&format!("added {number} {} {}", edge.expiry, digits(&secret)));
        } else {
            let (_, secret) = self.peers.payments[&number].added.clone().unwrap();
            self.say(&format!("added {number} {} {}", edge.expiry, digits(&secret)));
        }
        let origin = OfferOrigin::Incoming(incoming(number));
        if self.tell(&NodeEvent::OutgoingCommitted { origin, edge }).is_ok() {
            self.say(&format!("signed {number}"));
        }
    }

    /// The edges of which the payers have the secret or the failure leave their channels; those that were claimed on the chain, when that is
    /// final.
    fn end(&mut self) {
        let height = self.peers.height;
        let is_over = |seen: &Seen| {
            seen.has_ended() && seen.claimed.is_none_or(|claimed| claimed + 6 <= height)
        };
        let payments = self.peers.payments.iter();
        let over: Vec<(u64, bool, Option<u32>)> = payments
            .filter(|(_, seen)| is_over(seen))
            .map(|(number, seen)| (*number, seen.secret, seen.claimed))
            .collect();
        for (number, secret, claimed) in over {
            let incoming = incoming(number);
            let event = match (secret, claimed) {
                (true, Some(height)) => NodeEvent::ClaimConfirmed { incoming, height },
                (true, None) => NodeEvent::IncomingClaimed { incoming },
                (false, _) => NodeEvent::IncomingFailed { incoming },
            };
            // Told once, it is known no more.
            assert!(self.forgotten(&event) || self.forgotten(&event), "{event:?}");
            self.say(&format!("gone {number}"));
        }
    }

    /// Whether an edge that has ended is forgotten; its end is told first.
    fn forgotten(&mut self, event: &NodeEvent) -> bool {
        match self.tell(event) {
            Ok(()) => false,
            Err(
                // A forwarder's word for a failure of what it does not know.
                NodeError::Forwarder(ForwarderError::Edge(EdgeError::OutOfOrder {
                    event: "failure",
                    ..
                }))
                | NodeError::Edge(EdgeError::Unknown(_))
                | NodeError::Forwarder(ForwarderError::Edge(EdgeError::Unknown(_)))
                | NodeError::Receiver(ReceiverError::Edge(EdgeError::Unknown(_))),
            ) => true,
            Err(error) => panic!("{event:?}: {error}"),
        }
    }
}
