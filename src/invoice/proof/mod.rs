//! Payer proofs, `lnp1…`: a payer shows that an invoice was paid, and of the invoice what it likes. Two kinds share one stream of BOLT 12's:
//!
//! | kind | invoice | shows |
//! | --- | --- | --- |
//! | [`PreimageProof`] | one that was asked for, under a hash | the preimage, and the key that has asked |
//! | [`PaymentProof`] | a static one, under points | z(x)·H, and the key of the payment: to one verifier that this amount was charged |
//!
//! # What is shown
//!
//! The invoice's signature is over the root of a tree ([`merkle`](super::merkle)), a leaf for each field. A proof has the records of chosen fields with their
//! nonces, and a hash for each part of the tree that is left out, from which the verifier gets the root again. A *marker* stands for each field that is left out:
//! a number between the types where it stands, so that the tree has its shape. The payer signs the root over the proof's own records:
//!
//! ```text
//! signature        = by invoice_node_id over H(lightning ‖ invoice or static_invoice ‖ signature, root of the invoice)
//! proof_signature  = by the payer over H(lightning ‖ payer_proof ‖ proof_signature, root of the proof)
//! ```
//!
//! Field 0 of an invoice that was asked for is a secret of payer and receiver. All nonces are hashed of it, and no proof shows it: so nobody guesses what
//! is left out. A static invoice has none, and is for everybody: there leaving out saves room, and keeps little.
//!
//! # Equations of a proof under points
//!
//! z(X) is the receiver's polynomial, Z_j = z_j·G stand in the invoice, x is the hash of A, invoice id, amount and note hash
//! ([`ktime`](super::ktime)). The payer ends with z(x). A verifier gives its name, hashed, and a nonce:
//!
//! ```text
//! m     = H_pointlock/proof(invoice id ‖ amount ‖ note hash ‖ 33(A) ‖ verifier ‖ challenge)
//! H     = the point with even y whose x is the first valid one of H_pointlock/proof_base(m ‖ i), i = 0, 1, …
//! V     = z(x)·H
//! proof = 33(V) ‖ a DLEQ proof over m that log_G Z(x) = log_H V ‖ A's BIP-340 signature over m
//! ```
//!
//! The verifier computes x, Z(x) and H itself, from the invoice, which the receiver has signed.
//!
//! # What it says
//!
//! The holder of A, or somebody whom it had sign, knew z(x). So it was charged this amount on this invoice, *or* the receiver
//! broke its rule (more than k claims, or a coefficient with another use), *or* a claim became known and lost its race against the
//! refund. It says nothing against the payer to those who distrust the receiver: the receiver knows every z(x), and can make a
//! proof with whoever signs for an A.
//!
//! # Why not a signature under Z(x)
//!
//! Z(x) is a sum of points, and whoever has k claims knows k logarithms of such sums. A signature under Z(x*) is one linear equation,
//! s·G = R + e·Z(x*), and R may be such a sum too. Then the claims decide afterwards whether s is known, and the condition is
//! a sum of k hashes that has to hit e: for k = 1,024 a minute's work (`tests/forged_proof.rs`). V leaves no such choice. With k
//! claims z(x*) is known up to a known multiple of z_k, so V is a Diffie-Hellman value of Z_k and H, and nobody chose that H.
//! `docs/theft.md` says on which assumption that rests.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::Keypair;
//! use pointlock::invoice::{Field, StaticInvoiceBuilder};
//! use pointlock::invoice::ktime::{
//!     NoteHash, PayerKey, PaymentPolynomial, PaymentTerms, PointSecret,
//! };
//! use pointlock::invoice::proof::{
//!     Challenge, PayerProof, PaymentProof, ProofError, ProofRequest, Verifier,
//! };
//! # let (aux_rand, entropy) = ([4; 32], [9; 32]);
//!
//! // The receiver's invoice, for eight payments, and one of them.
//! let receiver = Keypair::from_secret_bytes(&[2; 32])?;
//! let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 8)?;
//! let invoice = StaticInvoiceBuilder::new(polynomial.payment_points(), 1_750_000_000)
//!     .amount_msat(5_000)
//!     .description("coffee")
//!     .interim_route(&[receiver.public_key()])
//!     .sign(&receiver, &aux_rand)?;
//! let key = PayerKey::from_entropy(&[3; 32])?;
//! let terms = PaymentTerms {
//!     payer: key.public_key(),
//!     invoice_id: invoice.invoice_id(),
//!     amount_msat: 5_000,
//!     note_hash: NoteHash::of(Some(b"table 4")),
//! };
//! // The receiver has claimed, so the payer knows z(x).
//! let secret = PointSecret::new(polynomial.evaluate(&terms.x()?)?);
//!
//! // The verifier asks, and knows the receiver's key from elsewhere.
//! let request =
//!     ProofRequest { verifier: Verifier::named("shop.example"), challenge: Challenge::new(entropy) };
//! let proof = PaymentProof::create(&invoice, &terms, &key, &secret, &request, &aux_rand)?;
//!
//! let text = PayerProof::from(proof).to_string();
//! assert!(text.starts_with("lnp1"));
//! let PayerProof::Points(received) = text.parse()? else { panic!("it is under points") };
//! let proven = received.verify(&receiver.public_key(), &request)?;
//! assert_eq!(proven.terms, terms);
//! // The price is in the terms. What was bought, the payer did not show.
//! assert_eq!(proven.invoice.value(Field::OFFER_DESCRIPTION), None);
//!
//! // It can't be passed on: another verifier has another name.
//! let other = ProofRequest { verifier: Verifier::named("bank.example"), ..request };
//! assert_eq!(received.verify(&receiver.public_key(), &other), Err(ProofError::OtherVerifier));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *A key out of the proof.* The invoice in a proof is signed by somebody. If the verifier takes that signer for the receiver, a
//!   forger makes an invoice with points of its own. So [`PaymentProof::verify`] asks for the issuer, and what a proof claims
//!   before it is verified can be read through methods that begin with `dangerous_` only.
//! - *A verifier's name that the payer does not compare* with whom it talks to: then the proof can be passed on. *A challenge
//!   that is given twice*: then it can be shown again.
//! - All that breaks the count of claims ([`ktime`](super::ktime)): k + 1 values of z(X) are all of them.
//! - With a preimage: to take the preimage for the payer's. Every node of the route has it, and it is the signature by
//!   `invreq_payer_id` that makes the proof. A verifier that asks for no note of its own is shown what others were shown.
//! - A's key or z(x) in other hands. z(x) alone makes no proof, because A signs; A's key alone makes none, because V is missing.
//!
//! # References
//!
//! [BIP-374](https://github.com/bitcoin/bips/blob/master/bip-0374.mediawiki) ([`dleq`](crate::dleq)); Wagner, A Generalized Birthday
//! Problem, 2002, for the attack on the signature; payer proofs of BOLT 12:
//! [bolts pull request 1346](https://github.com/lightning/bolts/pull/1346), whose vectors `tests/payer_proofs.rs` makes and reads.

mod contents;
mod disclosed_invoice;
mod disclosure;
mod error;
mod message;
mod parts;
mod payer_proof;
mod payment_proof;
mod point_proof;
mod preimage_proof;
mod request;
mod types;

pub use contents::{ProofContents, Shown};
pub use disclosed_invoice::{DisclosedInvoice, InvoiceKind};
pub use error::ProofError;
pub use message::ProofMessage;
pub use payer_proof::PayerProof;
pub use payment_proof::{PaymentProof, ProvenPayment};
pub use point_proof::PointProof;
pub use preimage_proof::PreimageProof;
pub use request::{Challenge, ProofRequest, Verifier};
