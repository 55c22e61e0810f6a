use clap::ValueEnum;

use super::Args;
use crate::collusion::{self, Standard};
use crate::world::Way;

/// The systems of the design, from the baseline to point locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum System {
    /// Hash locks, receiver online, a fresh invoice for every payment
    #[value(name = "S1")]
    S1,
    /// Hash locks, invoice stored at a third party, the last hop holds
    #[value(name = "S2")]
    S2,
    /// Hash locks, vault and two LSPs, the sender's LSP holds
    #[value(name = "S3")]
    S3,
    /// Point locks, vault and two LSPs, the sender's LSP holds
    #[value(name = "S4")]
    S4,
    /// S4 with k-time payment points: a point of its own for every payer
    #[value(name = "S5")]
    S5,
}

/// Who keeps the payment while the receiver is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    Nobody,
    SenderLsp,
    ReceiverLsp,
}

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
            trampoline: (self.system == System::S5).then_some(1),
        }
    }

    /// In how many parts this payment is made: the last one of S5 in several.
    pub(super) fn parts(self, payment: usize, args: &Args) -> usize {
        let last = payment + 1 == usize::from(args.payers);
        if self.system == System::S5 && last { usize::from(args.parts) } else { 1 }
    }

    /// The scenario in which the thieves of this system are looked for: one payment is claimed, another on its way. Over a fresh
    /// invoice nobody has paid before.
    pub(super) fn standard(self, args: &Args) -> Standard {
        Standard {
            system: match self.system {
                System::S1 | System::S2 => collusion::System::S2,
                System::S3 => collusion::System::S3,
                System::S4 => collusion::System::S4,
                System::S5 => collusion::System::S5,
            },
            past_payers: u8::from(self.system.reuses_invoice()),
            vault_paid: false,
            routers: args.routers,
            points: 3,
            way: match (self.system, self.rails) {
                (System::S5, _) => collusion::Way::TrampolineAndPath,
                (_, Rails::Bolt12) => collusion::Way::Path,
                _ => collusion::Way::Clear,
            },
            parts: if self.system == System::S5 { args.parts } else { 1 },
        }
    }
}

impl System {
    pub(super) const ALL: [Self; 5] = [Self::S1, Self::S2, Self::S3, Self::S4, Self::S5];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::S1 => "S1",
            Self::S2 => "S2",
            Self::S3 => "S3",
            Self::S4 => "S4",
            Self::S5 => "S5",
        }
    }

    /// How it is played: S4 twice, since its invoices get to the payers in two ways.
    pub(super) fn settings(self) -> &'static [Setting] {
        match self {
            Self::S1 => &[Setting { system: Self::S1, rails: Rails::Direct }],
            Self::S2 => &[Setting { system: Self::S2, rails: Rails::Lnurl }],
            Self::S3 => &[Setting { system: Self::S3, rails: Rails::Lnurl }],
            Self::S4 => &[
                Setting { system: Self::S4, rails: Rails::Lnurl },
                Setting { system: Self::S4, rails: Rails::Bolt12 },
            ],
            Self::S5 => &[Setting { system: Self::S5, rails: Rails::Bolt12 }],
        }
    }

    pub(super) fn point_locks(self) -> bool {
        matches!(self, Self::S4 | Self::S5)
    }

    /// Whether every payer has a payment point, and a proof of payment, of its own.
    pub(super) fn own_points(self) -> bool {
        self == Self::S5
    }

    /// What a payer has in the end.
    pub(super) fn receipt(self) -> &'static str {
        match self {
            Self::S1 => "the preimage",
            Self::S2 | Self::S3 => "everybody's preimage",
            Self::S4 => "everybody's z",
            Self::S5 => "a proof of its own",
        }
    }

    /// Whether the payers share an invoice that a vault hands out.
    pub(super) fn reuses_invoice(self) -> bool {
        self != Self::S1
    }

    pub(super) fn holder(self) -> Holder {
        match self {
            Self::S1 => Holder::Nobody,
            Self::S2 => Holder::ReceiverLsp,
            Self::S3 | Self::S4 | Self::S5 => Holder::SenderLsp,
        }
    }

    /// Whether the design expects a hop to be able to take a later payment.
    pub(super) fn theft_expected(self) -> bool {
        matches!(self, Self::S2 | Self::S3)
    }
}
