use bitcoin::Transaction;
use pointlock_channel::*;
use pointlock_sim::Chain;

use crate::scene::*;
use crate::stage::*;

struct Breach {
    stage: Stage,
    complete: CompleteCommitment,
    covered: CoveredCommitment,
    revoked: RevokedCommitment,
    x: ChannelSecrets,
    y: ChannelSecrets,
}

/// The publisher publishes what it has revoked.
fn breach(publisher: Party) -> Breach {
    let (stage, complete, covered) = Stage::published(publisher);
    let (x, y) = (
        stage.scene.secrets_of(publisher).clone(),
        stage.scene.secrets_of(publisher.other()).clone(),
    );
    let next = stage.scene.signed(publisher, 8).0;
    // It keeps a copy of what it has revoked, as a dishonest one does.
    let told = stage.scene.signed(publisher, 7).0.revoke(&next, &x).unwrap();
    let revoked = covered.revoked(&told.secret).unwrap();
    Breach { stage, complete, covered, revoked, x, y }
}

fn stages(breach: &Breach) -> Vec<Transaction> {
    (0..3)
        .flat_map(|number| {
            [
                breach.complete.success(&breach.x, number, &secret_of(number)),
                breach.complete.timeout(&breach.x, number),
            ]
        })
        .map(|stage| alone(stage.unwrap()))
        .collect()
}

#[test]
fn everything_is_taken_at_once_and_nothing_is_left() {
    for publisher in [Party::Opener, Party::Accepter] {
        let mut breach = breach(publisher);
        let penalty = together(&breach.revoked.penalty(&breach.y).unwrap());
        breach.stage.allows(&penalty);
        breach.stage.confirms(&penalty);
        breach.stage.chain.mine_to(EXPIRY + 3).unwrap();
        for late in stages(&breach) {
            breach.stage.refuses(&late, MISSING);
        }
        let own = alone(breach.complete.own_money(&breach.x).unwrap());
        breach.stage.refuses(&own, MISSING);
        breach.stage.refuses_again(&penalty);
        // The other party's own money is still there.
        let others = alone(breach.covered.own_money(&breach.y).unwrap());
        breach.stage.confirms(&others);
    }
}

/// The publisher is faster with its second stages: the rest is taken, and then what they made.
#[test]
fn second_stages_of_a_breach_are_taken_too() {
    for publisher in [Party::Opener, Party::Accepter] {
        let mut breach = breach(publisher);
        breach.stage.chain.mine_to(EXPIRY + 2).unwrap();
        let all = breach.revoked.penalty(&breach.y).unwrap();
        let together_ = together(&all);
        breach.stage.allows(&together_);
        let made = stages(&breach);
        breach.stage.chain.confirm_all(&made).unwrap();
        breach.stage.refuses(&together_, MISSING);
        let rest: Vec<Spend> = all
            .into_iter()
            .filter(|spend| breach.stage.chain.judge(&alone(spend.clone())).is_ok())
            .collect();
        assert_eq!(rest.len(), 1, "the publisher's money");
        breach.stage.confirms(&together(&rest));
        let mut after = Vec::new();
        for stage in &made {
            after.extend(breach.revoked.after_second_stage(&breach.y, stage).unwrap());
        }
        assert_eq!(after.len(), 6);
        breach.stage.confirms(&together(&after));
        // What the publisher waited for is gone.
        breach.stage.chain.mine_to(EXPIRY + 40).unwrap();
        for stage in &made {
            let own = breach.complete.after_second_stage(&breach.x, stage).unwrap();
            breach.stage.refuses(&together(&own), MISSING);
        }
    }
}

/// A penalty that comes after the delay may be too late: that is what watching is for.
#[test]
fn who_does_not_watch_loses() {
    let mut breach = breach(Party::Opener);
    breach.stage.chain.mine_to(EXPIRY + 40).unwrap();
    let own = alone(breach.complete.own_money(&breach.x).unwrap());
    breach.stage.confirms(&own);
    let penalty = together(&breach.revoked.penalty(&breach.y).unwrap());
    breach.stage.refuses(&penalty, MISSING);
}

/// Before it is revoked, the same commitment is nobody's breach: with any other secret the key path is shut.
#[test]
fn without_the_secret_there_is_no_penalty() {
    let (mut stage, complete, covered) = Stage::published(Party::Opener);
    let y = stage.scene.secrets_of(Party::Accepter).clone();
    covered.revoked(&y.seed.secret(7).unwrap()).unwrap_err();
    let forged = covered.own_money(&y).unwrap();
    let mut forged = alone(forged);
    let output = complete
        .commitment()
        .outputs()
        .iter()
        .find(|output| *output.kind() == OutputKind::ToPublisher)
        .unwrap();
    forged.input[0].previous_output = complete.commitment().outpoint(output);
    stage.refuses_script(&forged);
}
