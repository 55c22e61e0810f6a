use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use bitcoin::OutPoint;

use super::form::short;
use super::{Atom, CollusionError, Form};
use crate::curve::PublicScalar;
use crate::hold::HoldId;
use crate::invoice::InvoiceId;
use crate::payment::{AttemptId, SecretSource};

/// What an invoice is paid under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceKind {
    /// A payment hash.
    Hash,
    /// Payment points: z(X) has this many coefficients, k + 1. One is the static point.
    Points {
        /// k + 1.
        coefficients: usize,
    },
}

/// An attempt to pay, as far as its equations go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptSymbols {
    /// Its name in the sender's books.
    pub id: AttemptId,
    /// Which invoice it pays, as [`Symbols::add_invoice`] numbered it.
    pub invoice: usize,
    /// How many edges its route has.
    pub edges: usize,
    /// The x at which z(X) is paid; without meaning, and None, for a hash or a static point.
    pub x: Option<PublicScalar>,
    /// The hold, and the forwarder that holds, counted from 1.
    pub hold: Option<(HoldId, usize)>,
    /// The attempts that are parts of the same payment, this one among them; empty for a payment in one part. The
    /// roles know no parts yet: the y_0 that the sender's role draws then stands for y_0 + q, q being the sum of the shares.
    pub parts: Vec<usize>,
}

/// What the names in the views stand for: which contract is which edge of which attempt, and so on.
///
/// The roles name a secret by where they have it from ([`SecretSource`]); each source is one linear form.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    invoices: Vec<(InvoiceId, InvoiceKind)>,
    attempts: Vec<AttemptSymbols>,
    contracts: BTreeMap<OutPoint, (usize, usize)>,
}

/// A source in words: its name, how a party comes to know it, and its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    pub(super) label: String,
    pub(super) how: &'static str,
    pub(super) form: Form,
}

impl Symbols {
    /// No invoice, no attempt.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an invoice; gives its number.
    pub fn add_invoice(&mut self, id: InvoiceId, kind: InvoiceKind) -> usize {
        self.invoices.push((id, kind));
        self.invoices.len() - 1
    }

    /// Adds an attempt; gives its number.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`] for its invoice, [`CollusionError::NoPayerPoint`].
    pub fn add_attempt(&mut self, attempt: AttemptSymbols) -> Result<usize, CollusionError> {
        let number = self.attempts.len();
        match self.kind(attempt.invoice)? {
            InvoiceKind::Points { coefficients: 2.. } if attempt.x.is_none() => {
                return Err(CollusionError::NoPayerPoint { attempt: number });
            }
            _ => {}
        }
        self.attempts.push(attempt);
        Ok(number)
    }

    /// Says which edge of which attempt a contract is.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`], [`CollusionError::NoSuchEdge`].
    pub fn add_contract(
        &mut self,
        contract: OutPoint,
        attempt: usize,
        edge: usize,
    ) -> Result<(), CollusionError> {
        if !(1..=self.attempt(attempt)?.edges).contains(&edge) {
            return Err(CollusionError::NoSuchEdge { attempt, edge });
        }
        self.contracts.insert(contract, (attempt, edge));
        Ok(())
    }

    /// The attempts.
    pub fn attempts(&self) -> &[AttemptSymbols] {
        &self.attempts
    }

    /// The form of l_edge: z(x) + q + y_0 + … + y_{edge−1}, or the preimage.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`].
    pub fn lock_secret(&self, attempt: usize, edge: usize) -> Result<Form, CollusionError> {
        let symbols = self.attempt(attempt)?;
        if self.kind(symbols.invoice)? == InvoiceKind::Hash {
            return self.payment_secret(attempt);
        }
        Ok(self.payment_secret(attempt)?.plus(&self.blinds(attempt, edge)?))
    }

    /// The form of z(x), or the preimage.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`].
    pub fn payment_secret(&self, attempt: usize) -> Result<Form, CollusionError> {
        let symbols = self.attempt(attempt)?;
        let invoice = symbols.invoice;
        Ok(match self.kind(invoice)? {
            InvoiceKind::Hash => Form::atom(Atom::Preimage { invoice }),
            InvoiceKind::Points { coefficients } => {
                let x = symbols.x.unwrap_or(PublicScalar::ZERO);
                Form::polynomial(invoice, coefficients, &x)
            }
        })
    }

