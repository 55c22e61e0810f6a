use alloc::vec::Vec;

use super::{Origin, Place};
use crate::journal::codec::{Bytes, Cursor, DangerousEncode, Decode, Encode, Fault, kind_fault};
use crate::onion::SharedSecret;

/// With what the failure is encrypted.
impl DangerousEncode for Origin {
    fn dangerous_encode(&self, out: &mut Bytes) {
        out.put(&[match self.place {
            Place::Clear => 0,
            Place::Trampoline => 1,
            Place::Introduction => 2,
            Place::Blinded => 3,
        }]);
        self.sha256_of_onion.encode(out);
        self.shared_secret.dangerous_encode(out);
        self.inner_secret.dangerous_encode(out);
        self.tail_secrets.dangerous_encode(out);
    }
}

impl Decode for Origin {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let place = match cursor.chunk()? {
            [0] => Place::Clear,
            [1] => Place::Trampoline,
            [2] => Place::Introduction,
            [3] => Place::Blinded,
            [other] => return Err(kind_fault(*other)),
        };
        let sha256_of_onion = *cursor.chunk()?;
        Ok(Self {
            place,
            sha256_of_onion,
            shared_secret: SharedSecret::decode(cursor)?,
            inner_secret: Option::decode(cursor)?,
            tail_secrets: Vec::decode(cursor)?,
        })
    }
}
