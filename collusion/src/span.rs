//! Whether a vector is in the span of others, and by which combination.

use super::field::Element;

/// A linear form as its coefficients, one for each atom of the model.
pub(super) type Vector = Vec<Element>;

/// Independent vectors in echelon form. Grows at the end and is cut back there, so that a search which adds
/// one party after the other never eliminates anything twice.
#[derive(Clone, Debug)]
pub(super) struct Basis {
    rows: Vec<Row>,
    /// For each column the row that leads there.
    leading: Vec<Option<usize>>,
}

/// The entries that are not zero, in order of their columns; the first is the lead.
#[derive(Clone, Debug)]
struct Row(Vec<(usize, Element)>);

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
            self.leading[row.0[0].0] = None;
        }
    }

    pub(super) fn insert(&mut self, vector: &Vector) {
        let mut rest = vector.clone();
        let Some(lead) = self.reduce(&mut rest) else { return };
        if rest[lead] == Element::ONE.negate() {
            rest.iter_mut().for_each(|entry| *entry = entry.negate());
        }
        self.leading[lead] = Some(self.rows.len());
        let entries = rest.into_iter().enumerate().filter(|(_, entry)| !entry.is_zero());
        self.rows.push(Row(entries.collect()));
    }

    pub(super) fn contains(&self, vector: &Vector) -> bool {
        self.reduce(&mut vector.clone()).is_none()
    }

    /// Takes multiples of the rows away until a column of the basis is left in which none leads, and gives that column. The vector is
    /// scaled on the way: inverting would cost more than the products do.
    fn reduce(&self, vector: &mut Vector) -> Option<usize> {
        for column in 0..self.leading.len() {
            if vector[column].is_zero() {
                continue;
            }
            let Some(row) = self.leading[column] else { return Some(column) };
            let Row(entries) = &self.rows[row];
            let (factor, lead) = (vector[column], entries[0].1);
            if lead != Element::ONE {
                for entry in &mut vector[column..] {
                    *entry = entry.mul(lead);
                }
            }
            for (column, entry) in entries {
                vector[*column] = vector[*column].sub(factor.mul(*entry));
            }
        }
        None
    }
}

/// Coefficients with which the vectors add up to the target; None when it is not in their span. Earlier vectors are
/// preferred, and of those that have a coefficient none can be spared: they are independent.
pub(super) fn combination(vectors: &[&Vector], target: &Vector) -> Option<Vec<(usize, Element)>> {
    // Behind its columns each vector has one for itself, and the target one too: what the elimination does to the former it
    // writes down in the latter.
    let columns = target.len();
    let marked = |vector: &Vector, mark: usize| {
        let mut marked = vector.clone();
        marked.resize(columns + vectors.len() + 1, Element::ZERO);
        marked[columns + mark] = Element::ONE;
        marked
    };
    let mut basis = Basis::new(columns);
    for (mark, vector) in vectors.iter().enumerate() {
        basis.insert(&marked(vector, mark));
    }
    let mut rest = marked(target, vectors.len());
    if basis.reduce(&mut rest).is_some() {
        return None;
    }
    // scale·target + Σ entry·vector = 0
    let scale = rest[columns + vectors.len()];
    let factor = scale.inverse().expect("a product of leads, none of them zero").negate();
    let entries = rest[columns..columns + vectors.len()].iter().enumerate();
    let used = entries.filter(|(_, entry)| !entry.is_zero());
    Some(used.map(|(index, entry)| (index, entry.mul(factor))).collect())
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
        numbers.iter().copied().map(element).collect()
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
            let mut target = vector(&[0; 5]);
            for (vector, factor) in vectors.iter().zip(&factors) {
                for (sum, entry) in target.iter_mut().zip(vector) {
                    *sum = sum.add(entry.mul(element(*factor)));
                }
            }
            let references: Vec<&Vector> = vectors.iter().collect();
            let found = combination(&references, &target).unwrap();
            let mut sum = vector(&[0; 5]);
            for (index, coefficient) in &found {
                prop_assert!(!coefficient.is_zero(), "what is not needed is left out");
                for (sum, entry) in sum.iter_mut().zip(&vectors[*index]) {
                    *sum = sum.add(entry.mul(*coefficient));
                }
            }
            prop_assert_eq!(sum, target);
        }
    }
}
