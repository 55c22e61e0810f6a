use pointlock_sim::{System, Way};

use super::Args;
use crate::collusion::{self, Standard};

/// How the invoice gets to the payers, and what it says of the way to the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rails {
    /// From the receiver itself; the route is in the clear.
    Direct,
    /// From the vault for a Lightning Address; the route is in the clear.
    Lnurl,
    /// From the vault for an offer; the way to the receiver is a blinded path.
    Bolt12,
}

/// A system as it is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) system: System,
    pub(super) rails: Rails,
}

impl Rails {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Lnurl => "LNURL",
            Self::Bolt12 => "BOLT 12",
        }
    }
}

impl Setting {
    pub(super) fn title(self) -> &'static str {
        match (self.system, self.rails) {
            (System::S1, _) => "hash locks, receiver online, a fresh invoice for every payment",
            (System::S2, _) => "hash locks, one stored invoice, the receiver's LSP holds",
            (System::S3, _) => "hash locks, one stored invoice, the sender's LSP holds",
            (System::S3Ldk, _) => {
                "hash locks, one BOLT 12 static invoice without a lock: each payer draws the preimage, as LDK's do"
            }
            (System::S4, Rails::Bolt12) => {
                "point locks, one BOLT 12 static invoice with a blinded path, the sender's LSP holds"
            }
            (System::S4, _) => "point locks, one invoice over LNURL, the sender's LSP holds",
            (System::S5, _) => {
                "point locks, one BOLT 12 static invoice with a point for each payer, the sender's LSP holds and finds the way"
            }
        }
    }

    /// How payments find the receiver: in S5 the sender's LSP finds the way when it is told to forward.
    pub(super) fn way(self) -> Way {
        Way {
            path: (self.rails == Rails::Bolt12).then_some(0),
            finder: (self.system == System::S5).then_some(1),
        }
    }

    /// In how many parts this payment is made: the last one of S5 in several.
    pub(super) fn parts(self, payment: usize, args: &Args) -> usize {
        let last = payment + 1 == usize::from(args.payers);
        if self.system == System::S5 && last { usize::from(args.parts()) } else { 1 }
    }

    /// The scenario in which the thieves of this system are looked for: one payment is claimed, another on its way. Over a fresh
    /// invoice nobody has paid before.
    pub(super) fn standard(self, args: &Args) -> Standard {
        Standard {
            system: if self.system == System::S1 { System::S2 } else { self.system },
            past_payers: u8::from(self.system.reuses_invoice()),
            vault_paid: false,
            routers: args.routers,
            points: 3,
            way: match (self.system, self.rails) {
                (System::S5, _) => collusion::Way::TrampolineAndPath,
                (_, Rails::Bolt12) => collusion::Way::Path,
                _ => collusion::Way::Clear,
            },
            parts: if self.system == System::S5 { args.parts() } else { 1 },
        }
    }
}

/// How a system is played: S4 twice, since its invoices get to the payers in two ways.
pub(super) fn settings(system: System) -> Vec<Setting> {
    let rails: &[Rails] = match system {
        System::S1 => &[Rails::Direct],
        System::S2 | System::S3 => &[Rails::Lnurl],
        System::S4 => &[Rails::Lnurl, Rails::Bolt12],
        System::S3Ldk | System::S5 => &[Rails::Bolt12],
    };
    rails.iter().map(|rails| Setting { system, rails: *rails }).collect()
}

/// What a payer has in the end.
pub(super) fn receipt(system: System) -> &'static str {
    match system {
        System::S1 => "the preimage",
        System::S2 | System::S3 => "everybody's preimage",
        System::S3Ldk => "its own preimage, no proof",
        System::S4 => "everybody's z",
        System::S5 => "a proof of its own",
    }
}

/// Whether the design expects a hop to be able to take a later payment.
pub(super) fn theft_expected(system: System) -> bool {
    matches!(system, System::S2 | System::S3)
}