    /// The form of q + y_0 + … + y_{edge−1}; with all edges of the route that is Y (+ q).
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`].
    pub fn blinds(&self, attempt: usize, edge: usize) -> Result<Form, CollusionError> {
        let shares =
            self.attempt(attempt)?.parts.iter().map(|part| Atom::PartShare { attempt: *part });
        let blinds = (0..edge).map(|hop| Atom::Blind { attempt, hop });
        Ok(shares.chain(blinds).fold(Form::zero(), |sum, atom| sum.plus(&Form::atom(atom))))
    }

    /// The form as a person writes it: z for a static point, and attempts told apart only where there are several.
    pub fn text(&self, form: &Form) -> String {
        form.text(|atom| self.atom_text(atom))
    }

    fn atom_text(&self, atom: &Atom) -> String {
        match atom {
            Atom::Coefficient { invoice, power: 0 }
                if self.kind(*invoice) == Ok(InvoiceKind::Points { coefficients: 1 }) =>
            {
                format!("z{}", self.of_invoice(*invoice))
            }
            Atom::Preimage { invoice } => format!("preimage{}", self.of_invoice(*invoice)),
            atom => atom.to_string(),
        }
    }

    fn of_invoice(&self, invoice: usize) -> String {
        match self.invoices.len() {
            0 | 1 => String::new(),
            _ => format!(" of invoice {}", invoice + 1),
        }
    }

    pub(super) fn describe(&self, source: &SecretSource) -> Result<Described, CollusionError> {
        let described = |label: String, how, form| Ok(Described { label, how, form });
        match source {
            SecretSource::Payment { invoice: id } => {
                let invoice = self.invoice(id)?;
                let form = Form::atom(match self.kind(invoice)? {
                    InvoiceKind::Hash => Atom::Preimage { invoice },
                    InvoiceKind::Points { .. } => Atom::Coefficient { invoice, power: 0 },
                });
                described(self.text(&form), "it ended a payment with it", form)
            }
            SecretSource::PointSecret { invoice: id, x } => {
                let invoice = self.invoice(id)?;
                let InvoiceKind::Points { coefficients } = self.kind(invoice)? else {
                    return Err(CollusionError::UnknownInvoice(*id));
                };
                let x = x.to_scalar();
                let form = Form::polynomial(invoice, coefficients, &x);
                let of =
                    |attempt: &AttemptSymbols| attempt.invoice == invoice && attempt.x == Some(x);
                let label = match self.attempts.iter().position(of) {
                    Some(attempt) => format!("z(x[{}])", attempt + 1),
                    None => format!("z({})", short(&x)),
                };
                described(label, "it ended a payment with it", form)
            }
            SecretSource::Coefficient { invoice: id, index: power } => {
                let form =
                    Form::atom(Atom::Coefficient { invoice: self.invoice(id)?, power: *power });
                described(self.text(&form), "its own", form)
            }
            SecretSource::DrawnBlind { attempt: id, hop } => {
                let attempt = self
                    .attempts
                    .iter()
                    .position(|attempt| attempt.id == *id)
                    .ok_or(CollusionError::UnknownAttempt(*id))?;
                let form = match hop {
                    0 => self.blinds(attempt, 1)?,
                    _ => Form::atom(Atom::Blind { attempt, hop: *hop }),
                };
                described(format!("y_{hop}[{}]", attempt + 1), "it drew it", form)
            }
            SecretSource::Blind { incoming } => {
                let (attempt, hop) = self.edge(incoming)?;
                let form = Form::atom(Atom::Blind { attempt, hop });
                described(format!("y_{hop}[{}]", attempt + 1), "its onion layer has it", form)
            }
            SecretSource::FinalBlind { incoming } => {
                let (attempt, edge) = self.edge(incoming)?;
                let form = self.blinds(attempt, edge)?;
                described(format!("Y[{}]", attempt + 1), "the innermost layer has it", form)
            }
            SecretSource::HeldBlind { hold } => {
                let (attempt, hop) = self.hold(hold)?;
                let form = Form::atom(Atom::Blind { attempt, hop })
                    .plus(&Form::atom(Atom::Release { attempt }));
                let label = format!("(y_{hop} + h)[{}]", attempt + 1);
                described(label, "its onion layer has it", form)
            }
            SecretSource::Release { hold } => {
                let (attempt, _) = self.hold(hold)?;
                let form = Form::atom(Atom::Release { attempt });
                described(format!("h[{}]", attempt + 1), "by which the hold is released", form)
            }
            SecretSource::Lock { contract } => {
                let (attempt, edge) = self.edge(contract)?;
                let form = self.lock_secret(attempt, edge)?;
                let label = match form.as_atom() {
                    Some(atom) if atom.is_preimage() => self.text(&form),
                    _ => format!("l_{edge}[{}]", attempt + 1),
                };
                described(label, "the claims showed it", form)
            }
        }
    }

    fn kind(&self, invoice: usize) -> Result<InvoiceKind, CollusionError> {
        self.invoices
            .get(invoice)
            .map(|(_, kind)| *kind)
            .ok_or(CollusionError::NoSuch { what: "invoice", number: invoice })
    }

    fn attempt(&self, attempt: usize) -> Result<&AttemptSymbols, CollusionError> {
        self.attempts
            .get(attempt)
            .ok_or(CollusionError::NoSuch { what: "attempt", number: attempt })
    }

    fn invoice(&self, id: &InvoiceId) -> Result<usize, CollusionError> {
        self.invoices
            .iter()
            .position(|(known, _)| known == id)
            .ok_or(CollusionError::UnknownInvoice(*id))
    }

    fn edge(&self, contract: &OutPoint) -> Result<(usize, usize), CollusionError> {
        self.contracts.get(contract).copied().ok_or(CollusionError::UnknownContract(*contract))
    }

    fn hold(&self, hold: &HoldId) -> Result<(usize, usize), CollusionError> {
        self.attempts
            .iter()
            .enumerate()
            .find_map(|(number, attempt)| match attempt.hold {
                Some((id, hop)) if id == *hold => Some((number, hop)),
                _ => None,
            })
            .ok_or(CollusionError::UnknownHold(*hold))
    }
}
