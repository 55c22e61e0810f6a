//! Points, as values: parsed once, and then passed around by the caller.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use std::ffi::CStr;

use pointlock::curve::{Point, XOnlyPublicKey};
use secp256k1::PublicKey;

use crate::border::{Call, In, enter};
use crate::error::Error;
use crate::refusal::Refusal;
use crate::types::{BytesIn, BytesOut, FaultOut, PointIn, PointOut};

/// The length of a compressed point.
pub const POINT_LENGTH: usize = 33;
/// The length of an x-only public key (BIP-340).
pub const XONLY_LENGTH: usize = 32;

/// A point other than infinity: a lock point, or a public key. Made by pointlock_point_parse and by other calls, to be copied as a
/// value, and not to be looked into. One that was never written is refused wherever it is used.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PointData {
    data: [u8; 64],
}

impl From<&Point> for PointData {
    fn from(point: &Point) -> Self {
        // x and y, without the prefix.
        let mut data = [0; 64];
        data.copy_from_slice(&point.to_public_key().serialize_uncompressed()[1..]);
        Self { data }
    }
}

impl From<Point> for PointData {
    fn from(point: Point) -> Self {
        Self::from(&point)
    }
}

impl PointData {
    /// The point, if these are the coordinates of one. Whoever wrote them, it is looked at: a product and two squares.
    #[inline]
    pub(crate) fn to_point(self) -> Result<Point, Refusal> {
        let mut encoding = [4; 65];
        encoding[1..].copy_from_slice(&self.data);
        let key = PublicKey::from_slice(&encoding).map_err(|_| Refusal::new(Error::Point))?;
        Ok(Point::from(key))
    }
}

impl<'c> Call<'c> {
    /// A point that is read.
    #[inline]
    pub(crate) fn point(
        &mut self,
        name: &'static CStr,
        pointer: PointIn,
    ) -> Result<Point, Refusal> {
        self.list(name, pointer, 1)?[0].to_point().map_err(|refusal| refusal.at(name))
    }

    /// `count` points that are read, and who is to blame.
    pub(crate) fn points(
        &mut self,
        name: &'static CStr,
        pointer: In<PointData>,
        count: usize,
    ) -> Result<Vec<Point>, Refusal> {
        let points = self.list(name, pointer, count)?.iter().enumerate();
        points
            .map(|(index, point)| {
                point.to_point().map_err(|refusal| refusal.at(name).with_index(index))
            })
            .collect()
    }
}

/// Reads a compressed point of POINTLOCK_POINT_LENGTH bytes.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_point_parse(
    point: PointOut,
    bytes: BytesIn,
    bytes_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"point", point)?;
        let bytes = call.array(c"bytes", bytes, bytes_length)?;
        slot.write(
            Point::from_bytes(bytes).map_err(|error| Refusal::from(error).at(c"bytes"))?.into(),
        );
        Ok(())
    })
}

/// Reads an x-only public key of POINTLOCK_XONLY_LENGTH bytes (BIP-340): the point with this x and an even y.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_point_parse_xonly(
    point: PointOut,
    bytes: BytesIn,
    bytes_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"point", point)?;
        let bytes: &[u8; XONLY_LENGTH] = call.array(c"bytes", bytes, bytes_length)?;
        let key = XOnlyPublicKey::from_slice(bytes)
            .map_err(|_| Refusal::new(Error::Point).at(c"bytes"))?;
        slot.write(Point::from(key).into());
        Ok(())
    })
}

/// Writes a point in its compressed form, POINTLOCK_POINT_LENGTH bytes.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_point_serialize(
    point: PointIn,
    bytes: BytesOut,
    bytes_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"bytes", bytes, bytes_length)?;
        slot.write(call.point(c"point", point)?.to_bytes());
        Ok(())
    })
}

/// Writes the x coordinate of a point, POINTLOCK_XONLY_LENGTH bytes: as a public key of BIP-340.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_point_serialize_xonly(
    point: PointIn,
    bytes: BytesOut,
    bytes_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"bytes", bytes, bytes_length)?;
        slot.write(call.point(c"point", point)?.x_only().serialize());
        Ok(())
    })
}
