//! What a forwarder computes for one payment off the chain, under a point and under a hash: two contracts, the onion, the
//! next lock, a pre-signature to verify and one to make, and the secret.
//!
//! Each contract has one pre-signature, as a payment in a channel has for each commitment. What a node has once for a neighbour is
//! there beforehand: the aggregated keys, and tables of multiples of the two keys that pre-sign, the neighbour's and its own. The steps are the library's, called as a driver calls them, with a forwarder's role in the middle. What is on
//! the wire, in the journal and on the chain is not in it.

use std::error::Error;

use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, ScriptBuf, Txid};
use pointlock::contract::{
    Contract, ContractKeys, ContractTerms, FeeLadder, FundedContract, OfferedContract,
    PreSignedLadder, ReceivedContract,
};
use pointlock::curve::{Keypair, SecretScalar, Tag};
use pointlock::hold::Limits;
use pointlock::lock::{Blind, Lock, LockSecret, Preimage};
use pointlock::onion::Packet;
use pointlock::onion::blinded::NextPeer;
use pointlock::payment::{
    Deadlines, ForwardPayload, Forwarder, ForwarderAction, ForwarderConfig, ForwarderEvent,
    ForwardingPolicy, Proposal, Role, Tweak,
};

use super::measure::Row;

const HEIGHT: u32 = 800_000;
const OUT_EXPIRY: u32 = HEIGHT + 400;
const IN_EXPIRY: u32 = OUT_EXPIRY + 40;
const OUT_MSAT: u64 = 50_000_000;
const IN_MSAT: u64 = OUT_MSAT + 1_000;
const CASES: u32 = 32;

static SCALAR: Tag = Tag::new("pointlock/bench/hop");

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Which lock the payment has.
#[derive(Clone, Copy)]
enum System {
    Point,
    Hash,
}

impl System {
    fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Hash => "hash",
        }
    }
}

/// One payment at one forwarder.
pub(super) struct HopCase {
    node_key: SecretScalar,
    own: Keypair,
    /// The neighbour that offers, and this node.
    incoming_keys: ContractKeys,
    /// This node, and the neighbour that is offered.
    outgoing_keys: ContractKeys,
    lock: Lock,
    packet: Packet,
    ladder: FeeLadder,
    payout: ScriptBuf,
    /// What the offerer has pre-signed.
    pre_signed: Option<PreSignedLadder>,
    /// What opens the outgoing lock.
    secret: LockSecret,
}

/// The cases of both systems.
pub(super) struct HopCases {
    point: Vec<HopCase>,
    hash: Vec<HopCase>,
}

/// The cases, the same in every run.
pub(super) fn cases() -> Outcome<HopCases> {
    let all = |system| (0..CASES).map(|index| HopCase::new(system, index)).collect();
    let (point, hash): (Outcome<_>, Outcome<_>) = (all(System::Point), all(System::Hash));
    Ok(HopCases { point: point?, hash: hash? })
}

impl HopCase {
    fn new(system: System, index: u32) -> Outcome<Self> {
        let bytes = |name: &str| SCALAR.hash(&[name.as_bytes(), &index.to_be_bytes()]);
        let scalar = |name: &str| SecretScalar::from_hash(&bytes(name));
        let keypair = |name: &str| scalar(name).map(Keypair::new);
        let (node_key, next_node) = (scalar("node")?, scalar("next node")?);
        let (offerer, own, claimer) = (keypair("offerer")?, keypair("own")?, keypair("claimer")?);

        let (blind, lock_secret) = (Blind::new(scalar("blind")?), scalar("lock")?);
        let (lock, secret, tweak) = match system {
            System::Point => {
                let secret = lock_secret.add(blind.as_scalar())?;
                let lock = Lock::Point(lock_secret.to_point());
                (lock, LockSecret::Scalar(secret), Tweak::Blind(blind))
            }
            System::Hash => {
                let preimage = Preimage::new(bytes("preimage"));
                let lock = Lock::Hash(preimage.hash());
                (lock, LockSecret::Preimage(preimage), Tweak::Derived)
            }
        };
        let associated_data = match &lock {
            Lock::Point(_) => Vec::new(),
            Lock::Hash(hash) => hash.0.to_vec(),
        };
        let payload = ForwardPayload {
            short_channel_id: 1,
            amount_msat: OUT_MSAT,
            expiry: OUT_EXPIRY,
            tweak,
        };
        let (for_us, for_next) = (payload.to_bytes(), [2, 0]);
        let hops =
            [(node_key.to_point(), for_us.as_slice()), (next_node.to_point(), for_next.as_slice())];
        let (packet, _) = Packet::build(scalar("session")?, &hops, &associated_data)?;

        let mut case = Self {
            node_key,
            incoming_keys: ContractKeys::new(offerer.public_key(), own.public_key())?
                .with_prepared_offerer(),
            outgoing_keys: ContractKeys::new(own.public_key(), claimer.public_key())?,
            own: own.with_prepared_key(),
            lock,
            packet,
            ladder: FeeLadder::new(vec![Amount::from_sat(1_000)])?,
            payout: ScriptBuf::new_p2tr_tweaked(
                bitcoin::key::TweakedPublicKey::dangerous_assume_tweaked(
                    claimer.x_only_public_key(),
                ),
            ),
            pre_signed: None,
            secret,
        };
        let incoming = case.incoming_contract()?;
        let offered =
            OfferedContract::new(incoming, &case.payout, &case.ladder, &offerer, &[0; 32])?;
        case.pre_signed = offered.pre_signatures().cloned();
        // What the rows run through is checked here, once: what is refused would be faster.
        let claims = case.all(&mut case.forwarder()?)?;
        match claims.as_slice() {
            [ForwarderAction::Claim { secret, .. }] if lock.is_opened_by(secret) => Ok(case),
            _ => Err("bench: the hop does not claim what it was offered".into()),
        }
    }

