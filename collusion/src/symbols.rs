use std::collections::BTreeMap;

use super::form::short;
use super::{Atom, CollusionError, Form};
use pointlock::curve::PublicScalar;
use pointlock::edge::EdgeId;
use pointlock::hold::HoldId;
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::PayerScalar;
use pointlock::payment::{AttemptId, SecretSource};

/// What an invoice is paid under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoiceKind {
    /// A payment hash.
    Hash,
    /// No lock of the receiver's: each payer draws a preimage.
    Payers,
    /// Payment points: z(X) has this many coefficients, k + 1. One is the static point.
    Points {
        /// k + 1.
        coefficients: usize,
    },
}

/// An attempt to pay, as far as its equations go: the whole route of a part of a payment, or as much of it as one node has chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptSymbols {
    /// Its name in the books of whoever has chosen the route.
    pub id: AttemptId,
    /// What stands in brackets behind its secrets: 2 in y_0\[2\].
    pub name: String,
    /// Which invoice it pays, as [`Symbols::add_invoice`] numbered it.
    pub invoice: usize,
    /// The number of its last edge. Edges are counted from the sender's on, over all attempts that carry the same payment.
    pub edges: usize,
    /// The x at which z(X) is paid; without meaning, and None, for a hash or a static point.
    pub x: Option<PublicScalar>,
    /// The hold, and the forwarder that holds, counted from 1.
    pub hold: Option<(HoldId, usize)>,
    /// The attempts that are parts of the same payment, this one among them; empty for a payment in one part.
    pub parts: Vec<usize>,
    /// The receiver's path at the end of the route, if there is one.
    pub path: Option<PathSymbols>,
    /// The attempt that this one carries on, if it is the rest of a route, which the last node of that one has found itself. It begins
    /// with the edge behind that node, whose lock has all in it that the sender wanted added, and y of its own:
    ///
    /// l_edge = z + q + (y_0 + … + y_m) + (y'_m + … + y'_{edge−1}), where N_m found the rest.
    pub tail_of: Option<usize>,
}

/// A blinded path at the end of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathSymbols {
    /// Which of the invoice's paths, as [`Symbols::add_path`] numbered it.
    pub path: usize,
    /// Which node of the route is its introduction node, counted from 1.
    pub introduction: usize,
}

/// What the names in the views stand for: which id is which edge of which attempt, and so on.
///
/// The roles name a secret by where they have it from ([`SecretSource`]); each source is one linear form.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    invoices: Vec<Invoice>,
    attempts: Vec<AttemptSymbols>,
    edge_ids: BTreeMap<EdgeId, (usize, usize)>,
}

