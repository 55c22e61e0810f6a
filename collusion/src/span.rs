//! Whether a vector is in the span of others, and by which combination.

use super::field::Element;

/// A linear form: columns with their coefficients, in ascending order and none of them zero. Each atom of the model has a column, and
/// an equation has two or three of thousands.
pub(super) type Vector = Vec<(usize, Element)>;

/// Independent vectors in echelon form. Grows at the end and is cut back there, so that a search which adds
/// one party after the other never eliminates anything twice.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    /// The first entry of each leads.
    rows: Vec<Vector>,
    /// For each column the row that leads there.
    leading: Vec<Option<usize>>,
}

impl Basis {
    pub(super) fn new(columns: usize) -> Self {
        Self { rows: Vec::new(), leading: vec![None; columns] }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Back to its first `length` vectors.
    pub(super) fn truncate(&mut self, length: usize) {
        for row in self.rows.drain(length..) {
            self.leading[row[0].0] = None;
        }
    }

    pub(super) fn insert(&mut self, vector: &Vector) {
        let mut rest = self.reduce(vector.clone());
        let Some(&(column, lead)) = rest.first() else { return };
        // What is left behind the columns of the basis leads nowhere.
        let Some(leading) = self.leading.get_mut(column) else { return };
        if lead == Element::ONE.negate() {
            rest.iter_mut().for_each(|(_, entry)| *entry = entry.negate());
        }
        *leading = Some(self.rows.len());
        self.rows.push(rest);
    }

    pub(super) fn contains(&self, vector: &Vector) -> bool {
        self.reduce(vector.clone()).is_empty()
    }

    /// Takes multiples of the rows away until a pivot-free column remains. The vector is
    /// scaled on the way: inverting would cost more than the products do.
    fn reduce(&self, mut vector: Vector) -> Vector {
        while let Some((column, _)) = vector.first() {
            let Some(row) = self.leading.get(*column).copied().flatten() else { break };
            vector = eliminated(&vector, &self.rows[row]);
        }
        vector
    }
}

/// lead·vector − factor·row, with the first entries of row and vector as lead and factor, so that their column is gone.
fn eliminated(vector: &Vector, row: &Vector) -> Vector {
    let ((_, factor), (_, lead)) = (vector[0], row[0]);
    let (mut ours, mut theirs) = (&vector[1..], &row[1..]);
    let mut sum = Vec::with_capacity(ours.len() + theirs.len());
    while let Some(column) = first_column(ours).into_iter().chain(first_column(theirs)).min() {
        let take = |entries: &mut &[(usize, Element)]| match entries.split_first() {
            Some(((first, entry), rest)) if *first == column => {
                *entries = rest;
                *entry
            }
            _ => Element::ZERO,
        };
        let entry = take(&mut ours).mul(lead).sub(factor.mul(take(&mut theirs)));
        if !entry.is_zero() {
            sum.push((column, entry));
        }
    }
    sum
}

fn first_column(entries: &[(usize, Element)]) -> Option<usize> {
    entries.first().map(|(column, _)| *column)
}

/// Coefficients with which the vectors, of this many columns, add up to the target; None when it is not in their span. Earlier
/// vectors are preferred, and of those that have a coefficient none can be spared: they are independent.
pub(super) fn combination(
    columns: usize,
    vectors: &[&Vector],
    target: &Vector,
) -> Option<Vec<(usize, Element)>> {
    // Behind its columns each vector has one for itself, and the target one too: what the elimination does to the former it
    // writes down in the latter.
    let marked = |vector: &Vector, mark: usize| {
        let mut marked = vector.clone();
        marked.push((columns + mark, Element::ONE));
        marked
    };
    let mut basis = Basis::new(columns);
    for (mark, vector) in vectors.iter().enumerate() {
        basis.insert(&marked(vector, mark));
    }
    let mut rest = basis.reduce(marked(target, vectors.len()));
    if first_column(&rest)? < columns {
        return None;
    }
    // scale·target + Σ entry·vector = 0, and the target's mark stands last.
    let (_, scale) = rest.pop()?;
    let factor = scale.inverse().expect("a product of leads, none of them zero").negate();
    Some(rest.iter().map(|(column, entry)| (column - columns, entry.mul(factor))).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use pointlock::curve::PublicScalar;

    fn element(number: i8) -> Element {
        let mut bytes = [0; 32];
        bytes[31] = number.unsigned_abs();
        let element = Element::from(&PublicScalar::from_hash(&bytes));
        if number < 0 { element.negate() } else { element }
    }

    fn vector(numbers: &[i8]) -> Vector {
        sparse(&numbers.iter().copied().map(element).collect::<Vec<_>>())
    }

    fn sparse(entries: &[Element]) -> Vector {
        entries.iter().copied().enumerate().filter(|(_, entry)| !entry.is_zero()).collect()
    }

    #[test]
    fn spans() {
        let mut basis = Basis::new(3);
        basis.insert(&vector(&[2, 3, 0]));
        basis.insert(&vector(&[4, 6, 0]));
        assert_eq!(basis.len(), 1);
        basis.insert(&vector(&[3, 0, 5]));
        assert!(basis.contains(&vector(&[5, 3, 5])));
        assert!(!basis.contains(&vector(&[0, 0, 1])));
        assert!(basis.contains(&vector(&[0, 0, 0])));
        basis.truncate(1);
        assert!(!basis.contains(&vector(&[5, 3, 5])));
        assert!(basis.contains(&vector(&[-2, -3, 0])));
    }

    proptest! {
        /// A sum of the vectors is found to be one, and the coefficients give it again.
        #[test]
        fn combinations_add_up(
            rows in prop::collection::vec([-3i8..4, -3i8..4, -3i8..4, -3i8..4, -3i8..4], 1..7),
            factors in prop::collection::vec(-5i8..6, 7),
        ) {
            let vectors: Vec<Vector> = rows.iter().map(|row| vector(row)).collect();
            let sum_of = |terms: &[(usize, Element)]| {
                let mut sum = [Element::ZERO; 5];
                for (index, factor) in terms {
                    for (column, entry) in &vectors[*index] {
                        sum[*column] = sum[*column].add(entry.mul(*factor));
                    }
                }
                sparse(&sum)
            };
            let terms: Vec<_> = (0..vectors.len()).map(|index| (index, element(factors[index]))).collect();
            let target = sum_of(&terms);
            let references: Vec<&Vector> = vectors.iter().collect();
            let found = combination(5, &references, &target).unwrap();
            prop_assert!(found.iter().all(|(_, factor)| !factor.is_zero()), "what is not needed is left out");
            let sum = sum_of(&found);
            prop_assert_eq!(sum, target);
        }
    }
}
