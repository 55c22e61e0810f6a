use std::str::FromStr;

/// What a hop does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// One bit of the lock secret is flipped before the hop claims.
    FlippedBit,
    /// The hop adds another blind to the lock than the one that it was given.
    WrongBlind,
    /// The hop commits the outgoing contract under the lock of its incoming one.
    SwappedLock,
    /// The hop claims before anybody claimed from it.
    EarlyClaim,
}

impl FaultKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FlippedBit => "flipped-bit",
            Self::WrongBlind => "wrong-blind",
            Self::SwappedLock => "swapped-lock",
            Self::EarlyClaim => "early-claim",
        }
    }
}

/// A fault at a named hop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) hop: String,
    pub(crate) kind: FaultKind,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (hop, kind) =
            text.split_once(':').ok_or("expected HOP:FAULT, as router:wrong-blind")?;
        let kinds = [
            FaultKind::FlippedBit,
            FaultKind::WrongBlind,
            FaultKind::SwappedLock,
            FaultKind::EarlyClaim,
        ];
        let kind = kinds
            .into_iter()
            .find(|known| known.name() == kind)
            .ok_or_else(|| format!("unknown fault {kind}"))?;
        Ok(Self { hop: hop.to_owned(), kind })
    }
}
