use alloc::vec::Vec;

use super::{Arrival, Key, PartSets, key, place};
use crate::edge::EdgeId;
use crate::journal::codec::{Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, put_list};
use crate::lock::Blind;
use crate::payment::record::check_ascending;

/// A share that a sender has given, and for what.
pub(in crate::payment::receiver) struct Given {
    key: Key,
    share: Blind,
}

impl Decode for Given {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let key = (Decode::decode(cursor)?, *cursor.chunk()?);
        Ok(Self { key, share: Blind::decode(cursor)? })
    }
}

impl PartSets {
    /// The parts that wait, in the order of their sets.
    pub(in crate::payment::receiver) fn dangerous_write_parts(&self, out: &mut Bytes) {
        let parts: Vec<&Arrival> = self.sets.values().flat_map(|parts| parts.values()).collect();
        put_list(out, parts.into_iter(), |part, out| part.dangerous_encode(out));
    }

    /// The shares that senders have given.
    pub(in crate::payment::receiver) fn dangerous_write_given(&self, out: &mut Bytes) {
        put_list(out, self.given.iter(), |(key, share), out| {
            key.encode(out);
            share.dangerous_encode(out);
        });
    }

    /// # Errors
    ///
    /// [`Fault`], for a part that waits for nothing, or one that comes twice.
    pub(in crate::payment::receiver) fn restored(
        parts: Vec<Arrival>,
        given: Vec<Given>,
    ) -> Result<Self, Fault> {
        let mut sets = Self::default();
        let mut last = None;
        for part in parts {
            let key = key(&part).ok_or("a part that waits for nothing")?;
            let at = (key, place(&part).0);
            check_ascending(last.into_iter().chain([at]))?;
            last = Some(at);
            if sets.by_edge.contains_key(&part.edge.id) {
                return Err("an edge twice".into());
            }
            sets.insert(part);
        }
        check_ascending(given.iter().map(|given| given.key))?;
        sets.given = given.into_iter().map(|given| (given.key, given.share)).collect();
        Ok(sets)
    }

    /// The edges of all parts that wait.
    pub(in crate::payment::receiver) fn edges(&self) -> impl ExactSizeIterator<Item = &EdgeId> {
        self.by_edge.keys()
    }
}
