use pointlock::curve::{CurveError, Point};

use super::{derived_key, revocation_key};
use crate::{Channel, ChannelError, Party};

/// The public keys of one commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitmentKeys {
    /// Takes every output, once the commitment is revoked: the other party's, and the internal key of all that the publisher could get.
    pub revocation: Point,
    /// The publisher's own money, after its delay.
    pub delayed: Point,
    /// The publisher's key in edges.
    pub publisher_htlc: Point,
    /// The other party's key in edges.
    pub other_htlc: Point,
    /// The other party's own money; the same on all commitments.
    pub other_payment: Point,
}

impl CommitmentKeys {
    /// Derives them for the publisher's commitment with this per-commitment point.
    ///
    /// # Errors
    ///
    /// [`ChannelError::SameKey`] when both keys in edges have the same x coordinate, because then one leaf's signature would serve the
    /// other; in theory [`ChannelError::Key`].
    pub fn new(channel: &Channel, publisher: Party, point: &Point) -> Result<Self, ChannelError> {
        let (own, other) = (channel.terms_of(publisher), channel.terms_of(publisher.other()));
        let named = |key, result: Result<Point, CurveError>| {
            result.map_err(|source| ChannelError::Key { key, source })
        };
        let keys = Self {
            revocation: named("revocation key", revocation_key(&other.revocation, point))?,
            delayed: named("delayed key", derived_key(&own.delayed, point))?,
            publisher_htlc: named("publisher's HTLC key", derived_key(&own.htlc, point))?,
            other_htlc: named("other's HTLC key", derived_key(&other.htlc, point))?,
            other_payment: other.payment,
        };
        if keys.publisher_htlc.x_only() == keys.other_htlc.x_only() {
            return Err(ChannelError::SameKey { key: "HTLC key" });
        }
        Ok(keys)
    }
}
