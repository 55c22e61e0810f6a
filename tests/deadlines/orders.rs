//! Every order of what can happen to one forwarded payment, with a crash after every event: not drawn by lot, but all of them, each state of the
//! small world once. The coalition is that of `coalition`, and so are the rules of the chain.
//!
//! ```text
//! off the chain   the neighbour answers the offer; gives the secret; fails; takes the forwarder's claim, or its failure; the receiver releases;
//!                 everybody reconnects, and is asked again
//! a block         of the next height that anybody waits for; in it the coalition's claim of the outgoing edge, the forwarder's refund, or neither;
//!                 the forwarder's claim of the incoming edge, the coalition's refund, or neither
//! the chain       loses its last block, or its last two, so many times in a history
//! a crash         after no event of such a step, or after any of them: what the role wanted is lost, and it wants what its state makes it want
//! ```
//!
//! Blocks between two heights that matter are passed over: nothing can happen in them that can't happen in the one before or behind.

use std::collections::{BTreeMap, BTreeSet};

use pointlock::curve::Tag;
use pointlock::payment::{Forwarder, ForwarderAction, ForwarderEvent, Role};

use crate::edges::{Edges, Stands, TO_CONFIRM};
use crate::scene::{
    CLAIM_MARGIN, GRACE, HEIGHT, IN_EXPIRY, OUT_EXPIRY, committed, config, fulfilled, held_payload,
    incoming, outgoing, payload, released,
};

/// What is held is held until here.
const CUTOFF: u32 = HEIGHT + 20;
/// Everything has ended by then.
const END: u32 = IN_EXPIRY + 2 * TO_CONFIRM;
/// So often a chain loses blocks.
const REORGANISATIONS: u8 = 2;
/// With so many confirmations something is final.
const FINAL: u32 = 6;

/// What happens to the edge in the next block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InBlock {
    Nothing,
    Claim,
    Refund,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Answer,
    Secret,
    Failure,
    TakeClaim,
    TakeFailure,
    Release,
    Reconnect,
    Block { outgoing: InBlock, incoming: InBlock },
    Reorganise { depth: u32 },
}

#[derive(Clone)]
struct World {
    edges: Edges,
    released: bool,
    reorganised: u8,
    /// The role's state.
    role: Vec<u8>,
    /// How many events it was told in this step, and behind which of them it crashes.
    told: usize,
    crash: Option<usize>,
    wrong: Option<String>,
}

impl World {
    /// The incoming edge has come; held, or to be forwarded at once.
    fn new(held: bool) -> Self {
        let forwarder = Forwarder::new(config()).unwrap();
        let mut world = Self {
            edges: Edges::new(),
            released: !held,
            reorganised: 0,
            role: forwarder.snapshot().to_vec(),
            told: 0,
            crash: None,
            wrong: None,
        };
        let payload = if held { held_payload(CUTOFF) } else { payload() };
        world.tell(&committed(incoming(), &payload));
        world
    }

    /// All that is remembered, under one name.
    fn name(&self) -> [u8; 32] {
        let rest = format!("{:?}{}{}", self.edges, self.released, self.reorganised);
        Tag::new("pointlock/test").hash(&[rest.as_bytes(), &self.role])
    }

    fn is_wrong(&mut self, what: impl Into<String>) {
        self.wrong.get_or_insert(what.into());
    }

    fn tell(&mut self, event: &ForwarderEvent) {
        let mut forwarder = Forwarder::restore(config(), &self.role).unwrap();
        let mut actions = match forwarder.apply(event) {
            Ok(reaction) => reaction.actions,
            Err(error) => return self.is_wrong(error.to_string()),
        };
        self.role = forwarder.snapshot().to_vec();
        if self.crash == Some(self.told) {
            actions = Forwarder::restore(config(), &self.role).unwrap().pending();
        }
        self.told += 1;
        self.carry_out(actions);
    }

    fn carry_out(&mut self, actions: Vec<ForwarderAction>) {
        for action in actions {
            match self.edges.carry_out(&action) {
                Ok(told) => told.iter().for_each(|event| self.tell(event)),
                Err(wrong) => self.is_wrong(wrong),
            }
        }
    }

