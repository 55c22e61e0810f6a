//! Messages of strangers who have the invoice: whatever they send, and however much of it, every honest payment ends as it would
//! without them, and nothing of what they send stays anywhere. A delay is all that they can buy, and the cutoff bounds it.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/nodes.rs"]
mod nodes;

use nodes::{
    AMOUNT_MSAT, AWAY, HEIGHT, HOLD_BLOCKS, Known, Net, node_id, node_key, number_of, start,
};
use pointlock::curve::{SecretScalar, Tag};
use pointlock::hold::{Announcement, HoldId, ReleaseSecret};
use pointlock::invoice::StaticInvoice;
use pointlock::invoice::ktime::PayerScalar;
use pointlock::lock::Blind;
use pointlock::onion::blinded::{BlindedPath, OnionMessage, PeeledMessage, RecipientData};
use pointlock::payment::{
    AvailableHold, ForwarderEvent, Handover, HeldAvailable, MessageLimiter, NodeAction,
    ReceiverEvent, ReleaseHeld, SealedAnnouncement, WithheldShare,
};
use pointlock::wire::{BlindedPath as WirePath, IntroductionNode, TlvWriter};
use pointlock_sim::{Chain, Fact, Who};
use proptest::prelude::*;

const HOLDER: Who = Who::Forwarder(1);
/// What a node reads in a block, of ten minutes.
const RATE: u32 = 50;
const MINUTE_MS: usize = 60_000;
/// In each block: the holder repeats its announcements once a minute.
const ROUNDS: usize = 10;

static DRAWN: Tag = Tag::new("flood test");

/// Fresh entropy of a run.
struct Drawn {
    seed: u64,
    count: u64,
}

impl Drawn {
    fn next(&mut self) -> [u8; 32] {
        self.count += 1;
        DRAWN.hash(&[&self.seed.to_be_bytes(), &self.count.to_be_bytes()])
    }

    fn scalar(&mut self) -> SecretScalar {
        SecretScalar::from_hash(&self.next()).unwrap()
    }

    fn eight(&mut self) -> [u8; 8] {
        *self.next().first_chunk().unwrap()
    }
}

/// What a stranger sends.
#[derive(Clone, Copy, Debug)]
enum Stranger {
    /// To the receiver: an announcement that it has no reason to refuse.
    Announcement,
    /// One that has ended, or is of too little.
    Void,
    /// A share for a payment that is none.
    Share,
    /// Bytes.
    Noise,
    /// To the holder: a release of a hold that is not there.
    Release,
    /// A sealed announcement for a hold that is not there.
    Handover,
}

fn strangers() -> impl Strategy<Value = Stranger> {
    prop_oneof![
        4 => Just(Stranger::Announcement),
        1 => Just(Stranger::Void),
        1 => Just(Stranger::Share),
        1 => Just(Stranger::Noise),
        2 => Just(Stranger::Release),
        2 => Just(Stranger::Handover),
    ]
}

/// A path to a node alone, with these data.
fn path_to(node: Who, path_id: Option<Vec<u8>>, drawn: &mut Drawn) -> BlindedPath {
    let data = RecipientData { path_id, ..RecipientData::default() };
    BlindedPath::build(drawn.scalar(), &[(node_id(node), data.to_bytes())]).unwrap().0
}