    fn forwarder(&self) -> Outcome<Forwarder> {
        let policy = ForwardingPolicy {
            fee_base_msat: 1_000,
            fee_proportional_millionths: 0,
            cltv_expiry_delta: 40,
        };
        Ok(Forwarder::new(ForwarderConfig {
            node_key: self.node_key.clone(),
            policy,
            deadlines: Deadlines::for_contracts(),
            limits: Limits { holds_per_neighbour: 1, holds: 1, value_msat: u64::MAX },
            hold_safety_margin: 43,
            hold_deltas_ahead: 0,
            hold_min_final_delta: 24,
            height: HEIGHT,
        })?)
    }

    /// Step 1: the output that the neighbour offers.
    fn incoming_contract(&self) -> Outcome<FundedContract> {
        funded(&self.incoming_keys, IN_MSAT, IN_EXPIRY, self.lock, 1)
    }

    /// Step 2: its pre-signature.
    fn verify(&self, incoming: FundedContract) -> Outcome<ReceivedContract> {
        let (payout, pre_signed) = (self.payout.clone(), self.pre_signed.clone());
        Ok(ReceivedContract::new(incoming, payout, &self.ladder, pre_signed)?)
    }

    /// Step 3: the onion, and the next lock.
    fn accept(&self, forwarder: &mut Forwarder, received: &ReceivedContract) -> Outcome<Proposal> {
        let event = ForwarderEvent::IncomingCommitted {
            from: self.incoming_keys.offerer(),
            edge: received.edge(IN_MSAT)?,
            path_key: None,
            packet: self.packet.clone(),
        };
        match forwarder.apply(&event)?.actions.pop() {
            Some(ForwarderAction::Offer { proposal, .. }) => Ok(proposal),
            _ => Err("bench: the hop does not forward".into()),
        }
    }

    /// Step 4: the output that this node offers.
    fn outgoing_contract(&self, proposal: &Proposal) -> Outcome<FundedContract> {
        let Proposal { amount_msat, expiry, lock, .. } = *proposal;
        funded(&self.outgoing_keys, amount_msat, expiry, lock, 2)
    }

    /// Step 5: its pre-signature, which is verified before it is sent.
    fn pre_sign(&self, outgoing: FundedContract) -> Outcome<OfferedContract> {
        let aux_rand = [0; 32];
        Ok(OfferedContract::new(outgoing, &self.payout, &self.ladder, &self.own, &aux_rand)?)
    }

    fn commit(
        &self,
        forwarder: &mut Forwarder,
        received: &ReceivedContract,
        offered: &OfferedContract,
    ) -> Outcome<ForwarderEvent> {
        let (incoming, edge) = (received.edge(IN_MSAT)?.edge().id, offered.edge(OUT_MSAT)?);
        let _ = forwarder.apply(&ForwarderEvent::OutgoingCommitted { incoming, edge })?;
        let secret = self.secret.clone();
        Ok(ForwarderEvent::OutgoingFulfilled { outgoing: edge.id, secret })
    }