    /// The next height that anybody waits for.
    fn next_height(&self) -> u32 {
        let reported = |stands| match stands {
            Stands::Claimed(Some(height)) | Stands::Back(Some(height)) => Some(height + FINAL - 1),
            _ => None,
        };
        let waited = [self.edges.refund, self.edges.claim_on_chain].into_iter().flatten();
        let late = waited.map(|since| since + TO_CONFIRM);
        let final_at = [self.edges.outgoing, self.edges.incoming].into_iter().filter_map(reported);
        let withdrawn = OUT_EXPIRY - GRACE - CLAIM_MARGIN;
        let of_edges = [
            CUTOFF - 1,
            CUTOFF,
            withdrawn - 1,
            withdrawn,
            OUT_EXPIRY,
            OUT_EXPIRY + 1,
            OUT_EXPIRY + GRACE - 1,
            OUT_EXPIRY + GRACE,
            IN_EXPIRY - CLAIM_MARGIN - 1,
            IN_EXPIRY - CLAIM_MARGIN,
            IN_EXPIRY,
            IN_EXPIRY + 1,
            END,
        ];
        let next = of_edges.into_iter().chain(late).chain(final_at);
        next.filter(|height| *height > self.edges.height).min().unwrap_or(self.edges.height + 1)
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = vec![Step::Reconnect];
        let stands = (self.edges.outgoing == Stands::Locked, self.edges.incoming == Stands::Locked);
        let off_chain = [
            (Step::Answer, self.edges.offer),
            (Step::Secret, stands.0),
            (Step::Failure, stands.0 && self.edges.refund.is_none()),
            (Step::TakeClaim, stands.1 && self.edges.claim),
            (Step::TakeFailure, stands.1 && self.edges.fail),
            (Step::Release, !self.released),
        ];
        steps.extend(off_chain.into_iter().filter(|(_, may)| *may).map(|(step, _)| step));
        let height = self.next_height();
        let late = |since: Option<u32>| since.is_some_and(|since| since + TO_CONFIRM <= height);
        let of_outgoing = [
            (InBlock::Nothing, !(stands.0 && late(self.edges.refund))),
            (InBlock::Claim, stands.0),
            (InBlock::Refund, stands.0 && self.edges.refund.is_some()),
        ];
        let of_incoming = [
            (InBlock::Nothing, !(stands.1 && late(self.edges.claim_on_chain))),
            (InBlock::Claim, stands.1 && self.edges.claim_on_chain.is_some()),
            (InBlock::Refund, stands.1 && height > IN_EXPIRY),
        ];
        for (outgoing, _) in of_outgoing.into_iter().filter(|(_, may)| *may) {
            for (incoming, _) in of_incoming.into_iter().filter(|(_, may)| *may) {
                steps.push(Step::Block { outgoing, incoming });
            }
        }
        if self.reorganised < REORGANISATIONS && self.edges.height > HEIGHT + 2 {
            steps.extend([1, 2].map(|depth| Step::Reorganise { depth }));
        }
        steps
    }

    /// The world after a step, with a crash behind that event of it.
    fn after(&self, step: Step, crash: Option<usize>) -> Self {
        let mut world = Self { told: 0, crash, ..self.clone() };
        let (into, out_of) = (incoming().id, outgoing().id);
        match step {
            Step::Answer => {
                world.edges.offer = false;
                world.edges.outgoing = Stands::Locked;
                let edge = outgoing();
                world.tell(&ForwarderEvent::OutgoingCommitted { incoming: into, edge });
            }
            Step::Secret => {
                world.edges.outgoing = Stands::Claimed(None);
                world.tell(&fulfilled());
            }
            Step::Failure => {
                world.edges.outgoing = Stands::Back(None);
                world.tell(&ForwarderEvent::OutgoingFailed { outgoing: out_of, failure: None });
            }
            Step::TakeClaim => {
                world.edges.incoming = Stands::Claimed(None);
                world.tell(&ForwarderEvent::IncomingClaimed { incoming: into });
            }
            Step::TakeFailure => {
                world.edges.incoming = Stands::Back(None);
                world.tell(&ForwarderEvent::IncomingFailed { incoming: into });
            }
            Step::Release => {
                world.released = true;
                world.tell(&released());
            }
            Step::Reconnect => {
                let pending = Forwarder::restore(config(), &world.role).unwrap().pending();
                world.carry_out(pending);
            }
            Step::Block { outgoing, incoming } => world.mine(outgoing, incoming),
            Step::Reorganise { depth } => world.reorganise(depth),
        }
        if world.edges.are_lost() {
            world.is_wrong("loses the amount");
        }
        world
    }

