use std::collections::BTreeMap;
use std::fmt;

use pointlock::curve::PublicScalar;

/// An unknown: one independent secret that somebody drew.
///
/// Attempts, invoices and payments are counted from 0 here and printed from 1.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    /// y_hop of an attempt.
    Blind {
        /// The attempt.
        attempt: usize,
        /// 0 for the sender's own, i for the y_i that N_i is given.
        hop: usize,
    },
    /// h, by which an attempt is released.
    Release {
        /// The attempt.
        attempt: usize,
    },
    /// q_part: the share of an attempt in what is added to all parts of its payment.
    PartShare {
        /// The attempt that is this part.
        attempt: usize,
    },
    /// b of a hop of a blinded path of an invoice. The receiver, who made the path, knows it too.
    PathOffset {
        /// The invoice.
        invoice: usize,
        /// Which of its paths.
        path: usize,
        /// Which hop of the path, counted from 0 for the introduction node.
        hop: usize,
    },
    /// z_power, a coefficient of an invoice's polynomial; the static point has z_0 alone.
    Coefficient {
        /// The invoice.
        invoice: usize,
        /// The power of x that it stands before.
        power: usize,
    },
    /// The preimage that the payer of a plain static invoice draws, the same for all attempts of its payment.
    PayersPreimage {
        /// The first attempt.
        attempt: usize,
    },
    /// The preimage of an invoice with a payment hash. No equation has it beside anything else.
    Preimage {
        /// The invoice.
        invoice: usize,
    },
}

impl Atom {
    /// Whether this is a preimage, with which nothing can be computed.
    pub fn is_preimage(&self) -> bool {
        matches!(self, Self::Preimage { .. } | Self::PayersPreimage { .. })
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blind { attempt, hop } => write!(f, "y_{hop}[{}]", attempt + 1),
            Self::Release { attempt } => write!(f, "h[{}]", attempt + 1),
            Self::PartShare { attempt } => write!(f, "q[{}]", attempt + 1),
            Self::PathOffset { invoice: 0, path: 0, hop } => write!(f, "b_{hop}"),
            Self::PathOffset { invoice, path, hop } => {
                write!(f, "b_{hop} of path {} of invoice {}", path + 1, invoice + 1)
            }
            Self::Coefficient { invoice: 0, power } => write!(f, "z_{power}"),
            Self::Coefficient { invoice, power } => {
                write!(f, "z_{power} of invoice {}", invoice + 1)
            }
            Self::PayersPreimage { attempt } => write!(f, "preimage[{}]", attempt + 1),
            Self::Preimage { invoice: 0 } => f.write_str("preimage"),
            Self::Preimage { invoice } => write!(f, "preimage of invoice {}", invoice + 1),
        }
    }
}

/// A linear form: a sum of atoms with public coefficients mod n. No coefficient in it is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(BTreeMap<Atom, PublicScalar>);

impl Form {
    /// Nothing: zero.
    pub fn zero() -> Self {
        Self::default()
    }

    /// The atom itself.
    pub fn atom(atom: Atom) -> Self {
        Self(BTreeMap::from([(atom, PublicScalar::ONE)]))
    }

    /// z(x) = z_0 + z_1·x + … with this many coefficients.
    pub fn polynomial(invoice: usize, coefficients: usize, x: &PublicScalar) -> Self {
        let mut form = Self::zero();
        let mut x_power = PublicScalar::ONE;
        for power in 0..coefficients {
            form.add_scaled(&Self::atom(Atom::Coefficient { invoice, power }), &x_power);
            x_power = x_power.mul(x);
        }
        form
    }