#[derive(Clone, Debug)]
struct Invoice {
    id: InvoiceId,
    kind: InvoiceKind,
    /// For each blinded path, how many nodes forward on it.
    paths: Vec<usize>,
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
        self.invoices.push(Invoice { id, kind, paths: Vec::new() });
        self.invoices.len() - 1
    }

    /// Adds a blinded path to an invoice, on which so many nodes forward; gives its number among the invoice's paths.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`].
    pub fn add_path(&mut self, invoice: usize, forwarders: usize) -> Result<usize, CollusionError> {
        let no_such = CollusionError::NoSuch { what: "invoice", number: invoice };
        let invoice = self.invoices.get_mut(invoice).ok_or(no_such)?;
        invoice.paths.push(forwarders);
        Ok(invoice.paths.len() - 1)
    }

    /// Adds an attempt; gives its number.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`] for its invoice, its path, or the attempt that it carries on, which carries on no other itself;
    /// [`CollusionError::NoPayerPoint`].
    pub fn add_attempt(&mut self, attempt: AttemptSymbols) -> Result<usize, CollusionError> {
        let number = self.attempts.len();
        if let Some(outer) = attempt.tail_of {
            if self.attempt(outer)?.tail_of.is_some() {
                return Err(CollusionError::NoSuch { what: "sender's attempt", number: outer });
            }
        }
        if let Some(PathSymbols { path, .. }) = attempt.path {
            self.forwarders_on(attempt.invoice, path)?;
        }
        match self.kind(attempt.invoice)? {
            InvoiceKind::Points { coefficients: 2.. } if attempt.x.is_none() => {
                return Err(CollusionError::NoPayerPoint { attempt: number });
            }
            _ => {}
        }
        self.attempts.push(attempt);
        Ok(number)
    }

    /// Says which edge of which attempt has this id.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`], [`CollusionError::NoSuchEdge`].
    pub fn add_edge(
        &mut self,
        edge_id: EdgeId,
        attempt: usize,
        edge: usize,
    ) -> Result<(), CollusionError> {
        let first = self.first_node(attempt)? + 1;
        if !(first..=self.attempt(attempt)?.edges).contains(&edge) {
            return Err(CollusionError::NoSuchEdge { attempt, edge });
        }
        self.edge_ids.insert(edge_id, (attempt, edge));
        Ok(())
    }

    /// How secrets of an attempt are marked; a number where there is no such attempt.
    pub fn name(&self, attempt: usize) -> String {
        let known = self.attempts.get(attempt).map(|attempt| attempt.name.clone());
        known.unwrap_or_else(|| (attempt + 1).to_string())
    }

    /// How the locks of an attempt are marked: one that carries on another has the same payment's.
    pub fn lock_name(&self, attempt: usize) -> String {
        self.name(self.senders(attempt).unwrap_or(attempt))
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
        if let InvoiceKind::Hash | InvoiceKind::Payers = self.kind(symbols.invoice)? {
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
            InvoiceKind::Payers => {
                Form::atom(Atom::PayersPreimage { attempt: self.senders(attempt)? })
            }
            InvoiceKind::Points { coefficients } => {
                let x = symbols.x.unwrap_or(PublicScalar::ZERO);
                Form::polynomial(invoice, coefficients, &x)
            }
        })
    }

    /// The form of q + y_0 + … + y_{edge−1}, with the b of the hops of a path among them; of the rest of a route that a node has
    /// found itself with all that was added before it.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`].
    pub fn blinds(&self, attempt: usize, edge: usize) -> Result<Form, CollusionError> {
        let sender = self.senders(attempt)?;
        let own = self.drawn(attempt, edge)?.plus(&self.path_offsets(attempt, edge)?);
        let sum = self.shares(sender)?.plus(&own);
        if sender == attempt { Ok(sum) } else { Ok(sum.plus(&self.final_blind(sender, true)?)) }
    }

    /// q, the sum of the shares of all parts.
    fn shares(&self, attempt: usize) -> Result<Form, CollusionError> {
        let shares =
            self.attempt(attempt)?.parts.iter().map(|part| Atom::PartShare { attempt: *part });
        Ok(shares.fold(Form::zero(), |sum, atom| sum.plus(&Form::atom(atom))))
    }

    /// The y of this attempt alone up to y_{edge−1}.
    fn drawn(&self, attempt: usize, edge: usize) -> Result<Form, CollusionError> {
        let blinds = (self.first_node(attempt)?..edge).map(|hop| Atom::Blind { attempt, hop });
        Ok(blinds.fold(Form::zero(), |sum, atom| sum.plus(&Form::atom(atom))))
    }

    /// Y as the sender knows it: with y of the last node where that one has found the rest of the route.
    fn final_blind(&self, sender: usize, carried_on: bool) -> Result<Form, CollusionError> {
        let edges = self.attempt(sender)?.edges;
        self.drawn(sender, if carried_on { edges + 1 } else { edges })
    }

    /// The b of the nodes before this edge that stand on the receiver's path.
    fn path_offsets(&self, attempt: usize, edge: usize) -> Result<Form, CollusionError> {
        let symbols = self.attempt(attempt)?;
        let Some(PathSymbols { path, introduction }) = symbols.path else {
            return Ok(Form::zero());
        };
        Ok(path_sum(symbols.invoice, path, edge.saturating_sub(introduction)))
    }

    /// How many nodes forward on a path.
    fn forwarders_on(&self, invoice: usize, path: usize) -> Result<usize, CollusionError> {
        let no_such = |what, number| CollusionError::NoSuch { what, number };
        let known = self.invoices.get(invoice).ok_or(no_such("invoice", invoice))?;
        known.paths.get(path).copied().ok_or(no_such("path", path))
    }

    /// The attempt of the sender's that this one is, or carries on.
    fn senders(&self, attempt: usize) -> Result<usize, CollusionError> {
        Ok(self.attempt(attempt)?.tail_of.unwrap_or(attempt))
    }

    /// The number of the node that has chosen the route of this attempt: 0 for the sender.
    fn first_node(&self, attempt: usize) -> Result<usize, CollusionError> {
        match self.attempt(attempt)?.tail_of {
            Some(outer) => Ok(self.attempt(outer)?.edges),
            None => Ok(0),
        }
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
        format!("{} + {}", self.point_secret_text(attempt), self.text(&lock.minus(&payment)))
    }

    /// z(x) in one piece, with the first attempt under this x.
    fn point_secret_text(&self, attempt: usize) -> String {
        let under_same = |other: &AttemptSymbols| {
            self.attempts
                .get(attempt)
                .is_some_and(|known| known.invoice == other.invoice && known.x == other.x)
        };
        let first = self.attempts.iter().position(under_same).unwrap_or(attempt);
        format!("z(x[{}])", self.lock_name(first))
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
            Atom::PayersPreimage { attempt } => format!("preimage[{}]", self.name(*attempt)),
            Atom::Blind { attempt, hop } => format!("y_{hop}[{}]", self.name(*attempt)),
            Atom::Release { attempt } => format!("h[{}]", self.name(*attempt)),
            Atom::PartShare { attempt } => format!("q[{}]", self.name(*attempt)),
            Atom::PathOffset { invoice, path, hop } => {
                let paths = self.invoices.get(*invoice).map_or(0, |invoice| invoice.paths.len());
                let of_path = match paths {
                    0 | 1 => String::new(),
                    _ => format!(" of path {}", path + 1),
                };
                format!("b_{hop}{of_path}{}", self.of_invoice(*invoice))
            }
            atom @ Atom::Coefficient { .. } => atom.to_string(),
        }
    }

    fn of_invoice(&self, invoice: usize) -> String {
        match self.invoices.len() {
            0 | 1 => String::new(),
            _ => format!(" of invoice {}", invoice + 1),
        }
    }

    /// What a secret of this source is, as a linear form.
    pub(super) fn describe(&self, source: &SecretSource) -> Result<Described, CollusionError> {
        match source {
            SecretSource::Payment { invoice } => self.static_secret(invoice),
            SecretSource::PointSecret { invoice, x } => self.point_secret(invoice, x),
            SecretSource::Coefficient { invoice: id, index: power } => {
                let atom = Atom::Coefficient { invoice: self.invoice(id)?, power: *power };
                Ok(self.as_atom(atom, "its own"))
            }
            SecretSource::DrawnBlind { attempt: id, hop } => {
                let attempt = self.attempt_of(id)?;
                // Whoever finds the rest of a route counts from itself on.
                let hop = self.first_node(attempt)? + hop;
                Ok(self.as_atom(Atom::Blind { attempt, hop }, "drawn by itself"))
            }
            SecretSource::DrawnPreimage { attempt: id } => {
                let attempt = self.attempt_of(id)?;
                Ok(self.as_atom(Atom::PayersPreimage { attempt }, "drawn by itself"))
            }
            SecretSource::PayersPreimage { incoming } => {
                let (attempt, _) = self.edge(incoming)?;
                let attempt = self.senders(attempt)?;
                Ok(self.as_atom(Atom::PayersPreimage { attempt }, "from the innermost layer"))
            }
            SecretSource::DrawnShare { attempt: id } => {
                let attempt = self.attempt_of(id)?;
                Ok(self.as_atom(Atom::PartShare { attempt }, "drawn by itself"))
            }
            SecretSource::WithheldShare { .. } | SecretSource::GivenShare { .. } => {
                Err(CollusionError::NotModelled { what: "cancellable payments" })
            }
            SecretSource::Blind { incoming } => {
                let (attempt, hop) = self.edge(incoming)?;
                Ok(self.as_atom(Atom::Blind { attempt, hop }, "from its onion layer"))
            }
            SecretSource::PathOffset { incoming } => self.path_offset_of(incoming),
            SecretSource::PathOffsetSum { invoice: id, path } => {
                let invoice = self.invoice(id)?;
                let form = path_sum(invoice, *path, self.forwarders_on(invoice, *path)?);
                Ok(Described { label: "B".to_string(), how: "its own", form })
            }
            SecretSource::Share { incoming } => {
                let (attempt, _) = self.edge(incoming)?;
                let attempt = self.senders(attempt)?;
                Ok(self.as_atom(Atom::PartShare { attempt }, "from the innermost layer"))
            }
            SecretSource::FinalBlind { incoming } => {
                let (attempt, _) = self.edge(incoming)?;
                let sender = self.senders(attempt)?;
                let form = self.final_blind(sender, sender != attempt)?;
                let label = format!("Y[{}]", self.name(sender));
                Ok(Described { label, how: "from the innermost layer", form })
            }
            SecretSource::TailBlind { incoming } => {
                let (attempt, edge) = self.edge(incoming)?;
                let label = format!("δ[{}]", self.name(attempt));
                let form = self.drawn(attempt, edge)?;
                Ok(Described { label, how: "from its own layer", form })
            }
            SecretSource::HeldBlind { hold } => {
                let (attempt, hop) = self.hold(hold)?;
                let release = Form::atom(Atom::Release { attempt });
                let form = Form::atom(Atom::Blind { attempt, hop }).plus(&release);
                let label = format!("(y_{hop} + h)[{}]", self.name(attempt));
                Ok(Described { label, how: "from its onion layer", form })
            }
            SecretSource::Release { hold } => {
                let (attempt, _) = self.hold(hold)?;
                Ok(self.as_atom(Atom::Release { attempt }, "by which a hold is released"))
            }
            SecretSource::Lock { edge } => self.shown_by_claims(edge),
        }
    }

    fn as_atom(&self, atom: Atom, how: &'static str) -> Described {
        let form = Form::atom(atom);
        Described { label: self.text(&form), how, form }
    }

    /// z or the preimage
    fn static_secret(&self, id: &InvoiceId) -> Result<Described, CollusionError> {
        let invoice = self.invoice(id)?;
        let atom = match self.kind(invoice)? {
            InvoiceKind::Hash => Atom::Preimage { invoice },
            // Such an invoice has no secret of its own.
            InvoiceKind::Payers => return Err(CollusionError::UnknownInvoice(*id)),
            InvoiceKind::Points { .. } => Atom::Coefficient { invoice, power: 0 },
        };
        Ok(self.as_atom(atom, "with which its payment ended"))
    }

    /// z(x)
    fn point_secret(&self, id: &InvoiceId, x: &PayerScalar) -> Result<Described, CollusionError> {
        let invoice = self.invoice(id)?;
        let InvoiceKind::Points { coefficients } = self.kind(invoice)? else {
            return Err(CollusionError::UnknownInvoice(*id));
        };
        let x = x.to_scalar();
        let form = Form::polynomial(invoice, coefficients, &x);
        let of = |attempt: &AttemptSymbols| attempt.invoice == invoice && attempt.x == Some(x);
        let label = match self.attempts.iter().position(of) {
            Some(attempt) => self.point_secret_text(attempt),
            None => format!("z({})", short(&x)),
        };
        Ok(Described { label, how: "with which its payment ended", form })
    }

    /// b of the node that this edge pays
    fn path_offset_of(&self, incoming: &EdgeId) -> Result<Described, CollusionError> {
        let (attempt, node) = self.edge(incoming)?;
        let before = self.path_offsets(attempt, node)?;
        let form = self.path_offsets(attempt, node + 1)?.minus(&before);
        Ok(Described { label: self.text(&form), how: "from its place in the path", form })
    }

    /// l_i or the preimage
    fn shown_by_claims(&self, edge: &EdgeId) -> Result<Described, CollusionError> {
        let (attempt, edge) = self.edge(edge)?;
        let form = self.lock_secret(attempt, edge)?;
        let label = match form.as_atom() {
            Some(atom) if atom.is_preimage() => self.text(&form),
            _ => format!("l_{edge}[{}]", self.lock_name(attempt)),
        };
        Ok(Described { label, how: "shown by the claims", form })
    }

    fn kind(&self, invoice: usize) -> Result<InvoiceKind, CollusionError> {
        self.invoices
            .get(invoice)
            .map(|invoice| invoice.kind)
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
            .position(|known| known.id == *id)
            .ok_or(CollusionError::UnknownInvoice(*id))
    }

    fn edge(&self, edge: &EdgeId) -> Result<(usize, usize), CollusionError> {
        self.edge_ids.get(edge).copied().ok_or(CollusionError::UnknownEdge(*edge))
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

/// The sum of the b of the first nodes of a path.
fn path_sum(invoice: usize, path: usize, nodes: usize) -> Form {
    let atoms = (0..nodes).map(|hop| Atom::PathOffset { invoice, path, hop });
    atoms.fold(Form::zero(), |sum, atom| sum.plus(&Form::atom(atom)))
}
