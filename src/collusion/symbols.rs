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
    /// The attempts that are parts of the same payment, this one among them; empty for a payment in one part.
    pub parts: Vec<usize>,
    /// The receiver's path at the end of the route, if there is one.
    pub path: Option<PathSymbols>,
    /// The attempt that this one carries on, if it is the route that the last node of that one has found itself. Its locks start from
    /// what that node has added y to.
    pub tail_of: Option<usize>,
}

/// A blinded path at the end of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathSymbols {
    /// Which of the invoice's paths.
    pub path: usize,
    /// Which node of the route is its introduction node, counted from 1.
    pub introduction: usize,
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

    /// The form of q + y_0 + … + y_{edge−1}, with the b of the hops of a path among them; of the route that a node has found itself
    /// with all that was added before it.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`].
    pub fn blinds(&self, attempt: usize, edge: usize) -> Result<Form, CollusionError> {
        let symbols = self.attempt(attempt)?;
        let start = match symbols.tail_of {
            Some(outer) if outer < attempt => {
                let edges = self.attempt(outer)?.edges;
                self.blinds(outer, edges)?
                    .plus(&Form::atom(Atom::Blind { attempt: outer, hop: edges }))
            }
            Some(_) => return Err(CollusionError::NoSuch { what: "attempt", number: attempt }),
            None => self.shares(attempt)?,
        };
        Ok(start.plus(&self.drawn(attempt, edge)).plus(&self.path_blinds(attempt, edge)?))
    }

    /// q, the sum of the shares of all parts.
    fn shares(&self, attempt: usize) -> Result<Form, CollusionError> {
        let shares =
            self.attempt(attempt)?.parts.iter().map(|part| Atom::PartShare { attempt: *part });
        Ok(shares.fold(Form::zero(), |sum, atom| sum.plus(&Form::atom(atom))))
    }

    /// y_0 + … + y_{hops−1} of this attempt alone.
    fn drawn(&self, attempt: usize, hops: usize) -> Form {
        let blinds = (0..hops).map(|hop| Atom::Blind { attempt, hop });
        blinds.fold(Form::zero(), |sum, atom| sum.plus(&Form::atom(atom)))
    }

    /// The b of the nodes before this edge that stand on the receiver's path.
    fn path_blinds(&self, attempt: usize, edge: usize) -> Result<Form, CollusionError> {
        let symbols = self.attempt(attempt)?;
        let Some(path) = symbols.path else { return Ok(Form::zero()) };
        let atoms = (path.introduction..edge).map(|node| Atom::PathBlind {
            invoice: symbols.invoice,
            path: path.path,
            hop: node - path.introduction,
        });
        Ok(atoms.fold(Form::zero(), |sum, atom| sum.plus(&Form::atom(atom))))
    }

    /// The attempt whose sender's layer the receiver of this one reads: itself, or the one that it carries on.
    fn senders(&self, attempt: usize) -> Result<usize, CollusionError> {
        Ok(self.attempt(attempt)?.tail_of.unwrap_or(attempt))
    }

    /// l_edge as a person writes it, with z(x) in one piece.
    pub(super) fn lock_secret_text(&self, attempt: usize, edge: usize) -> String {
        let (Ok(payment), Ok(lock)) =
            (self.payment_secret(attempt), self.lock_secret(attempt, edge))
        else {
            return String::new();
        };
        if payment.terms().count() < 2 {
            return self.text(&lock);
        }
        format!("z(x[{}]) + {}", attempt + 1, self.text(&lock.minus(&payment)))
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
                described(self.text(&form), "with which its payment ended", form)
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
                described(label, "with which its payment ended", form)
            }
            SecretSource::Coefficient { invoice: id, index: power } => {
                let form =
                    Form::atom(Atom::Coefficient { invoice: self.invoice(id)?, power: *power });
                described(self.text(&form), "its own", form)
            }
            SecretSource::DrawnBlind { attempt: id, hop } => {
                let attempt = self.attempt_of(id)?;
                let form = Form::atom(Atom::Blind { attempt, hop: *hop });
                described(form.to_string(), "drawn by itself", form)
            }
            SecretSource::DrawnShare { attempt: id } => {
                let form = Form::atom(Atom::PartShare { attempt: self.attempt_of(id)? });
                described(form.to_string(), "drawn by itself", form)
            }
            SecretSource::WithheldShare { .. } | SecretSource::GivenShare { .. } => {
                Err(CollusionError::NotModelled { what: "cancellable payments" })
            }
            SecretSource::Blind { incoming } => {
                let (attempt, hop) = self.edge(incoming)?;
                let form = Form::atom(Atom::Blind { attempt, hop });
                described(format!("y_{hop}[{}]", attempt + 1), "from its onion layer", form)
            }
            SecretSource::PathBlind { incoming } => {
                let (attempt, node) = self.edge(incoming)?;
                let form =
                    self.path_blinds(attempt, node + 1)?.minus(&self.path_blinds(attempt, node)?);
                described(self.text(&form), "from its place in the path", form)
            }
            SecretSource::PathBlindSum { invoice: id, path } => {
                let invoice = self.invoice(id)?;
                let on_path = |attempt: &&AttemptSymbols| {
                    attempt.invoice == invoice
                        && attempt.path.is_some_and(|symbols| symbols.path == *path)
                };
                let form = match self.attempts.iter().position(|attempt| on_path(&attempt)) {
                    Some(attempt) => self.path_blinds(attempt, self.attempts[attempt].edges)?,
                    // Nobody has paid along it: it is in no equation.
                    None => Form::zero(),
                };
                described("B".to_string(), "its own", form)
            }
            SecretSource::Share { incoming } => {
                let (attempt, _) = self.edge(incoming)?;
                let form = Form::atom(Atom::PartShare { attempt: self.senders(attempt)? });
                described(form.to_string(), "from the innermost layer", form)
            }
            SecretSource::FinalBlind { incoming } => {
                let (attempt, _) = self.edge(incoming)?;
                let sender = self.senders(attempt)?;
                let tail = usize::from(sender != attempt);
                let form = self.drawn(sender, self.attempt(sender)?.edges + tail);
                described(format!("Y[{}]", sender + 1), "from the innermost layer", form)
            }
            SecretSource::TailBlind { incoming } => {
                let (attempt, edge) = self.edge(incoming)?;
                described(
                    format!("δ[{}]", attempt + 1),
                    "from its layer",
                    self.drawn(attempt, edge),
                )
            }
            SecretSource::HeldBlind { hold } => {
                let (attempt, hop) = self.hold(hold)?;
                let form = Form::atom(Atom::Blind { attempt, hop })
                    .plus(&Form::atom(Atom::Release { attempt }));
                let label = format!("(y_{hop} + h)[{}]", attempt + 1);
                described(label, "from its onion layer", form)
            }
            SecretSource::Release { hold } => {
                let (attempt, _) = self.hold(hold)?;
                let form = Form::atom(Atom::Release { attempt });
                described(format!("h[{}]", attempt + 1), "by which a hold is released", form)
            }
            SecretSource::Lock { contract } => {
                let (attempt, edge) = self.edge(contract)?;
                let form = self.lock_secret(attempt, edge)?;
                let label = match form.as_atom() {
                    Some(atom) if atom.is_preimage() => self.text(&form),
                    _ => format!("l_{edge}[{}]", attempt + 1),
                };
                described(label, "shown by the claims", form)
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

    fn attempt_of(&self, id: &AttemptId) -> Result<usize, CollusionError> {
        let position = self.attempts.iter().position(|attempt| attempt.id == *id);
        position.ok_or(CollusionError::UnknownAttempt(*id))
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
