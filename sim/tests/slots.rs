//! A slot of an invoice with payment points of its payers' own is promised only to a payment that can still be claimed.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::claims::ClaimError;
use pointlock::payment::{HoldPlan, Payer, PayerSeed, Payment, Refusal};
use pointlock_sim::{Fact, Keep, Opening, OpeningKind, PlainChain, Scenario, Way, Who};

const NOW: u64 = 1_790_000_000;
const AMOUNT_MSAT: u64 = 50_000_000;

/// The announcement of a payment that was claimed comes again. There is another slot left, and it is none of this x.
#[test]
fn an_x_that_was_claimed_is_not_released_again() {
    let keep = Keep { mail: true, ..Keep::default() };
    let mut sim = Scenario { keep, ..Scenario::default() }.start(PlainChain::new(900_000));
    let opening = Opening::draw(OpeningKind::Polynomial { k: 2 }, &mut sim.entropy).unwrap();
    let builder = opening.builder(NOW).description("tea").amount_msat(AMOUNT_MSAT);
    let published = sim.sign(opening, builder, 0).unwrap();
    sim.receive(published.event()).unwrap();
    let parts = sim.parts(AMOUNT_MSAT, 1, Way::default());
    let hold = Some(HoldPlan { hop: 1, blocks: 300 });
    let payer = Some(Payer { seed: PayerSeed::new([7; 32]), note: None });
    let order = Payment { hold, payer, ..sim.order(published.invoice, parts, NOW) };
    sim.pay(0, order).unwrap();
    let mail = sim.mailbox.clone();
    assert_eq!(mail.len(), 1);

    sim.read_mail().unwrap();
    sim.run().unwrap();
    assert!(sim.facts().any(|fact| matches!(fact, Fact::Paid { .. })));
    sim.mailbox = mail;
    sim.read_mail().unwrap();
    sim.run().unwrap();
    let answers = sim.facts().filter(|fact| matches!(fact, Fact::Answered { .. })).count();
    assert_eq!(answers, 1);
    let refused = sim.facts().any(|fact| {
        matches!(
            fact,
            Fact::ReleaseRefused {
                by: Who::Receiver,
                reason: Refusal::Claim(ClaimError::AlreadyClaimed(_)),
            }
        )
    });
    assert!(refused);
}
