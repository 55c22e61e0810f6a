//! Snapshots at random cuts of histories that nobody has thought of: payments of all kinds, what is not carried out, blocks forwards and
//! backwards, in any order.

use pointlock::invoice::StaticInvoice;
use pointlock::payment::{NodeEvent, Payment};
use proptest::prelude::*;

use crate::cuts::{events, node};
use crate::histories::{hold, parts};
use crate::net::{Net, RECEIVER, SENDER, point_secret, preimage};

#[derive(Clone, Debug)]
enum Step {
    /// Over both forwarders, under a point or a hash.
    Pay {
        hash: bool,
    },
    Hold {
        hop: usize,
    },
    Parts,
    /// What this node is not to carry out, or is to again.
    Toggle {
        action: usize,
        node: usize,
    },
    Ask {
        node: usize,
    },
    Blocks {
        count: u32,
    },
    Disconnect {
        count: u32,
    },
    /// The newest invoice.
    Withdraw,
    Time {
        later: u64,
    },
}

const ACTIONS: [&str; 9] = [
    "offer",
    "claim",
    "fail",
    "claimable",
    "send",
    "pass on",
    "time out",
    "withdraw",
    "claim on chain",
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => any::<bool>().prop_map(|hash| Step::Pay { hash }),
        2 => (1usize..3).prop_map(|hop| Step::Hold { hop }),
        2 => Just(Step::Parts),
        6 => (0..ACTIONS.len(), 0usize..4).prop_map(|(action, node)| Step::Toggle { action, node }),
        2 => (0usize..4).prop_map(|node| Step::Ask { node }),
        3 => prop_oneof![1u32..8, 20u32..60, 100u32..200].prop_map(|count| Step::Blocks { count }),
        1 => (1u32..4).prop_map(|count| Step::Disconnect { count }),
        1 => Just(Step::Withdraw),
        1 => (1u64..10).prop_map(|later| Step::Time { later }),
    ]
}

struct Play {
    net: Net,
    newest: Option<StaticInvoice>,
    secrets: u8,
}

impl Play {
    fn pay(&mut self, payment: Payment) {
        self.newest = Some(payment.invoice.clone());
        self.net.tell(SENDER, NodeEvent::Pay(payment));
        self.net.run();
    }

    fn step(&mut self, step: &Step) {
        self.secrets += 1;
        let net = &mut self.net;
        match *step {
            Step::Pay { hash } => {
                let number = self.secrets;
                let secret = if hash { preimage(number) } else { point_secret(number) };
                let invoice = net.publish(&secret, &[]);
                let payment = net.payment(&invoice);
                self.pay(payment);
            }
            Step::Hold { hop } => {
                let payment = hold(net, self.secrets, hop);
                self.pay(payment);
            }
            Step::Parts => {
                let invoice = net.publish_polynomial(2, &[&[2], &[2]]);
                let payment = parts(net, &invoice);
                self.pay(payment);
            }
            Step::Toggle { action, node } => {
                let kept = (ACTIONS[action], node);
                match net.kept_back.iter().position(|other| *other == kept) {
                    Some(index) => drop(net.kept_back.remove(index)),
                    None => net.kept_back.push(kept),
                }
            }
            Step::Ask { node } => net.ask(node),
            Step::Blocks { count } => net.block(net.height + count),
            Step::Disconnect { count } => (0..count).for_each(|_| net.disconnect()),
            Step::Withdraw => {
                if let Some(invoice) = &self.newest {
                    net.tell(RECEIVER, NodeEvent::Withdrawn { invoice: invoice.invoice_id() });
                    net.run();
                }
            }
            Step::Time { later } => {
                let unix_time = crate::net::TIME + later;
                net.tell(RECEIVER, NodeEvent::Time { unix_time });
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 64, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn snapshot_and_tail_are_the_whole(
        steps in prop::collection::vec(step(), 6..16),
        cuts in prop::array::uniform4(0usize..60),
    ) {
        // Above what the net draws.
        let mut play = Play { net: Net::new(), newest: None, secrets: 220 };
        play.net.strict = false;
        steps.iter().for_each(|step| play.step(step));
        let net = &play.net;
        node::<0>().check_at(cuts[0], &events(net, 0));
        node::<1>().check_at(cuts[1], &events(net, 1));
        node::<2>().check_at(cuts[2], &events(net, 2));
        node::<3>().check_at(cuts[3], &events(net, 3));
    }
}
