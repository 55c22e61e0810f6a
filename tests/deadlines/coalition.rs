//! The sender and the receiver are one party, and the forwarder between them is honest. They put off, take back and tell as it suits them,
//! blocks come and go, and the forwarder crashes. It never loses the amount.
//!
//! ```text
//! what the coalition wants    the outgoing edge claimed, and the incoming one not
//! what it can do              answer an offer late; fail, fulfil or claim the outgoing edge at any time; refuse the forwarder's claim and
//!                             failure; keep its transactions out of blocks for S = 12; take the incoming edge back after its expiry
//! what the chain does         mines; replaces its last two blocks (R = 2)
//! what the forwarder does     what its role wants, at once; or it crashes, and does what its events make it want
//! ```

use std::collections::BTreeMap;

use pointlock::payment::{Forwarder, ForwarderAction, ForwarderEvent, Recorded};

use crate::edges::{Edges, Stands, TO_CONFIRM};
use crate::scene::{
    HEIGHT, IN_EXPIRY, OUT_EXPIRY, committed, config, fulfilled, held_payload, incoming, outgoing,
    payload, released,
};

/// How the coalition plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strategy {
    /// Whatever comes to its mind.
    Any,
    /// It answers the offer as late as it is let, and claims as late as it can; it takes neither claim nor failure off the chain.
    Late,
}

struct World {
    random: u64,
    strategy: Strategy,
    role: Recorded<Forwarder>,
    edges: Edges,
    /// The secret of the outgoing edge is known to the forwarder's driver.
    seen: bool,
    history: Vec<String>,
}