    /// The sum.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        self.add_scaled(other, &PublicScalar::ONE);
        self
    }

    /// The difference.
    #[must_use]
    pub fn minus(mut self, other: &Self) -> Self {
        self.add_scaled(other, &PublicScalar::ONE.negate());
        self
    }

    /// Adds `factor` times `other`.
    pub fn add_scaled(&mut self, other: &Self, factor: &PublicScalar) {
        for (atom, coefficient) in &other.0 {
            let sum = self.coefficient(atom).add(&coefficient.mul(factor));
            if sum.is_zero() {
                self.0.remove(atom);
            } else {
                self.0.insert(*atom, sum);
            }
        }
    }

    /// The coefficient of an atom; zero where it does not occur.
    pub fn coefficient(&self, atom: &Atom) -> PublicScalar {
        self.0.get(atom).copied().unwrap_or(PublicScalar::ZERO)
    }

    /// The atoms with their coefficients, in order.
    pub fn terms(&self) -> impl Iterator<Item = (&Atom, &PublicScalar)> {
        self.0.iter()
    }

    /// Whether a secret of this attempt occurs.
    pub(super) fn concerns(&self, attempt: usize) -> bool {
        self.0.keys().any(|atom| match atom {
            Atom::Blind { attempt: of, .. }
            | Atom::Release { attempt: of }
            | Atom::PartShare { attempt: of }
            | Atom::PayersPreimage { attempt: of } => *of == attempt,
            Atom::Coefficient { .. } | Atom::Preimage { .. } | Atom::PathOffset { .. } => true,
        })
    }

    /// The atom, where the form is one and nothing else.
    pub fn as_atom(&self) -> Option<Atom> {
        match self.0.iter().next() {
            Some((atom, coefficient)) if self.0.len() == 1 && *coefficient == PublicScalar::ONE => {
                Some(*atom)
            }
            _ => None,
        }
    }

    /// A sum as a person writes it: z, q, y and h, b. A large coefficient by its first digits.
    pub(super) fn text(&self, name: impl Fn(&Atom) -> String) -> String {
        let mut terms: Vec<(&Atom, &PublicScalar)> = self.0.iter().collect();
        terms.sort_by_key(|(atom, _)| match atom {
            Atom::Coefficient { .. } | Atom::Preimage { .. } | Atom::PayersPreimage { .. } => 0,
            Atom::PartShare { .. } => 1,
            Atom::Blind { .. } | Atom::Release { .. } => 2,
            Atom::PathOffset { .. } => 3,
        });
        let mut text = String::new();
        for (atom, coefficient) in terms {
            let minus = *coefficient == PublicScalar::ONE.negate();
            text.push_str(match (text.is_empty(), minus) {
                (true, false) => "",
                (true, true) => "−",
                (false, false) => " + ",
                (false, true) => " − ",
            });
            if !minus && *coefficient != PublicScalar::ONE {
                text.push_str(&short(coefficient));
                text.push('·');
            }
            text.push_str(&name(atom));
        }
        if text.is_empty() { "0".to_owned() } else { text }
    }

    /// The same form in other atoms: those that are found to be the same secret become one.
    #[must_use]
    pub fn renamed(&self, rename: impl Fn(&Atom) -> Atom) -> Self {
        let mut form = Self::zero();
        for (atom, coefficient) in &self.0 {
            form.add_scaled(&Self::atom(rename(atom)), coefficient);
        }
        form
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Atom::to_string))
    }
}

/// A coefficient as a person can read it: a small number, or the first digits of a large one.
pub(super) fn short(coefficient: &PublicScalar) -> String {
    let bytes = coefficient.to_bytes();
    match bytes.split_last_chunk::<4>() {
        Some((high, low)) if high.iter().all(|byte| *byte == 0) => {
            format!("{}", u32::from_be_bytes(*low))
        }
        _ => format!("0x{}…", hex::encode(&bytes[..3])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_cancel_and_print() {
        let y = |hop| Form::atom(Atom::Blind { attempt: 0, hop });
        let z = Form::atom(Atom::Coefficient { invoice: 0, power: 0 });
        let form = z.clone().plus(&y(0)).minus(&y(1));
        assert_eq!(form.to_string(), "z_0 + y_0[1] − y_1[1]");
        assert_eq!(form.clone().minus(&form), Form::zero());
        assert_eq!(Form::zero().to_string(), "0");
        assert_eq!(y(1).as_atom(), Some(Atom::Blind { attempt: 0, hop: 1 }));
        assert_eq!(form.as_atom(), None);
    }

    #[test]
    fn polynomials() {
        let mut two = [0; 32];
        two[31] = 2;
        let form = Form::polynomial(1, 3, &PublicScalar::from_bytes(&two).unwrap());
        assert_eq!(form.to_string(), "z_0 of invoice 2 + 2·z_1 of invoice 2 + 4·z_2 of invoice 2");
    }
}