    fn mine(&mut self, of_outgoing: InBlock, of_incoming: InBlock) {
        let height = self.next_height();
        self.edges.height = height;
        match of_outgoing {
            InBlock::Nothing => {}
            InBlock::Claim => self.edges.outgoing = Stands::Claimed(Some(height)),
            InBlock::Refund => self.edges.outgoing = Stands::Back(Some(height)),
        }
        match of_incoming {
            InBlock::Nothing => {}
            InBlock::Claim => self.edges.incoming = Stands::Claimed(Some(height)),
            InBlock::Refund => self.edges.incoming = Stands::Back(Some(height)),
        }
        self.tell(&ForwarderEvent::Block { height });
        match of_outgoing {
            InBlock::Nothing => {}
            InBlock::Claim => self.tell(&fulfilled()),
            InBlock::Refund => {
                let outgoing = outgoing().id;
                self.tell(&ForwarderEvent::OutgoingTakenBack { outgoing, height });
            }
        }
        let incoming = incoming().id;
        let known = Forwarder::restore(config(), &self.role).unwrap().has_incoming(&incoming);
        match of_incoming {
            InBlock::Claim if known => {
                self.tell(&ForwarderEvent::ClaimConfirmed { incoming, height });
            }
            InBlock::Refund if known => {
                self.tell(&ForwarderEvent::IncomingTakenBack { incoming, height });
            }
            _ => {}
        }
    }

    fn reorganise(&mut self, depth: u32) {
        self.reorganised += 1;
        for _ in 0..depth {
            let lost = self.edges.disconnect();
            self.tell(&lost);
        }
    }

    /// What is left at the end: nothing that the forwarder has paid for and not been paid.
    fn end(&self) -> String {
        let word = |stands| match stands {
            Stands::Nowhere => "never offered",
            Stands::Locked => "locked",
            Stands::Claimed(_) => "claimed",
            Stands::Back(_) => "back",
        };
        format!("{} / {}", word(self.edges.outgoing), word(self.edges.incoming))
    }
}

/// How a state was reached: from the state with this number, by a step, with a crash behind this event of it.
type By = (usize, Step, Option<usize>);

/// What a search has gone through.
#[derive(Default)]
struct Search {
    seen: BTreeSet<[u8; 32]>,
    /// Each state, and how it was reached first.
    reached: Vec<(World, Option<By>)>,
    steps: usize,
    crashes: usize,
    ends: BTreeMap<String, usize>,
}

impl Search {
    fn reach(&mut self, world: World, by: Option<By>) {
        let wrong = world.wrong.clone();
        if self.seen.insert(world.name()) || wrong.is_some() {
            self.reached.push((world, by));
        }
        if let Some(wrong) = wrong {
            panic!("the forwarder {wrong}:\n{}", self.history(self.reached.len() - 1));
        }
    }

    fn history(&self, last: usize) -> String {
        let mut lines = Vec::new();
        let mut at = Some(last);
        while let Some(index) = at {
            let (world, by) = &self.reached[index];
            lines.push(format!("{}: {by:?}", world.edges.height));
            at = by.map(|(before, ..)| before);
        }
        lines.reverse();
        lines.join("\n")
    }

    fn run(&mut self, held: bool) {
        let first = self.reached.len();
        self.reach(World::new(held), None);
        let mut at = first;
        while at < self.reached.len() {
            let world = self.reached[at].0.clone();
            if world.edges.height >= END {
                *self.ends.entry(world.end()).or_default() += 1;
                let paid = matches!(world.edges.outgoing, Stands::Claimed(_));
                let is_paid = matches!(world.edges.incoming, Stands::Claimed(_));
                assert!(!paid || is_paid, "{}:\n{}", world.end(), self.history(at));
                at += 1;
                continue;
            }
            for step in world.steps() {
                let without = world.after(step, None);
                let events = without.told;
                self.reach(without, Some((at, step, None)));
                self.steps += 1;
                for crash in 0..events {
                    self.reach(world.after(step, Some(crash)), Some((at, step, Some(crash))));
                    self.crashes += 1;
                }
            }
            // Its bytes are of no use any more.
            self.reached[at].0.role = Vec::new();
            at += 1;
        }
    }
}

#[test]
fn every_order_with_a_crash_after_every_event() {
    let mut search = Search::default();
    search.run(false);
    search.run(true);
    let (states, steps, crashes) = (search.seen.len(), search.steps, search.crashes);
    println!("{states} states, {steps} steps, {crashes} crashes, ends {:?}", search.ends);
    assert!(states > 2_000 && crashes > 5_000, "{states} states, {crashes} crashes");
    for end in ["claimed / claimed", "back / back", "never offered / back"] {
        assert!(search.ends.contains_key(end), "{end}: {:?}", search.ends);
    }
}
