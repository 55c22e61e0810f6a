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

use crate::scene::{
    GRACE, HEIGHT, IN_EXPIRY, OUT_EXPIRY, committed, config, fulfilled, held_payload, incoming,
    outgoing, payload, released,
};

/// S: a transaction of the forwarder's is in a block after so many at the latest.
pub(crate) const TO_CONFIRM: u32 = 12;

/// Where an edge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// It was not offered yet.
    Nowhere,
    /// As it was agreed on.
    Locked,
    /// By the other side, or by the forwarder: in a channel, or in the block of this height.
    Claimed(Option<u32>),
    /// Back with who offered it, the same.
    Back(Option<u32>),
}

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
    height: u32,
    role: Recorded<Forwarder>,
    outgoing: Stands,
    incoming: Stands,
    /// Offered, and the neighbour has not answered.
    offer: bool,
    /// The secret was given to the neighbour before, who has not taken it.
    claim: bool,
    /// The failure was given to the neighbour before, who has not taken it.
    fail: bool,
    /// Transactions that are on their way into a block, since this height.
    refund: Option<u32>,
    claim_on_chain: Option<u32>,
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
            height: HEIGHT,
            role,
            outgoing: Stands::Nowhere,
            incoming: Stands::Locked,
            offer: false,
            claim: false,
            fail: false,
            refund: None,
            claim_on_chain: None,
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
        self.history.push(format!("{}: {}", self.height, short(&event)));
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
        match action {
            ForwarderAction::Offer { .. } => self.offer = self.outgoing == Stands::Nowhere,
            ForwarderAction::Withdraw { .. } => {
                self.offer = false;
                self.tell(ForwarderEvent::OfferFailed { incoming: incoming().id });
            }
            ForwarderAction::Claim { .. } => self.claim = self.incoming == Stands::Locked,
            // One that was given before is on its way.
            ForwarderAction::ClaimOnChain { .. } | ForwarderAction::SecretLate { .. } => {
                self.claim_on_chain.get_or_insert(self.height);
            }
            ForwarderAction::Fail { .. } => {
                if self.outgoing == Stands::Locked {
                    self.fails("fails the incoming edge while the outgoing one stands");
                }
                if self.incoming == Stands::Locked && !self.fail {
                    self.fail = true;
                    self.tell(ForwarderEvent::FailGiven { incoming: incoming().id });
                }
            }
            ForwarderAction::TimeOut { .. } => {
                assert!(self.height >= OUT_EXPIRY + GRACE);
                self.refund.get_or_insert(self.height);
            }
            ForwarderAction::RaiseFees { .. } | ForwarderAction::ReleaseRefused { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    /// One step of the coalition's.
    fn step(&mut self) {
        let late = self.strategy == Strategy::Late;
        match self.draw(12) {
            _ if late && self.offer && self.height < OUT_EXPIRY - 25 => self.mine(1),
            0..=3 if self.offer && (late || self.draw(3) == 0) => {
                self.offer = false;
                let (incoming, edge) = (incoming().id, outgoing());
                // The driver asks before its signature leaves.
                self.outgoing = Stands::Locked;
                self.tell(ForwarderEvent::OutgoingCommitted { incoming, edge });
            }
            4 if !late && self.outgoing == Stands::Locked && self.draw(3) == 0 => {
                self.outgoing = Stands::Claimed(None);
                self.see();
            }
            5 if !late
                && self.outgoing == Stands::Locked
                && self.refund.is_none()
                && self.draw(6) == 0 =>
            {
                self.outgoing = Stands::Back(None);
                let outgoing = outgoing().id;
                self.tell(ForwarderEvent::OutgoingFailed { outgoing, failure: None });
            }
            6 if !late && self.claim && self.incoming == Stands::Locked && self.draw(4) == 0 => {
                self.incoming = Stands::Claimed(None);
                self.tell(ForwarderEvent::IncomingClaimed { incoming: incoming().id });
            }
            7 if !late && self.fail && self.incoming == Stands::Locked && self.draw(2) == 0 => {
                self.incoming = Stands::Back(None);
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
            self.height += 1;
            let height = self.height;
            let late = |since: Option<u32>| since.is_some_and(|since| since + TO_CONFIRM <= height);
            // The coalition's transactions come first wherever both are possible.
            let now = match self.strategy {
                Strategy::Any => self.draw(40) == 0,
                Strategy::Late => late(self.refund),
            };
            let claims_outgoing = now && self.outgoing == Stands::Locked;
            let (mut claimed, mut taken_back) = (false, false);
            if claims_outgoing {
                self.outgoing = Stands::Claimed(Some(height));
                claimed = true;
            } else if self.refund.is_some()
                && self.outgoing == Stands::Locked
                && (late(self.refund) || self.draw(4) == 0)
            {
                self.outgoing = Stands::Back(Some(height));
                taken_back = true;
            }
            let (mut confirmed, mut lost) = (false, false);
            if self.incoming == Stands::Locked {
                let takes_back = self.strategy == Strategy::Late || self.draw(2) == 0;
                if height > IN_EXPIRY && takes_back {
                    self.incoming = Stands::Back(Some(height));
                    lost = true;
                } else if self.claim_on_chain.is_some()
                    && (late(self.claim_on_chain) || self.draw(4) == 0)
                {
                    self.incoming = Stands::Claimed(Some(height));
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

    /// The last one or two blocks are replaced. What was the forwarder's in them is on its way again; what was the coalition's stays
    /// possible.
    fn reorganise(&mut self) {
        let depth = 1 + self.draw(2) as u32;
        // Not below the block in which it all began.
        if self.height < HEIGHT + 3 {
            return;
        }
        for _ in 0..depth {
            let height = self.height;
            if self.outgoing == Stands::Back(Some(height)) {
                self.outgoing = Stands::Locked;
                self.refund = Some(height.saturating_sub(TO_CONFIRM));
            }
            if self.outgoing == Stands::Claimed(Some(height)) {
                self.outgoing = Stands::Claimed(None);
            }
            if self.incoming == Stands::Claimed(Some(height)) {
                self.incoming = Stands::Locked;
                self.claim_on_chain = Some(height.saturating_sub(TO_CONFIRM));
            }
            if self.incoming == Stands::Back(Some(height)) {
                self.incoming = Stands::Locked;
            }
            self.height -= 1;
            self.tell(ForwarderEvent::BlockDisconnected { height });
        }
    }

    fn check(&self) {
        if matches!(self.outgoing, Stands::Claimed(_)) && matches!(self.incoming, Stands::Back(_)) {
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
    while world.height < IN_EXPIRY + 30 {
        world.step();
        world.check();
    }
    // Nobody puts anything off any more.
    world.mine(40);
    world.check();
    let open = world.incoming == Stands::Locked || world.role.role().payment_count() > 0;
    if open && world.outgoing != Stands::Locked {
        // A neighbour that never answers has its edge until somebody goes on the chain, which it does after the expiry.
        world.mine(60);
    }
    world.check();
    (world.outgoing, world.incoming)
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
