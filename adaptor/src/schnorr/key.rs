use secp256k1::XOnlyPublicKey;

use crate::curve::{Keypair, Point, PreparedPoint};

/// A signer's key as verification gets it. The signature is for the point with even y, whichever it is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key<'a> {
    /// By its x coordinate: y is a square root away.
    XOnly(&'a XOnlyPublicKey),
    /// With both coordinates.
    Point(&'a Point),
    /// With a table of its multiples.
    Prepared(&'a PreparedPoint),
}

impl<'a> Key<'a> {
    /// That of a signer who verifies its own work.
    pub(super) fn of(keypair: &'a Keypair) -> Self {
        keypair.prepared_key().map_or(Self::Point(keypair.as_public_key()), Self::Prepared)
    }

    /// Both coordinates, if they are known.
    #[cfg(feature = "batch")]
    pub(super) fn point(&self) -> Option<&Point> {
        match self {
            Self::XOnly(_) => None,
            Self::Point(key) => Some(key),
            Self::Prepared(key) => Some(key.point()),
        }
    }

    /// x(P), big endian.
    pub(super) fn x_bytes(&self) -> [u8; 32] {
        self.x_only().serialize()
    }

    /// As libsecp256k1 takes it.
    pub(super) fn x_only(&self) -> XOnlyPublicKey {
        match self {
            Self::XOnly(key) => **key,
            Self::Point(key) => key.x_only(),
            Self::Prepared(key) => key.point().x_only(),
        }
    }
}
