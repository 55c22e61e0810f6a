//! Sums of many lists of points, pair by pair: in each round all pairs of all lists share inversions.

use crate::affine::Affine;
use crate::backend::Backend;
use crate::pairs::Ref;

/// Lists of points of a pool, one after another.
pub(crate) struct Lists {
    pub(crate) refs: Vec<Ref>,
    /// Where each list ends.
    pub(crate) ends: Vec<usize>,
}

impl Lists {
    /// The sum of each list; None of an empty one. Sums that are computed are appended to the pool.
    pub(crate) fn sums(mut self, backend: Backend, pool: &mut Vec<Affine>) -> Vec<Option<Ref>> {
        let mut pairs = Vec::with_capacity(self.refs.len() / 2);
        loop {
            self.pair_up(pool.len(), &mut pairs);
            if pairs.is_empty() {
                break;
            }
            backend.add_pairs(pool, &pairs);
        }
        let starts = core::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(start, end)| self.refs[*start..*end].first().copied())
            .collect()
    }

    /// Replaces each two neighbours of a list by the place that their sum will have in the pool.
    fn pair_up(&mut self, mut place: usize, pairs: &mut Vec<(Ref, Ref)>) {
        pairs.clear();
        let (mut start, mut written) = (0, 0);
        for end in &mut self.ends {
            let length = *end - start;
            for i in (start..start + length / 2 * 2).step_by(2) {
                pairs.push((self.refs[i], self.refs[i + 1]));
                self.refs[written] = Ref::new(place, false);
                place += 1;
                written += 1;
            }
            if length % 2 == 1 {
                self.refs[written] = self.refs[*end - 1];
                written += 1;
            }
            start = *end;
            *end = written;
        }
    }
}
