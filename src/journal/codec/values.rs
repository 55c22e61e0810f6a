use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use secp256k1::PublicKey;

use super::{Bytes, Cursor, DangerousEncode, Decode, Encode, Fault};
use crate::curve::{Point, SecretScalar};
use crate::lock::{Blind, Lock, LockSecret, PaymentHash, Preimage};

/// How many, and each of them.
pub(crate) fn put_list<T>(
    out: &mut Bytes,
    items: impl ExactSizeIterator<Item = T>,
    mut put: impl FnMut(T, &mut Bytes),
) {
    out.put_bigsize(items.len() as u64);
    items.for_each(|item| put(item, out));
}

impl<T: Encode + ?Sized> Encode for &T {
    fn encode(&self, out: &mut Bytes) {
        (**self).encode(out);
    }
}

impl<T: DangerousEncode + ?Sized> DangerousEncode for &T {
    fn dangerous_encode(&self, out: &mut Bytes) {
        (**self).dangerous_encode(out);
    }
}

impl Encode for bool {
    fn encode(&self, out: &mut Bytes) {
        out.put(&[u8::from(*self)]);
    }
}

impl Decode for bool {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(kind_fault(*other)),
        }
    }
}

/// Of a byte that says which of several things follows.
pub(crate) fn kind_fault(byte: u8) -> Fault {
    Fault::from(alloc::format!("{byte:02x} is none of the kinds"))
}

impl Encode for u16 {
    fn encode(&self, out: &mut Bytes) {
        out.put(&self.to_be_bytes());
    }
}

impl Decode for u16 {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_be_bytes(*cursor.chunk()?))
    }
}

impl Encode for u32 {
    fn encode(&self, out: &mut Bytes) {
        out.put(&self.to_be_bytes());
    }
}

impl Decode for u32 {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_be_bytes(*cursor.chunk()?))
    }
}

impl Encode for u64 {
    fn encode(&self, out: &mut Bytes) {
        out.put(&self.to_be_bytes());
    }
}

impl Decode for u64 {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_be_bytes(*cursor.chunk()?))
    }
}

/// As 8 bytes, whatever the machine.
impl Encode for usize {
    fn encode(&self, out: &mut Bytes) {
        (*self as u64).encode(out);
    }
}

impl Decode for usize {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::try_from(u64::decode(cursor)?)?)
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, out: &mut Bytes) {
        out.put(self);
    }
}

impl<const N: usize> Decode for [u8; N] {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        cursor.chunk().copied()
    }
}

impl Encode for Vec<u8> {
    fn encode(&self, out: &mut Bytes) {
        out.put_sized(self);
    }
}

impl Decode for Vec<u8> {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        cursor.sized().map(<[u8]>::to_vec)
    }
}

impl Encode for str {
    fn encode(&self, out: &mut Bytes) {
        out.put_sized(self.as_bytes());
    }
}

impl Decode for String {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(core::str::from_utf8(cursor.sized()?)?.to_string())
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, out: &mut Bytes) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

impl<T: DangerousEncode> DangerousEncode for Option<T> {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.dangerous_encode(out);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        bool::decode(cursor)?.then(|| T::decode(cursor)).transpose()
    }
}

impl<T: Encode> Encode for [T] {
    fn encode(&self, out: &mut Bytes) {
        put_list(out, self.iter(), |item, out| item.encode(out));
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, out: &mut Bytes) {
        self.as_slice().encode(out);
    }
}

impl<T: DangerousEncode> DangerousEncode for [T] {
    fn dangerous_encode(&self, out: &mut Bytes) {
        put_list(out, self.iter(), |item, out| item.dangerous_encode(out));
    }
}

impl<T: DangerousEncode> DangerousEncode for Vec<T> {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.as_slice().dangerous_encode(out);
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        // Whatever the number says, room is made for what is there.
        (0..cursor.bigsize()?).map(|_| T::decode(cursor)).collect()
    }
}

impl<T: Encode> Encode for Box<T> {
    fn encode(&self, out: &mut Bytes) {
        (**self).encode(out);
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        T::decode(cursor).map(Self::new)
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    fn encode(&self, out: &mut Bytes) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok((A::decode(cursor)?, B::decode(cursor)?))
    }
}

impl Encode for Point {
    fn encode(&self, out: &mut Bytes) {
        out.put(&self.to_bytes());
        put_y(self, out);
    }
}

impl Decode for Point {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let encoding = cursor.chunk()?;
        decode_point(cursor, encoding)
    }
}

/// For a point that stands within other bytes: what [`decode_point`] needs.
pub(crate) fn put_y(point: &Point, out: &mut Bytes) {
    out.put_y(|| {
        let whole = point.to_public_key().serialize_uncompressed();
        *whole.last_chunk().expect("it ends with 32 bytes of y")
    });
}

/// A point by its encoding, with its y if that was kept: whether (x, y) is a point, and this one, takes no root to see.
pub(crate) fn decode_point(cursor: &mut Cursor<'_>, encoding: &[u8; 33]) -> Result<Point, Fault> {
    let Some(y) = cursor.y()? else { return Ok(Point::from_bytes(encoding)?) };
    let mut whole = [4; 65];
    whole[1..33].copy_from_slice(&encoding[1..]);
    whole[33..].copy_from_slice(y);
    let point = Point::from(PublicKey::from_slice(&whole)?);
    if point.to_bytes() == *encoding { Ok(point) } else { Err("the y of another point".into()) }
}

impl Encode for Lock {
    fn encode(&self, out: &mut Bytes) {
        match self {
            Self::Hash(PaymentHash(hash)) => {
                out.put(&[0]);
                out.put(hash);
            }
            Self::Point(point) => {
                out.put(&[1]);
                point.encode(out);
            }
        }
    }
}

impl Decode for Lock {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(Self::Hash(PaymentHash(*cursor.chunk()?))),
            [1] => Point::decode(cursor).map(Self::Point),
            [other] => Err(kind_fault(*other)),
        }
    }
}

impl DangerousEncode for SecretScalar {
    fn dangerous_encode(&self, out: &mut Bytes) {
        out.put(&*self.dangerous_to_bytes());
    }
}

impl Decode for SecretScalar {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self::from_bytes(cursor.chunk()?)?)
    }
}

impl DangerousEncode for Blind {
    fn dangerous_encode(&self, out: &mut Bytes) {
        self.as_scalar().dangerous_encode(out);
    }
}

impl Decode for Blind {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        SecretScalar::decode(cursor).map(Self::new)
    }
}

impl DangerousEncode for LockSecret {
    fn dangerous_encode(&self, out: &mut Bytes) {
        match self {
            Self::Preimage(preimage) => {
                out.put(&[0]);
                out.put(preimage.dangerous_as_bytes());
            }
            Self::Scalar(scalar) => {
                out.put(&[1]);
                scalar.dangerous_encode(out);
            }
        }
    }
}

impl Decode for LockSecret {
    fn decode(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        match cursor.chunk()? {
            [0] => Ok(Self::Preimage(Preimage::new(*cursor.chunk()?))),
            [1] => SecretScalar::decode(cursor).map(Self::Scalar),
            [other] => Err(kind_fault(*other)),
        }
    }
}
