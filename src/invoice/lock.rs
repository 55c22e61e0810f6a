use crate::curve::Point;
use crate::lock::PaymentHash;

/// The payment points Z_0 … Z_k of an invoice, at least one, and k at most [`MAX_K`](Self::MAX_K).
///
/// One point, k = 0, is the plain static point: paid under Z_0, any number of times. More are the
/// coefficients of a k-time polynomial, and none of them alone is a point to pay under: see
/// [`ktime`](super::ktime).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PaymentPoints(Vec<Point>);

impl PaymentPoints {
    /// The largest k, for makers and readers. Its points are 33.8 kB, near the limit of what a Lightning message carries,
    /// and a payer computes one multiplication for each: a longer list would make every payer work for nothing.
    pub const MAX_K: usize = 1024;

    /// Takes 1 to [`MAX_K`](Self::MAX_K) + 1 points; None when there is none, or one more.
    pub fn new(points: Vec<Point>) -> Option<Self> {
        if (1..=Self::MAX_K + 1).contains(&points.len()) { Some(Self(points)) } else { None }
    }

    /// Z_0 … Z_k.
    pub fn as_slice(&self) -> &[Point] {
        &self.0
    }

    /// The degree of the polynomial; 0 for the plain static point.
    pub fn k(&self) -> usize {
        self.0.len() - 1
    }
}

/// What a payment is locked to.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PaymentLock {
    /// Payment points: the invoice may be paid more than once.
    ///
    /// With k = 0 the number is not limited, but whoever has paid knows z: a sender, a past payer and a
    /// hop together take that sender's payment. Nor does paying prove who has paid.
    Points(PaymentPoints),
    /// A payment hash, SHA-256 of the preimage: the invoice may be paid once. Every node of the route
    /// learns the preimage and can take a second payment.
    Hash(PaymentHash),
}

impl From<PaymentPoints> for PaymentLock {
    fn from(points: PaymentPoints) -> Self {
        Self::Points(points)
    }
}

impl From<Point> for PaymentLock {
    /// The plain static point.
    fn from(point: Point) -> Self {
        Self::Points(PaymentPoints(vec![point]))
    }
}
