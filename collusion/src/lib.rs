//! Who can steal: the knowledge of all parties as linear equations, and which coalitions can claim what is not theirs.
//!
//! # The model
//!
//! Every secret of a payment is drawn by somebody: the coefficients z_j, the blinds y_i, a release secret h, the shares q_p of a
//! payment in parts, the b of a blinded path. These are the [`Atom`]s. Whatever a role is handed or computes is a linear
//! combination of them with public coefficients, a [`Form`]:
//!
//! ```text
//! N_i is handed             y_i, or y_i + h and later h; on a blinded path b_j too, j counted from the introduction node
//! the receiver is handed    Y = y_0 + … + y_{n−1}, and q_p with each part
//! a claim of edge i shows   l_i = z(x) + q + y_0 + … + y_{i−1} + b_0 + …,   z(x) = z_0 + z_1·x + … + z_k·x^k
//! who finds a rest draws    y'_m, y'_{m+1} …, which are in l_{m+1} and behind; the receiver is handed their sum δ
//! a payer ends with         z(x)
//! ```
//!
//! A coalition pools what all its members know. Nobody can do more with scalars and points than add them and multiply them by
//! known numbers (the model's assumption), so a coalition can open L_i if, and only if, l_i is in the *span* of its members'
//! forms. To claim it the coalition needs N_i too, whose signature the contract asks for. A preimage is an atom with which
//! nothing can be computed.
//!
//! The equations are not written down a second time: they come from the views that the roles' events filled
//! ([`View`](pointlock::payment::View)), and before anything is decided each is evaluated at the secrets as drawn and compared with the
//! scalar that was handed out. Atoms that turn out to have the same value are one: reuse is found, not declared.
//!
//! # The search
//!
//! More members never know less. Up to [`Model::MAX_ENUMERATED`] parties every coalition is decided, by adding one party after
//! the other to an echelon basis mod n and taking it back. Beyond, the smallest able and the largest unable coalitions are found
//! from each other: a coalition with none of the known thieves in it leaves out one member of each, so it is within the
//! complement of a transversal of them; when all those complements are unable, no thief is missing.
//!
//! # Synopsis
//!
//! A payment over one hop, without a single view: the hop and the payer know what they know.
//!
//! ```
//! use pointlock_collusion::{AttemptSymbols, Atom, Form, InvoiceKind, Model, Symbols};
//! use pointlock::curve::SecretScalar;
//! use pointlock::invoice::InvoiceId;
//! use pointlock::lock::LockSecret;
//! use pointlock::payment::AttemptId;
//!
//! // A static point, and an attempt over two edges: sender, hop, receiver.
//! let mut symbols = Symbols::new();
//! let kind = InvoiceKind::Points { coefficients: 1 };
//! let invoice = symbols.add_invoice(InvoiceId::from_bytes([1; 32]), kind);
//! let attempt = symbols.add_attempt(AttemptSymbols {
//!     id: AttemptId([2; 32]),
//!     name: "1".to_owned(),
//!     invoice,
//!     edges: 2,
//!     x: None,
//!     hold: None,
//!     parts: vec![],
//!     path: None,
//!     tail_of: None,
//! })?;
//!
//! let scalar = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap();
//! let (z, y_0, y_1) = (scalar(3), scalar(4), scalar(5));
//! let mut model = Model::new(symbols);
//! let [past_payer, sender, hop] = ["past_payer", "sender", "hop"].map(|name| model.add_party(name));
//! let mut knows = |party, label: &str, atom, value: &SecretScalar| {
//!     model.disclose(party, label, "by hand", Form::atom(atom), LockSecret::Scalar(value.clone()))
//! };
//! knows(past_payer, "z", Atom::Coefficient { invoice, power: 0 }, &z)?;
//! knows(sender, "y_0", Atom::Blind { attempt, hop: 0 }, &y_0)?;
//! knows(sender, "y_1", Atom::Blind { attempt, hop: 1 }, &y_1)?;
//! knows(hop, "y_1", Atom::Blind { attempt, hop: 1 }, &y_1)?;
//!
//! // The contract of edge 1 is there to be taken.
//! let l_1 = LockSecret::Scalar(z.add(&y_0)?);
//! model.add_target(attempt, 1, l_1.lock(), hop, None)?;
//!
//! let analysis = model.analyse()?;
//! assert_eq!(model.names(analysis.minimal[0]), ["hop", "past_payer", "sender"]);
//! assert_eq!(analysis.minimal.len(), 1);
//! // The members' scalars, and nothing else, give the secret that opens the lock.
//! assert_eq!(analysis.thefts[0].secret(&model)?, l_1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - Anything outside the equations: a forged or replaced invoice, a restored backup that nobody put into the model, key-path
//!   signatures given away, money that is late or jammed. `docs/theft.md` has the list, and the proofs.
//! - A party that knows what its view does not say: a leak has to be put in by [`Model::disclose`].
//! - A model holds everybody's secrets in the clear. It is for tests and for demonstrations, and has no place in a node.
//!
//! # References
//!
//! Malavolta et al., [Anonymous Multi-Hop Locks](https://eprint.iacr.org/2018/472), for the wormhole. Berge, *Hypergraphs*, for
//! transversals. Bauer, Fuchsbauer, Plouviez, [The One-More Discrete Logarithm Assumption in the Generic Group
//! Model](https://eprint.iacr.org/2021/866), for what the span test rests on.

mod analysis;
mod coalition;
mod derivation;
mod error;
mod field;
mod form;
mod model;
mod search;
mod span;
mod symbols;

pub use analysis::{Analysis, Method, Share, Theft};
pub use coalition::Coalition;
pub use error::CollusionError;
pub use form::{Atom, Form};
pub use model::{Fact, Model, Party, Target};
pub use symbols::{AttemptSymbols, InvoiceKind, PathSymbols, Symbols};
