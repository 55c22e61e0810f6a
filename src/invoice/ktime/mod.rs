//! k-time payment points: every payer pays under a point of its own, and k of them can.
//!
//! # Equations
//!
//! The receiver keeps a secret polynomial and publishes its coefficients times G, in the invoice:
//!
//! ```text
//! z(X) = z_0 + z_1·X + … + z_k·X^k          Z_j = z_j·G
//! x    = H_pointlock/payer(33(A) ‖ invoice id ‖ amount ‖ note hash) mod n
//! Z(x) = Z_0 + x·Z_1 + … + x^k·Z_k = z(x)·G
//! ```
//!
//! A payer draws a key A of even y for this one payment and pays under Z(x), from which the locks of the route start as
//! from any payment point. The receiver learns A, amount, note, invoice id and A's BIP-340 signature over
//! H_pointlock/payment(x ‖ 33(L_n)) from its payload, computes x and L_n = Z(x) + Y·G itself, and claims with
//! z(x) + Y. The payer ends with z(x).
//!
//! # Why
//!
//! With one static point (k = 0) z is public after one claim: that sender, a past payer and a hop together take the next
//! payment, and knowing z proves nothing, since everybody who paid knows it. Of a polynomial of degree k, any k values
//! leave every other value open: until the receiver has claimed more than k distinct x, nobody but the receiver obtains
//! z(x) for an x that it has not claimed, whoever colludes (under the one-more discrete logarithm assumption). And
//! z(x) belongs to one payer, amount, note and invoice, so whoever shows that it knows z(x) shows a payment:
//! [`proof`](super::proof). (Not by a signature under Z(x): that takes less than z(x).)
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::{Keypair, Point};
//! use pointlock::invoice::StaticInvoiceBuilder;
//! use pointlock::invoice::ktime::{NoteHash, PayerKey, PaymentPolynomial, PaymentTerms, PointSecret};
//! # let aux_rand = [4; 32];
//!
//! // The receiver draws a polynomial, for one invoice and eight payments.
//! let receiver = Keypair::from_secret_bytes(&[2; 32])?;
//! let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 8)?;
//! let invoice = StaticInvoiceBuilder::new(polynomial.payment_points(), 1_750_000_000)
//!     .amount_msat(5_000)
//!     .description("coffee")
//!     .interim_route(&[receiver.public_key()])
//!     .sign(&receiver, &aux_rand)?;
//!
//! // The payer knows the invoice, its own key for this payment, amount and note.
//! let key = PayerKey::from_entropy(&[3; 32])?;
//! let terms = PaymentTerms {
//!     payer: key.public_key(),
//!     invoice_id: invoice.invoice_id(),
//!     amount_msat: 5_000,
//!     note_hash: NoteHash::of(Some(b"table 4")),
//! };
//! let payment_point: Point = terms.payment_point(&polynomial.payment_points())?;
//!
//! // The receiver computes the same x, and alone knows what opens the point.
//! let point_secret = polynomial.evaluate(&terms.x()?)?;
//! assert_eq!(point_secret.to_point(), payment_point);
//!
//! // Once it has claimed, the payer knows that secret too, and can prove the payment.
//! assert_eq!(PointSecret::new(point_secret).point(), payment_point);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - A k+1st claim: the k+1 values give the polynomial, by interpolation, and with it every z(x). The receiver counts in a
//!   [`claims`](crate::claims) book, durably, before it reveals anything.
//! - The same x claimed twice: its sender knows z(x) from the first time and can take the second payment together with a
//!   hop. That hurts a sender who pays twice with one key; the receiver refuses the second payment.
//! - A coefficient that is anything else too: in another invoice, shifted or scaled, a k = 0 point, an identity, signing or
//!   ECDH key. [`PaymentPolynomial::from_entropy`] makes coefficients that are nothing else.
//! - Z(x) taken for a key. Whoever has k evaluations makes a signature under Z(x*) for an x* that was never claimed, and
//!   needs no z(x*) for it (`docs/security.md` has what it costs by k).
//!
//! # References
//!
//! Bellare et al., [The One-More-RSA-Inversion Problems](https://eprint.iacr.org/2001/002) for the one-more discrete
//! logarithm; Shamir, How to Share a Secret, for interpolation.

mod error;
mod payer;
mod points;
mod polynomial;
mod secret;
mod terms;

pub use error::KtimeError;
pub(in crate::invoice) use payer::is_signed;
pub use payer::{PayerKey, PayerPublicKey, PaymentSignature};
pub use points::PolynomialId;
pub use polynomial::PaymentPolynomial;
pub use secret::PointSecret;
pub use terms::{NoteHash, PayerScalar, PaymentTerms, payment_point};
