use alloc::vec::Vec;

use super::{FailureMessage, FailureReply, Origin, Place, Reply};
use crate::journal::codec::{Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, kind_fault};
use crate::onion::{FailurePacket, SharedSecret};

/// Beside the place: secrets of packets within follow. States of before there were such have none.
const WITH_MORE: u8 = 4;

/// With what the failure is encrypted.
impl DangerousEncode for Origin {
    fn dangerous_encode(&self, out: &mut Bytes) {
        let place = match self.place {
            Place::Clear => 0,
            Place::Trampoline => 1,
            Place::Introduction => 2,
            Place::Blinded => 3,
        };
        let more = self.inner_secret.is_some() || !self.tail_secrets.is_empty();
        out.put(&[if more { place | WITH_MORE } else { place }]);
        self.sha256_of_onion.encode(out);
        self.shared_secret.dangerous_encode(out);
        if more {
            self.inner_secret.dangerous_encode(out);
            self.tail_secrets.dangerous_encode(out);
        }
    }
}

impl Decode for Origin {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let [kind] = *cursor.chunk()?;
        let place = match kind & !WITH_MORE {
            0 => Place::Clear,
            1 => Place::Trampoline,
            2 => Place::Introduction,
            3 => Place::Blinded,
            _ => return Err(kind_fault(kind)),
        };
        let sha256_of_onion = *cursor.chunk()?;
        let shared_secret = SharedSecret::decode(cursor)?;
        let (inner_secret, tail_secrets): (Option<SharedSecret>, Vec<SharedSecret>) =
            match kind & WITH_MORE {
                0 => (None, Vec::new()),
                _ => (Option::decode(cursor)?, Vec::decode(cursor)?),
            };
        if kind & WITH_MORE != 0 && inner_secret.is_none() && tail_secrets.is_empty() {
            return Err(kind_fault(kind));
        }
        Ok(Self { place, sha256_of_onion, shared_secret, inner_secret, tail_secrets })
    }
}

/// With what the failure is to be encrypted. A message that lacks nothing stands as it is, kinds 0 to 2.
impl DangerousEncode for FailureReply {
    fn dangerous_encode(&self, out: &mut Bytes) {
        match &self.0 {
            Reply::Told(message) => message.encode(out),
            Reply::Own { bare, shared_secret } => {
                out.put(&[3]);
                out.put_sized(bare.as_bytes());
                shared_secret.dangerous_encode(out);
            }
            Reply::PassedOn { failure, shared_secret } => {
                out.put(&[4]);
                FailureMessage::Encrypted(failure.clone()).encode(out);
                shared_secret.dangerous_encode(out);
            }
        }
    }
}

impl Decode for FailureReply {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [3] => {
                let bare = FailurePacket::from_bytes(cursor.sized()?)?;
                Ok(Self(Reply::Own { bare, shared_secret: SharedSecret::decode(cursor)? }))
            }
            [4] => match FailureMessage::decode(cursor)? {
                FailureMessage::Encrypted(failure) => {
                    let shared_secret = SharedSecret::decode(cursor)?;
                    Ok(Self(Reply::PassedOn { failure, shared_secret }))
                }
                FailureMessage::Malformed { .. } => Err("a failure in clear has no layer".into()),
            },
            [kind] => FailureMessage::decode_as(*kind, cursor).map(Self::from),
        }
    }
}
