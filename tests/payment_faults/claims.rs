//! Claims that come too early, or give no secret.

use pointlock::contract::{ContractError, FeeCoins};
use pointlock::curve::SecretScalar;
use pointlock::edge::EdgeId;
use pointlock::lock::{LockSecret, Preimage};
use pointlock::payment::{EdgeError, ForwarderEvent, NodeAction, Recorded, SenderEvent, View};
use pointlock_sim::{Chain, Settle, Who};

use crate::nodes::{Known, LockKind, start, unknown_edge};
use crate::scene::{HOP, entropy, is_paid, refuses_forwarder, refuses_sender};

/// Before the next claim nobody has a scalar that opens anything.
#[test]
fn early_claims_open_nothing() {
    for settle in [Settle::OffChain, Settle::OnChain] {
        let mut net = start(1, 3);
        net.settle = settle;
        let invoice = net.publish(LockKind::Point, 0);
        net.pay_known(0, &invoice, Some(1), entropy(1));
        // Until the receiver wants to claim.
        while !matches!(net.tasks.front(), Some((Who::Receiver, NodeAction::Claimable { .. }))) {
            assert!(net.step().unwrap());
        }
        assert!(net.step().unwrap());
        let edges: Vec<EdgeId> = net.contracts.iter().map(|contract| contract.edge_id()).collect();
        assert_eq!(edges.len(), 4);
        for claimed in (0..4).rev() {
            // All that everybody but the receiver knows, and sums and differences of it.
            let known: Vec<SecretScalar> = net
                .forwarders
                .iter()
                .map(Recorded::view)
                .chain([net.senders[0].view()])
                .flat_map(View::secrets)
                .filter_map(|known| match &known.secret {
                    LockSecret::Scalar(scalar) => Some(scalar.clone()),
                    LockSecret::Preimage(_) => None,
                })
                .collect();
            assert!(!known.is_empty());
            let own: Vec<&SecretScalar> = known.iter().collect();
            let pairs = own.iter().flat_map(|a| own.iter().map(move |b| (a, b)));
            let mut candidates = known.clone();
            // The sender knows all blinds: after one claim, on its own behalf, it would know z.
            if claimed == 3 {
                for (a, b) in pairs {
                    candidates.extend([a.add(b).ok(), a.sub(b).ok()].into_iter().flatten());
                }
            }
            // Contract i needs l_i, which only the claim of the next one gives to its claimer.
            let closed = if claimed == 3 { 0..4 } else { 0..claimed };
            for edge_id in &edges[closed] {
                let edge = net.at(edge_id);
                let keypair = &edge.claimer_key;
                for scalar in &candidates {
                    let secret = LockSecret::Scalar(scalar.clone());
                    let claim =
                        edge.received.claim(0, &secret, keypair, &FeeCoins::none(), &[0; 32]);
                    assert_eq!(claim.unwrap_err(), ContractError::WrongSecret);
                }
            }
            let edge_id = edges[claimed];
            let edge = net.at(&edge_id).clone();
            let wrong = EdgeError::WrongSecret(edge_id);
            let secret = LockSecret::Scalar(candidates[0].clone());
            match edge.offerer {
                Who::Sender(_) => {
                    let event = SenderEvent::OutgoingFulfilled { outgoing: edge_id, secret };
                    refuses_sender(&mut net, event, wrong.clone());
                    let secret = LockSecret::Preimage(Preimage::new([1; 32]));
                    let event = SenderEvent::OutgoingFulfilled { outgoing: edge_id, secret };
                    refuses_sender(&mut net, event, wrong.clone());
                }
                node => {
                    let event = ForwarderEvent::OutgoingFulfilled { outgoing: edge_id, secret };
                    refuses_forwarder(&mut net, node, event, wrong.clone());
                    let secret = LockSecret::Preimage(Preimage::new([1; 32]));
                    let event = ForwarderEvent::OutgoingFulfilled { outgoing: edge_id, secret };
                    refuses_forwarder(&mut net, node, event, wrong.clone());
                }
            }
            // The right claim, and the next contract's turn.
            assert!(net.step().unwrap());
        }
        net.run().unwrap();
        assert!(is_paid(&net));
    }
}

/// A transaction that claims another contract, or was altered, says nothing.
#[test]
fn claims_that_give_no_secret_are_refused() {
    let mut net = start(1, 1);
    net.settle = Settle::OnChain;
    let invoice = net.publish(LockKind::Point, 0);
    net.pay_known(0, &invoice, None, entropy(1));
    // Two offers, and the receiver is asked for its secret.
    for _ in 0..3 {
        assert!(net.step().unwrap());
    }
    let Some((Who::Receiver, NodeAction::Claim { incoming, secret })) = net.tasks.front() else {
        panic!("a claim")
    };
    let (outgoing, secret) = (*incoming, secret.clone());
    let claimed = net.at(&outgoing);
    let right = claimed
        .received
        .claim(0, &secret, &claimed.claimer_key, &FeeCoins::none(), &[0; 32])
        .unwrap();
    assert!(net.chain.judge(&right).is_ok());
    let offered = net.at(&outgoing).offered.clone();
    assert_eq!(offered.extract(&right), Ok(secret.clone()));

    let mut elsewhere = right.clone();
    elsewhere.input[0].previous_output.vout += 1;
    let outpoint = outgoing.outpoint().unwrap();
    assert_eq!(offered.extract(&elsewhere), Err(ContractError::NotSpent { outpoint }));

    let mut altered = right.clone();
    let mut stack = altered.input[0].witness.to_vec();
    stack[1][40] ^= 1;
    altered.input[0].witness = bitcoin::Witness::from_slice(&stack);
    assert!(matches!(offered.extract(&altered), Err(ContractError::Extraction { .. })));

    let unknown = unknown_edge();
    let event = ForwarderEvent::OutgoingFulfilled { outgoing: unknown, secret };
    refuses_forwarder(&mut net, HOP, event, EdgeError::Unknown(unknown));
    net.run().unwrap();
    assert!(is_paid(&net));
}