impl World {
    fn new(seed: u64) -> Self {
        let role = Recorded::new(Forwarder::new(config()).unwrap());
        let strategy = if seed % 2 == 0 { Strategy::Any } else { Strategy::Late };
        let mut world = Self {
            strategy,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            role,
            edges: Edges::new(),
            seen: false,
            history: Vec::new(),
        };
        let held = world.draw(3) == 0;
        let payload = if held { held_payload(HEIGHT + 20) } else { payload() };
        world.tell(committed(incoming(), &payload));
        if held && world.draw(4) > 0 {
            world.mine(19);
            world.tell(released());
        }
        world
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    /// The role is told, and its driver does what it wants: at once, or after a crash that has lost it.
    fn tell(&mut self, event: ForwarderEvent) {
        self.history.push(format!("{}: {}", self.edges.height, short(&event)));
        let actions = self.role.apply(event).unwrap_or_else(|error| self.fails(&error.to_string()));
        // Where nothing is lost, a crash is a replay like any other.
        let seldom = if actions.is_empty() { 24 } else { 4 };
        let actions = if self.draw(seldom) == 0 {
            self.history.push("crash".into());
            self.restart()
        } else {
            actions
        };
        for action in actions {
            self.carry_out(action);
        }
    }

    fn restart(&mut self) -> Vec<ForwarderAction> {
        let empty = Recorded::new(Forwarder::new(config()).unwrap());
        let lost = std::mem::replace(&mut self.role, empty);
        let fresh = Forwarder::new(config()).unwrap();
        self.role = Recorded::replay(fresh, lost.into_log()).unwrap();
        self.role.pending()
    }

    fn carry_out(&mut self, action: ForwarderAction) {
        self.history.push(format!("   {}", crate::scene::names(std::slice::from_ref(&action))[0]));
        match self.edges.carry_out(&action) {
            Ok(told) => told.into_iter().for_each(|event| self.tell(event)),
            Err(wrong) => self.fails(&wrong),
        }
    }

    /// One step of the coalition's.
    fn step(&mut self) {
        let late = self.strategy == Strategy::Late;
        match self.draw(12) {
            _ if late && self.edges.offer && self.edges.height < OUT_EXPIRY - 25 => self.mine(1),
            0..=3 if self.edges.offer && (late || self.draw(3) == 0) => {
                self.edges.offer = false;
                let (incoming, edge) = (incoming().id, outgoing());
                // The driver asks before its signature leaves.
                self.edges.outgoing = Stands::Locked;
                self.tell(ForwarderEvent::OutgoingCommitted { incoming, edge });
            }
            4 if !late && self.edges.outgoing == Stands::Locked && self.draw(3) == 0 => {
                self.edges.outgoing = Stands::Claimed(None);
                self.see();
            }
            5 if !late
                && self.edges.outgoing == Stands::Locked
                && self.edges.refund.is_none()
                && self.draw(6) == 0 =>
            {
                self.edges.outgoing = Stands::Back(None);
                let outgoing = outgoing().id;
                self.tell(ForwarderEvent::OutgoingFailed { outgoing, failure: None });
            }
            6 if !late
                && self.edges.claim
                && self.edges.incoming == Stands::Locked
                && self.draw(4) == 0 =>
            {
                self.edges.incoming = Stands::Claimed(None);
                self.tell(ForwarderEvent::IncomingClaimed { incoming: incoming().id });
            }
            7 if !late
                && self.edges.fail
                && self.edges.incoming == Stands::Locked
                && self.draw(2) == 0 =>
            {
                self.edges.incoming = Stands::Back(None);
                self.tell(ForwarderEvent::IncomingFailed { incoming: incoming().id });
            }
            8 if self.draw(3) == 0 => self.reorganise(),
            9 if !late => {
                let blocks = 1 + self.draw(25) as u32;
                self.mine(blocks);
            }
            _ => self.mine(1),
        }
    }

    fn see(&mut self) {
        self.seen = true;
        self.tell(fulfilled());
    }

    fn mine(&mut self, blocks: u32) {
        for _ in 0..blocks {
            self.edges.height += 1;
            let height = self.edges.height;
            let late = |since: Option<u32>| since.is_some_and(|since| since + TO_CONFIRM <= height);
            // The coalition's transactions come first wherever both are possible.
            let now = match self.strategy {
                Strategy::Any => self.draw(40) == 0,
                Strategy::Late => late(self.edges.refund),
            };
            let claims_outgoing = now && self.edges.outgoing == Stands::Locked;
            let (mut claimed, mut taken_back) = (false, false);
            if claims_outgoing {
                self.edges.outgoing = Stands::Claimed(Some(height));
                claimed = true;
            } else if self.edges.refund.is_some()
                && self.edges.outgoing == Stands::Locked
                && (late(self.edges.refund) || self.draw(4) == 0)
            {
                self.edges.outgoing = Stands::Back(Some(height));
                taken_back = true;
            }
            let (mut confirmed, mut lost) = (false, false);
            if self.edges.incoming == Stands::Locked {
                let takes_back = self.strategy == Strategy::Late || self.draw(2) == 0;
                if height > IN_EXPIRY && takes_back {
                    self.edges.incoming = Stands::Back(Some(height));
                    lost = true;
                } else if self.edges.claim_on_chain.is_some()
                    && (late(self.edges.claim_on_chain) || self.draw(4) == 0)
                {
                    self.edges.incoming = Stands::Claimed(Some(height));
                    confirmed = true;
                }
            }
            self.tell(ForwarderEvent::Block { height });
            if claimed {
                self.see();
            }
            if taken_back {
                let outgoing = outgoing().id;
                self.tell(ForwarderEvent::OutgoingTakenBack { outgoing, height });
            }
            let incoming = incoming().id;
            if self.role.role().has_incoming(&incoming) {
                if confirmed {
                    self.tell(ForwarderEvent::ClaimConfirmed { incoming, height });
                } else if lost {
                    self.tell(ForwarderEvent::IncomingTakenBack { incoming, height });
                }
            }
        }
    }

    /// The last one or two blocks are replaced.
    fn reorganise(&mut self) {
        let depth = 1 + self.draw(2) as u32;
        // Not below the block in which it all began.
        if self.edges.height < HEIGHT + 3 {
            return;
        }
        for _ in 0..depth {
            let lost = self.edges.disconnect();
            self.tell(lost);
        }
    }

    fn check(&self) {
        if self.edges.are_lost() {
            self.fails("loses the amount");
        }
    }

    fn fails(&self, what: &str) -> ! {
        panic!("the forwarder {what}:\n{}", self.history.join("\n"))
    }
}

fn short(event: &ForwarderEvent) -> String {
    let text = format!("{event:?}");
    text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

/// Plays one history to its end; says how it ended for the forwarder.
fn play(seed: u64) -> (Stands, Stands) {
    let mut world = World::new(seed);
    while world.edges.height < IN_EXPIRY + 30 {
        world.step();
        world.check();
    }
    // Nobody puts anything off any more.
    world.mine(40);
    world.check();
    let open = world.edges.incoming == Stands::Locked || world.role.role().payment_count() > 0;
    if open && world.edges.outgoing != Stands::Locked {
        // A neighbour that never answers has its edge until somebody goes on the chain, which it does after the expiry.
        world.mine(60);
    }
    world.check();
    (world.edges.outgoing, world.edges.incoming)
}

fn play_all(seeds: core::ops::RangeInclusive<u64>) {
    let mut ends = BTreeMap::<String, usize>::new();
    for seed in seeds {
        let (outgoing, incoming) = play(seed);
        let word = |stands| match stands {
            Stands::Nowhere => "never offered",
            Stands::Locked => "locked",
            Stands::Claimed(_) => "claimed",
            Stands::Back(_) => "back",
        };
        *ends.entry(format!("{} / {}", word(outgoing), word(incoming))).or_default() += 1;
    }
    println!("{ends:?}");
    // The histories reach what they are for.
    for end in ["claimed / claimed", "back / back", "never offered / back"] {
        assert!(ends.get(end).copied().unwrap_or(0) >= 10, "{end}: {ends:?}");
    }
}

#[test]
fn a_forwarder_between_two_who_collude_loses_nothing() {
    play_all(1..=400);
}

/// `just long-deadlines`
#[test]
#[ignore = "fifty thousand histories take minutes: `just long-deadlines`"]
fn a_forwarder_between_two_who_collude_loses_nothing_for_long() {
    play_all(1..=50_000);
}
