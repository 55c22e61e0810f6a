use bitcoin::{OutPoint, Transaction};
use pointlock::contract::{ContractTerms, FeeCoins, ReceivedContract};
use pointlock::curve::{Keypair, Point};
use pointlock::hold::MemoryStore;
use pointlock::lock::LockSecret;
use pointlock::payment::{Forwarder, Receiver, Sender, View};

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

/// A contract between two neighbours.
pub(crate) struct Edge {
    pub(crate) payment: usize,
    /// 1 for the sender's, and so on.
    pub(crate) number: usize,
    pub(crate) offerer: usize,
    pub(crate) claimer: usize,
    pub(crate) received: ReceivedContract,
    pub(crate) claimer_key: Keypair,
    pub(crate) committed_at: u32,
    pub(crate) settled_at: Option<u32>,
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
