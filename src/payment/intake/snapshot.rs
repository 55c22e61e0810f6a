use alloc::string::ToString;
use alloc::vec::Vec;

use super::Intake;
use crate::curve::{Point, SecretScalar};
use crate::journal::RecordError;
use crate::journal::codec::{Bytes, Field, FieldReader, FieldWriter, put_list};
use crate::onion::{ReplayGuard, ReplayTag};
use crate::payment::Deadlines;
use crate::payment::record::check_ascending;

const NODE_ID: Field = Field::new(0, "node id");
const HEIGHT: Field = Field::new(2, "height");
const REPLAY_TAGS: Field = Field::new(4, "replay_tags");

impl Intake {
    /// The state, with the node's name instead of its key.
    pub(in crate::payment) fn write(&self, out: &mut Bytes) {
        let tags = self.replay_guard.iter();
        let fields = FieldWriter::new()
            .set(NODE_ID, &self.node_key.to_point())
            .set(HEIGHT, &self.height)
            .put(REPLAY_TAGS, |out| {
                put_list(out, tags, |tag, out| crate::journal::codec::Encode::encode(&tag, out));
            });
        out.put(&fields.into_bytes());
    }

    /// # Errors
    ///
    /// [`RecordError`]; [`RecordError::OtherOwner`] for the state of a node with another key.
    pub(in crate::payment) fn restored(
        node_key: SecretScalar,
        deadlines: Deadlines,
        bytes: &[u8],
    ) -> Result<Self, RecordError> {
        let mut fields = FieldReader::parse(bytes)?;
        let (found, expected): (Point, _) = (fields.take(NODE_ID)?, node_key.to_point());
        if found != expected {
            let (found, expected) = (found.to_string(), expected.to_string());
            return Err(RecordError::OtherOwner { found, expected });
        }
        let mut intake = Self::new(node_key, fields.take(HEIGHT)?, deadlines);
        let tags: Vec<(ReplayTag, u32)> = fields.take(REPLAY_TAGS)?;
        fields.end()?;
        check_ascending(tags.iter().map(|(tag, _)| tag)).map_err(|f| REPLAY_TAGS.fault(f))?;
        let mut guard = ReplayGuard::new();
        for (tag, expiry_height) in tags {
            guard.insert(tag, expiry_height).map_err(|error| REPLAY_TAGS.fault(error))?;
        }
        intake.replay_guard = guard;
        Ok(intake)
    }
}
