use secp256k1::XOnlyPublicKey;

use crate::curve::Point;

/// A signer's key as verification gets it. The signature is for the point with even y, whichever it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key<'a> {
    /// By its x coordinate: y is a square root away.
    XOnly(&'a XOnlyPublicKey),
    /// With both coordinates.
    Point(&'a Point),
}

impl Key<'_> {
    /// x(P), big endian.
    pub(super) fn x_bytes(&self) -> [u8; 32] {
        match self {
            Self::XOnly(key) => key.serialize(),
            Self::Point(key) => *key.to_bytes().last_chunk().expect("33 bytes end with 32"),
        }
    }

    /// As libsecp256k1 takes it.
    pub(super) fn x_only(&self) -> XOnlyPublicKey {
        match self {
            Self::XOnly(key) => **key,
            Self::Point(key) => key.x_only(),
        }
    }
}
