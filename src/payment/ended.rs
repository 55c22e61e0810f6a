//! How an incoming edge ended on the chain.

use crate::journal::codec::{Bytes, Cursor, Decode, Encode, Fault};

/// By this node's claim or by the other side's refund, with the height of the block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Claimed(u32),
    TakenBack(u32),
}

impl Ended {
    pub(super) fn height(self) -> u32 {
        match self {
            Self::Claimed(height) | Self::TakenBack(height) => height,
        }
    }
}

impl Encode for Ended {
    fn encode(&self, out: &mut Bytes) {
        matches!(self, Self::TakenBack(_)).encode(out);
        self.height().encode(out);
    }
}

impl Decode for Ended {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let taken_back = bool::decode(cursor)?;
        let height = u32::decode(cursor)?;
        Ok(if taken_back { Self::TakenBack(height) } else { Self::Claimed(height) })
    }
}
