use core::fmt;

/// The two who have a channel. Everything here is told from no side: a commitment is that of its *publisher*, who alone can publish it,
/// and an edge that of its *offerer*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Who sent `open_channel`.
    Opener,
    /// Who sent `accept_channel`.
    Accepter,
}

impl Party {
    /// The one across the channel.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Opener => Self::Accepter,
            Self::Accepter => Self::Opener,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opener => "opener",
            Self::Accepter => "accepter",
        })
    }
}