/// The message, and where it goes in.
fn of_stranger(
    stranger: Stranger,
    invoice: &StaticInvoice,
    drawn: &mut Drawn,
) -> (Who, OnionMessage) {
    let to_receiver = &invoice.message_paths()[0];
    let available = |latest_release_height, drawn: &mut Drawn| HeldAvailable {
        holds: vec![AvailableHold {
            id: HoldId(drawn.next()),
            release: ReleaseSecret::new(drawn.scalar()),
            amount_msat: AMOUNT_MSAT,
        }],
        latest_release_height,
        x: Some(PayerScalar::from_bytes(&drawn.scalar().dangerous_to_bytes()).unwrap()),
    };
    let sealed = |available: &HeldAvailable, drawn: &mut Drawn| {
        available.seal(drawn.scalar(), to_receiver.last_blinded_node_id()).unwrap()
    };
    let along = |path: &WirePath<IntroductionNode>, fields: TlvWriter, drawn: &mut Drawn| {
        OnionMessage::build(drawn.scalar(), path, &fields).unwrap()
    };
    match stranger {
        Stranger::Announcement | Stranger::Void => {
            let void = matches!(stranger, Stranger::Void);
            let latest = if void { HEIGHT - 1 } else { HEIGHT + HOLD_BLOCKS };
            let packet = sealed(&available(latest, drawn), drawn);
            // Its own node hears the answer, or would.
            let reply_path = path_to(HOLDER, Some(vec![1; 32]), drawn).into();
            let fields = SealedAnnouncement { packet, reply_path }.to_tlv();
            (Who::Receiver, along(to_receiver, fields, drawn))
        }
        Stranger::Share => {
            let set_point = drawn.scalar().to_point();
            let share = Blind::new(drawn.scalar());
            let fields = WithheldShare { set_point, share }.to_tlv();
            (Who::Receiver, along(to_receiver, fields, drawn))
        }
        Stranger::Noise => {
            let mut fields = TlvWriter::new();
            fields.set(65_577, drawn.next()).set(65_599, drawn.next());
            (Who::Receiver, along(to_receiver, fields, drawn))
        }
        Stranger::Release => {
            let release = ReleaseSecret::new(drawn.scalar());
            let fields = ReleaseHeld { holds: vec![(HoldId(drawn.next()), release)] }.to_tlv();
            let key = node_key(HOLDER).dangerous_to_bytes();
            // A stranger has such a path when it has been announced a hold of its own.
            let path_id = Tag::new("pointlock/release_path").hash(&[&*key]);
            let path = path_to(HOLDER, Some(path_id.to_vec()), drawn).into();
            (HOLDER, along(&path, fields, drawn))
        }
        Stranger::Handover => {
            let packet = sealed(&available(HEIGHT + HOLD_BLOCKS, drawn), drawn);
            let announcement = Announcement { path: to_receiver.clone(), packet };
            let fields = Handover { hold: HoldId(drawn.next()), announcement }.to_tlv();
            let path = path_to(HOLDER, None, drawn).into();
            (HOLDER, along(&path, fields, drawn))
        }
    }
}

/// All that a role is and has: its state, its log, its view.
fn everything(net: &Net, node: Who) -> (String, usize, usize) {
    match node {
        Who::Receiver => (
            format!("{:?}", net.receiver.role()),
            net.receiver.log().len(),
            net.receiver.view().secrets().len(),
        ),
        Who::Forwarder(index) => {
            let forwarder = &net.forwarders[index - 1];
            (
                format!("{:?}", forwarder.role()),
                forwarder.log().len(),
                forwarder.view().secrets().len(),
            )
        }
        Who::Sender(_) => panic!("nobody writes to a sender"),
    }
}

/// A node with a driver that limits what it reads.
struct Guarded {
    limiter: MessageLimiter,
}

/// A held payment, with `times` as many messages of strangers as each node wants to read; and what has become of it.
struct Flood {
    net: Net,
    invoice: StaticInvoice,
    drawn: Drawn,
    receiver: Guarded,
    holder: Guarded,
}

impl Flood {
    fn new(k: usize, seed: u64) -> Self {
        let mut net = start(2, 2);
        net.keep = AWAY;
        let invoice = net.publish_polynomial(k, 9);
        let guarded =
            || Guarded { limiter: MessageLimiter::new(RATE, (MINUTE_MS * ROUNDS) as u64) };
        Self {
            net,
            invoice,
            drawn: Drawn { seed, count: 0 },
            receiver: guarded(),
            holder: guarded(),
        }
    }

    /// A message arrives at a node, which may read it; says whether it did.
    fn arrives(&mut self, node: Who, message: OnionMessage, now_ms: u64) -> bool {
        let guarded = if node == Who::Receiver { &mut self.receiver } else { &mut self.holder };
        if !guarded.limiter.admits(now_ms, self.drawn.eight()) {
            return false;
        }
        let entropy = self.drawn.next();
        match node {
            Who::Receiver => {
                let event = ReceiverEvent::MessageReceived { message, entropy };
                let _ = self.net.tell_receiver(event);
            }
            node => {
                let event = ForwarderEvent::MessageReceived { message, entropy };
                let _ = self.net.tell_forwarder(number_of(node), event);
            }
        }
        true
    }

