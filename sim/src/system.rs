use std::fmt;
use std::str::FromStr;

use crate::OpeningKind;

/// The systems of the design, from the baseline to point locks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// Hash locks, the receiver is online, a fresh invoice for every payment.
    S1,
    /// Hash locks, one stored invoice, the receiver's LSP holds.
    S2,
    /// Hash locks, one stored invoice, the sender's LSP holds.
    S3,
    /// S3 as LDK's async payments have it: a plain static invoice, whose payers draw the preimage.
    S3Ldk,
    /// Point locks, one stored invoice, the sender's LSP holds.
    S4,
    /// S4 with k-time payment points: a point of its own for every payer.
    S5,
}

/// Who keeps a payment while the receiver is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The receiver is there.
    Nobody,
    /// The first forwarder.
    SenderLsp,
    /// The last forwarder.
    ReceiverLsp,
}

impl System {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::S1, Self::S2, Self::S3, Self::S3Ldk, Self::S4, Self::S5];

    /// S1 to S5, and S3-LDK.
    pub fn name(self) -> &'static str {
        match self {
            Self::S1 => "S1",
            Self::S2 => "S2",
            Self::S3 => "S3",
            Self::S3Ldk => "S3-LDK",
            Self::S4 => "S4",
            Self::S5 => "S5",
        }
    }

    /// Whether payments are under points; else they are under a hash.
    pub fn point_locks(self) -> bool {
        matches!(self, Self::S4 | Self::S5)
    }

    /// Whether every payer has a payment point, and a proof of payment, of its own.
    pub fn own_points(self) -> bool {
        self == Self::S5
    }

    /// Whether a payment has a payer's key: for a point of its own, or for what a payer signs in LDK's way.
    pub fn has_payer_keys(self) -> bool {
        matches!(self, Self::S3Ldk | Self::S5)
    }

    /// Whether the payers share an invoice.
    pub fn reuses_invoice(self) -> bool {
        self != Self::S1
    }

    /// Who holds.
    pub fn holder(self) -> Holder {
        match self {
            Self::S1 => Holder::Nobody,
            Self::S2 => Holder::ReceiverLsp,
            Self::S3 | Self::S3Ldk | Self::S4 | Self::S5 => Holder::SenderLsp,
        }
    }

    /// What its invoices are paid under; k is for S5 alone.
    pub fn opening(self, k: usize) -> OpeningKind {
        match self {
            Self::S1 | Self::S2 | Self::S3 => OpeningKind::Hash,
            Self::S3Ldk => OpeningKind::Payers,
            Self::S4 => OpeningKind::Point,
            Self::S5 => OpeningKind::Polynomial { k },
        }
    }
}

impl Holder {
    /// Its number among so many forwarders, from 1.
    pub fn hop(self, forwarders: usize) -> Option<usize> {
        match self {
            Self::Nobody => None,
            Self::SenderLsp => Some(1),
            Self::ReceiverLsp => Some(forwarders),
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for System {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|system| system.name() == text);
        known.ok_or_else(|| format!("{text:?}: is none of S1 to S5, nor S3-LDK"))
    }
}