    /// Step 6: the secret that comes back, and the one that goes on.
    fn fulfil(forwarder: &mut Forwarder, told: &ForwarderEvent) -> Outcome<Vec<ForwarderAction>> {
        Ok(forwarder.apply(told)?.actions)
    }

    fn all(&self, forwarder: &mut Forwarder) -> Outcome<Vec<ForwarderAction>> {
        let told = self.as_far_as_fulfilment(forwarder)?;
        Self::fulfil(forwarder, &told)
    }

    fn as_far_as_fulfilment(&self, forwarder: &mut Forwarder) -> Outcome<ForwarderEvent> {
        let received = self.verify(self.incoming_contract()?)?;
        let proposal = self.accept(forwarder, &received)?;
        let offered = self.pre_sign(self.outgoing_contract(&proposal)?)?;
        self.commit(forwarder, &received, &offered)
    }

    /// The same contract as step 1, by keys that are not aggregated yet.
    fn first_contract(&self) -> Outcome<Contract> {
        Ok(Contract::new(ContractTerms {
            offerer: self.incoming_keys.offerer(),
            claimer: self.incoming_keys.claimer(),
            amount: Amount::from_sat(IN_MSAT.div_ceil(1_000)),
            expiry: IN_EXPIRY,
            lock: self.lock,
        })?)
    }

    fn proposal(&self) -> Outcome<Proposal> {
        let packet = self.packet.clone();
        Ok(Proposal {
            to: NextPeer::Channel(1),
            amount_msat: OUT_MSAT,
            expiry: OUT_EXPIRY,
            lock: self.secret.lock(),
            path_key: None,
            packet,
        })
    }
}

fn funded(
    keys: &ContractKeys,
    amount_msat: u64,
    expiry: u32,
    lock: Lock,
    output: u32,
) -> Outcome<FundedContract> {
    let amount = Amount::from_sat(amount_msat.div_ceil(1_000));
    let contract = Contract::with_keys(keys, amount, expiry, lock)?;
    Ok(FundedContract::new(contract, OutPoint { txid: Txid::all_zeros(), vout: output }))
}

/// A contract alone, and the whole hop with its steps.
pub(super) fn rows(cases: &HopCases) -> Vec<Row<'_>> {
    let mut rows = vec![
        Row::new("contract.new", &cases.point, HopCase::incoming_contract),
        Row::new("contract.new/first_of_these_keys", &cases.point, HopCase::first_contract),
    ];
    for (system, cases) in [(System::Point, &cases.point), (System::Hash, &cases.hash)] {
        rows.extend(rows_of(system, cases));
    }
    rows
}

fn rows_of(system: System, cases: &[HopCase]) -> Vec<Row<'_>> {
    let name = |step: &str| format!("hop/{}{step}", system.name());
    let whole = Row::with_input(&name(""), cases, HopCase::forwarder, |case, forwarder| {
        case.all(&mut forwarder?)
    });
    let incoming = Row::new(&name("/incoming_contract"), cases, HopCase::incoming_contract);
    let verify =
        Row::with_input(&name("/verify"), cases, HopCase::incoming_contract, |case, incoming| {
            case.verify(incoming?)
        });
    let received = |case: &HopCase| -> Outcome<_> {
        Ok((case.forwarder()?, case.verify(case.incoming_contract()?)?))
    };
    let accept = Row::with_input(&name("/onion_and_lock"), cases, received, |case, input| {
        let (mut forwarder, received) = input?;
        case.accept(&mut forwarder, &received)
    });
    let outgoing =
        Row::with_input(&name("/outgoing_contract"), cases, HopCase::proposal, |case, proposal| {
            case.outgoing_contract(&proposal?)
        });
    let offered = |case: &HopCase| case.outgoing_contract(&case.proposal()?);
    let pre_sign = Row::with_input(&name("/pre_sign"), cases, offered, |case, outgoing| {
        case.pre_sign(outgoing?)
    });
    let committed = |case: &HopCase| -> Outcome<_> {
        let mut forwarder = case.forwarder()?;
        let told = case.as_far_as_fulfilment(&mut forwarder)?;
        Ok((forwarder, told))
    };
    let fulfil = Row::with_input(&name("/fulfil"), cases, committed, |_, input| {
        let (mut forwarder, told) = input?;
        HopCase::fulfil(&mut forwarder, &told)
    });
    vec![whole, incoming, verify, accept.seldom(), outgoing, pre_sign, fulfil.seldom()]
}