    /// A stranger's message, which changes nothing and is answered at most once.
    fn stranger(&mut self, stranger: Stranger, node: Who, message: OnionMessage, now_ms: u64) {
        let (before, waiting) = (everything(&self.net, node), self.net.tasks.len());
        self.arrives(node, message, now_ms);
        let said: Vec<_> = self.net.tasks.drain(waiting..).collect();
        assert_eq!(everything(&self.net, node), before, "{stranger:?} leaves something behind");
        assert!(said.len() <= 1);
        for said in said {
            assert!(matches!(
                said,
                (Who::Receiver, NodeAction::SendMessage { .. } | NodeAction::ReleaseRefused { .. })
                    | (Who::Forwarder(_), NodeAction::ReleaseRefused { .. })
            ));
        }
    }

    /// The payments end, within their blocks or not: how many were paid, and when the last was.
    fn run(&mut self, strangers: &[Stranger], times: usize) -> (usize, u32) {
        let mut made: Vec<(Stranger, Who, OnionMessage)> = Vec::new();
        for stranger in strangers {
            let (node, message) = of_stranger(*stranger, &self.invoice, &mut self.drawn);
            // N_2 passes on what goes to the receiver.
            let message = match node {
                Who::Receiver => match message.peel(&node_key(Who::Forwarder(2))).unwrap() {
                    PeeledMessage::Forward { message, .. } => message,
                    _ => panic!("N_2 is the introduction node"),
                },
                _ => message,
            };
            made.push((*stranger, node, message));
        }
        for sender in 0..2 {
            let seed = [sender as u8 + 1; 32];
            self.net.pay_as(sender, &self.invoice, &format!("{sender}"), Some(1), seed);
            self.net.run().unwrap();
        }
        let count = times * RATE as usize / ROUNDS;
        let mut flood = made.iter().cycle();
        for round in 0..HOLD_BLOCKS as usize * ROUNDS {
            let start = (round * MINUTE_MS) as u64;
            if round > 0 && round % ROUNDS == 0 {
                self.net.mine_to(self.net.chain.height() + 1).unwrap();
                self.net.run().unwrap();
            }
            if round > 0 {
                self.announce();
            }
            // The honest ones come in the middle of the flood.
            for index in 0..=count {
                let now = start + (MINUTE_MS * index / (count + 1)) as u64;
                if index == count / 2 {
                    self.honest(now);
                }
                if index < count {
                    let (stranger, node, message) = flood.next().unwrap();
                    self.stranger(*stranger, *node, message.clone(), now);
                }
            }
            let paid = self.net.facts().filter(|fact| matches!(fact, Fact::Paid { .. }));
            if paid.count() == 2 {
                return (2, self.net.chain.height());
            }
        }
        let paid = self.net.facts().filter(|fact| matches!(fact, Fact::Paid { .. }));
        (paid.count(), self.net.chain.height())
    }

    /// The holder announces what it holds once more.
    fn announce(&mut self) {
        self.net.announce_again().unwrap();
        self.net.run().unwrap();
    }

    /// What has been announced comes to the receiver, and what it answers to the holder, if they read it.
    fn honest(&mut self, now_ms: u64) {
        for mail in std::mem::take(&mut self.net.mailbox) {
            self.arrives(Who::Receiver, mail.message, now_ms);
        }
        self.net.run().unwrap();
        for (holder, answer) in std::mem::take(&mut self.net.answers) {
            self.arrives(holder, answer, now_ms);
        }
        self.net.run().unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Both are paid as without the strangers, who have used up no slot, and filled nothing.
    #[test]
    fn strangers_buy_a_delay_and_nothing_else(
        messages in prop::collection::vec(strangers(), 1..12),
        times in 1usize..21,
        seed in any::<u64>(),
    ) {
        let alone = Flood::new(2, seed).run(&[], 0);
        prop_assert_eq!(alone, (2, HEIGHT));
        let mut flooded = Flood::new(2, seed);
        let (paid, last) = flooded.run(&messages, times);
        prop_assert_eq!(paid, 2, "{} times {:?}", times, messages);
        prop_assert!(last < HEIGHT + HOLD_BLOCKS);
        flooded.net.check_replay().unwrap();
    }
}
