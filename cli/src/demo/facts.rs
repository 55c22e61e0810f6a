use pointlock_sim::System;
use serde::Serialize;

use super::Args;
use super::system::Setting;
pub(super) use crate::narration::{Step, Tone};

/// Everything that the stories established.
#[derive(Serialize)]
pub(super) struct Facts {
    pub(super) amount_sat: u64,
    pub(super) payers: u8,
    pub(super) routers: u8,
    pub(super) offline_blocks: u32,
    pub(super) parts: u8,
    pub(super) seed: u64,
    pub(super) systems: Vec<Told>,
}

impl Facts {
    pub(super) fn new(args: &Args) -> Self {
        Self {
            amount_sat: args.amount_sat,
            payers: args.payers,
            routers: args.routers,
            offline_blocks: args.offline_blocks,
            parts: args.parts(),
            seed: args.seed,
            systems: Vec::new(),
        }
    }
}

/// One system, as it went.
#[derive(Serialize)]
pub(super) struct Told {
    #[serde(skip)]
    pub(super) setting: Setting,
    #[serde(serialize_with = "name")]
    pub(super) system: System,
    /// How the invoice got to the payers.
    pub(super) over: &'static str,
    pub(super) title: &'static str,
    pub(super) lock: &'static str,
    /// The heights between which the receiver was away; none where it was there.
    #[serde(skip)]
    pub(super) away: Option<[u32; 2]>,
    pub(super) invoices: Vec<String>,
    /// Whether a payer can read in the invoice who the receiver's LSP is.
    pub(super) invoice_names_receiver_lsp: bool,
    pub(super) payments: Vec<PaymentFacts>,
    pub(super) locked: Vec<Locked>,
    pub(super) learned: Vec<Learned>,
    pub(super) thefts: Vec<Theft>,
    /// The smallest coalitions that could take a later payment, each of which did in an analysis of its own.
    pub(super) minimal_thieves: Vec<Vec<String>>,
    /// Transactions that Bitcoin Core's consensus code accepted and refused.
    pub(super) accepted: usize,
    pub(super) refused: usize,
    pub(super) steps: Vec<Step>,
}

#[derive(Serialize)]
pub(super) struct PaymentFacts {
    pub(super) payer: String,
    pub(super) amount_sat: u64,
    pub(super) parts: usize,
    /// What the payer locked: the amount and all fees.
    pub(super) locked_sat: u64,
    /// The payer ended with the secret of the invoice.
    pub(super) payer_has_receipt: bool,
    pub(super) receiver_was_paid: bool,
    pub(super) stolen_by: Option<String>,
    /// The payer's proof of payment, which was verified: its `lnp1…` text.
    pub(super) proof: Option<String>,
}

/// Whose money waited in the contract of one edge.
#[derive(Serialize)]
pub(super) struct Locked {
    pub(super) payment: usize,
    /// Which part of it, from 1.
    pub(super) part: usize,
    pub(super) party: String,
    /// For whom.
    pub(super) claimer: String,
    pub(super) amount_sat: u64,
    /// The height at which it was locked.
    pub(super) since: u32,
    pub(super) blocks: u32,
}

/// What a party knew at the end.
#[derive(Serialize)]
pub(super) struct Learned {
    pub(super) party: String,
    pub(super) secrets: Vec<String>,
}

/// What became of a hop's try to take a later payment with what it knew by then.
#[derive(Clone, Serialize)]
pub(super) struct Theft {
    pub(super) payment: usize,
    /// Which part of it, from 1.
    pub(super) part: usize,
    pub(super) thief: String,
    /// The secrets in its view, of the kind that opens this lock.
    pub(super) known: usize,
    /// Candidates that went through the claim and the consensus code.
    pub(super) tried: usize,
    pub(super) accepted: usize,
    /// The same code with the right secret, where the payment went on to be claimed.
    pub(super) right_secret_accepted: Option<bool>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn name<S: serde::Serializer>(system: &System, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(system.name())
}
