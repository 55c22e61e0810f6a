use bitcoin::{OutPoint, Transaction};
use pointlock::contract::{ContractTerms, FeeCoins, ReceivedContract};
use pointlock::curve::{Keypair, Point};
use pointlock::hold::MemoryStore;
use pointlock::invoice::InvoiceId;
use pointlock::lock::LockSecret;
use pointlock::payment::{AttemptId, Forwarder, PaymentId, Receiver, Sender, View};

pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) node_id: Point,
    pub(super) role: Role,
}

pub(super) enum Role {
    Sender(Box<Sender>),
    Forwarder(Box<Forwarder<MemoryStore>>),
    Receiver(Box<Receiver>),
}

impl Party {
    pub(crate) fn view(&self) -> &View {
        match &self.role {
            Role::Sender(sender) => sender.view(),
            Role::Forwarder(forwarder) => forwarder.view(),
            Role::Receiver(receiver) => receiver.view(),
        }
    }
}

/// A payment, as far as the driver keeps books of it. Its number is that of its payer among the parties.
#[derive(Default)]
pub(crate) struct Paying {
    pub(crate) invoice: Option<InvoiceId>,
    pub(crate) id: Option<PaymentId>,
    pub(crate) parts: usize,
    pub(crate) way: Way,
}

/// Who chooses which end of a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Way {
    /// The invoice's blinded path of this number, from 0; none for its interim route.
    pub(crate) path: Option<usize>,
    /// The forwarder that finds the rest of the route, from 1.
    pub(crate) trampoline: Option<usize>,
}

/// A route that somebody has chosen: the sender's of a part, or the rest of one.
pub(crate) struct Attempt {
    pub(crate) id: AttemptId,
    pub(crate) payment: usize,
    /// Which part of the payment, from 0.
    pub(crate) part: usize,
    /// The attempt that this one carries on.
    pub(crate) tail_of: Option<usize>,
    /// The number of its last edge.
    pub(crate) last_edge: usize,
    /// How many edges are before it.
    pub(crate) edges_before: usize,
    pub(crate) path: Option<OnPath>,
}

/// The receiver's path at the end of a route.
#[derive(Clone, Copy)]
pub(crate) struct OnPath {
    /// Which of the invoice's, from 0.
    pub(crate) path: usize,
    /// The number of its introduction node on the route, from 1.
    pub(crate) introduction: usize,
}

/// A contract between two neighbours.
pub(crate) struct Edge {
    pub(crate) payment: usize,
    /// Which part of the payment, from 0.
    pub(crate) part: usize,
    /// By whose choice it is there.
    pub(crate) attempt: usize,
    /// 1 for the sender's, and so on.
    pub(crate) number: usize,
    pub(crate) offerer: usize,
    pub(crate) claimer: usize,
    pub(crate) received: ReceivedContract,
    pub(crate) claimer_key: Keypair,
    pub(crate) committed_at: u32,
    pub(crate) settled_at: Option<u32>,
    /// It is gone, and was not claimed.
    pub(crate) failed: bool,
}

impl Edge {
    pub(crate) fn outpoint(&self) -> OutPoint {
        self.received.funded().outpoint()
    }

    pub(crate) fn terms(&self) -> &ContractTerms {
        self.received.funded().contract().terms()
    }

    /// The claim with whatever secret there is, for the consensus code to judge.
    pub(crate) fn claim_unchecked(&self, secret: &LockSecret) -> Option<Transaction> {
        self.received
            .dangerous_claim_unchecked(0, secret, &self.claimer_key, &FeeCoins::none(), &[0; 32])
            .ok()
    }
}
