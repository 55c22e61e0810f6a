#[cfg(feature = "batch")]
use alloc::sync::Arc;
use core::fmt;

#[cfg(feature = "batch")]
use pointlock_msm::Prepared;

use super::Point;

/// A point with a table of its multiples, for a key that many signatures are verified under: each takes half the time then.
///
/// The table has 26 KiB, and to make it takes as long as six verifications. Clones share it. Without the feature `batch` there is no
/// table, and nothing is faster.
#[derive(Clone)]
pub struct PreparedPoint {
    point: Point,
    #[cfg(feature = "batch")]
    multiples: Arc<Prepared>,
}

impl PreparedPoint {
    /// Computes the table.
    pub fn new(point: Point) -> Self {
        Self {
            point,
            #[cfg(feature = "batch")]
            multiples: Arc::new(Prepared::new(&super::coordinates(&point))),
        }
    }

    /// The point itself.
    pub fn point(&self) -> &Point {
        &self.point
    }

    #[cfg(feature = "batch")]
    pub(crate) fn multiples(&self) -> &Prepared {
        &self.multiples
    }
}

/// All else follows from the point.
impl PartialEq for PreparedPoint {
    fn eq(&self, other: &Self) -> bool {
        self.point == other.point
    }
}

impl Eq for PreparedPoint {}

impl fmt::Debug for PreparedPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreparedPoint({})", self.point)
    }
}
