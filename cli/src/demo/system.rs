use clap::ValueEnum;

use super::Args;
use crate::collusion::{self, Standard};

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

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::S1 => "hash locks, receiver online, a fresh invoice for every payment",
            Self::S2 => "hash locks, one stored invoice, the receiver's LSP holds",
            Self::S3 => "hash locks, one stored invoice, the sender's LSP holds",
            Self::S4 => "point locks, one stored invoice, the sender's LSP holds",
            Self::S5 => {
                "point locks, one stored invoice with a point for each payer, the sender's LSP holds"
            }
        }
    }

    pub(super) fn point_locks(self) -> bool {
        matches!(self, Self::S4 | Self::S5)
    }

    /// Whether every payer has a payment point, and a proof of payment, of its own.
    pub(super) fn own_points(self) -> bool {
        self == Self::S5
    }

    /// The scenario in which the thieves of this system are looked for: one payment is claimed, another on its way. Over a fresh
    /// invoice nobody has paid before.
    pub(super) fn standard(self, args: &Args) -> Standard {
        Standard {
            system: match self {
                Self::S1 | Self::S2 => collusion::System::S2,
                Self::S3 => collusion::System::S3,
                Self::S4 => collusion::System::S4,
                Self::S5 => collusion::System::S5,
            },
            past_payers: u8::from(self.reuses_invoice()),
            vault_paid: false,
            routers: args.routers,
            points: 3,
        }
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
