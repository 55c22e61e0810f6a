//! Blinded paths: the receiver chooses the end of the route, and the sender does not learn over whom
//! it goes (BOLT 4, "Route Blinding").
//!
//! # Equations
//!
//! The maker of a path over the nodes N_i = k_i·G, i = 0 … r, itself the last, draws e_0. N_0 is the
//! introduction node:
//!
//! ```text
//! E_i = e_i·G                                            path key, which hop i gets
//! ss_i = SHA256(33(e_i·N_i)) = SHA256(33(k_i·E_i))        shared secret of maker and hop
//! N'_i = HMAC-SHA256("blinded_node_id", ss_i)·N_i         blinded node id, known to the sender (BOLT 4: B_i)
//! rho_i = HMAC-SHA256("rho", ss_i)
//! encrypted_recipient_data_i = ChaCha20-Poly1305(rho_i, zero nonce, data_i)
//! e_{i+1} = SHA256(33(E_i) ‖ ss_i)·e_i                    the maker
//! E_{i+1} = SHA256(33(E_i) ‖ ss_i)·E_i                    hop i, unless data_i overrides it
//! ```
//!
//! The sender builds its onion for N'_0 … N'_r (for N_0 itself, if N_0 gets its path key in the payload)
//! and puts each hop's encrypted data into that hop's payload. Hop i peels with
//! HMAC-SHA256("blinded_node_id", ss_i)·k_i, opens its data, and sends E_{i+1} along with the onion.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::SecretScalar;
//! use pointlock::onion::blinded::{BlindedPath, BlindingError, PathSecret, RecipientData};
//!
//! // Carol wants to be reached over Bob, whose node id she knows. Both have their node secrets.
//! let bob = SecretScalar::from_bytes(&[2; 32])?;
//! let carol = SecretScalar::from_bytes(&[3; 32])?;
//! let mut for_bob = RecipientData { short_channel_id: Some(42), ..Default::default() };
//! let for_carol = RecipientData { path_id: Some(vec![7; 32]), ..Default::default() };
//! let length = for_carol.to_bytes().len();
//! assert!(for_bob.pad(length), "equal lengths show the sender nothing");
//!
//! // 32 bytes of fresh entropy for each path.
//! let session_key = SecretScalar::from_bytes(&[9; 32])?;
//! let hops = [(bob.to_point(), for_bob.to_bytes()), (carol.to_point(), for_carol.to_bytes())];
//! let (path, secrets) = BlindedPath::build(session_key, &hops)?;
//!
//! // The sender learns Bob's node id and the first path key, and of the rest only blinded ids.
//! assert_eq!(*path.first_node_id(), bob.to_point());
//! assert_ne!(path.hops()[1].blinded_node_id, carol.to_point());
//!
//! // Bob shares a secret with Carol by the path key, and reads what is for him.
//! let at_bob = PathSecret::new(&bob, path.first_path_key());
//! assert_eq!(at_bob, secrets[0]);
//! let data = at_bob.open(&path.hops()[0].encrypted_recipient_data)?;
//! assert_eq!(RecipientData::from_bytes(&data)?, for_bob);
//! let for_the_next = &path.hops()[1].encrypted_recipient_data;
//! assert_eq!(at_bob.open(for_the_next), Err(BlindingError::InvalidSeal));
//!
//! // With the path key that Bob passes on, Carol knows her path again.
//! let at_carol = PathSecret::new(&carol, &at_bob.next_path_key()?);
//! assert_eq!(*at_carol.open(for_the_next)?, for_carol.to_bytes());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Locks over a blinded path
//!
//! Of a route N_0 (sender) … N_n (receiver), the nodes from N_m on are a path of the receiver's. Both the
//! sender and the receiver tweak the locks ([`lock`](crate::lock)), without a byte on the wire:
//!
//! ```text
//! y_i = H_pointlock/hop_blind(s_i) mod n       s_i: onion's shared secret of sender and N_i, i ≥ 1
//! b_i = H_pointlock/path_blind(ss_i) mod n     ss_i: path's shared secret of receiver and N_i, i ≥ m
//! L_{i+1} = L_i + (y_i + b_i)·G                (b_i = 0 for i < m)
//! L_n = Z + (Y + B)·G,  B = b_m + … + b_{n−1}
//! claims:  l_n = z + Y + B     l_i = l_{i+1} − y_i − b_i     z = l_1 − y_0
//! ```
//!
//! (The onion's blinding factors have the letter b too, and nothing to do with these.) Z is published
//! unchanged, and the sender knows neither B nor a lock behind N_m. The receiver's own secret ss_n is not in
//! B: it has no lock to move on. A sender that is the introduction node itself (m = 0) has b_0, and takes it
//! off with y_0. ss_i is the hash's only input: it fixes path, hop and path key already. The two tags keep y_i
//! and b_i apart even where the secrets are mixed up.
//!
//! ```
//! use pointlock::curve::SecretScalar;
//! use pointlock::lock::{self, Blind};
//! use pointlock::onion::blinded::{self, BlindedPath, PathSecret};
//!
//! // Carol, who knows z, makes a path over Bob and keeps B, of which Bob's b is the only part.
//! let z = SecretScalar::from_bytes(&[1; 32])?;
//! let bob = SecretScalar::from_bytes(&[2; 32])?;
//! let carol = SecretScalar::from_bytes(&[3; 32])?;
//! let hops = [(bob.to_point(), b"for Bob"), (carol.to_point(), b"Carol's")];
//! let (path, secrets) = BlindedPath::build(SecretScalar::from_bytes(&[9; 32])?, &hops)?;
//! let sum_b = blinded::path_offset_sum(&secrets[..1])?.expect("Bob forwards");
//!
//! // The sender offers L_1 = Z + y_0·G to Bob. What it shares with Bob by its onion gives both y_1.
//! let y_0 = Blind::from_bytes(&[4; 32])?;
//! let y_1 = Blind::from_bytes(&[5; 32])?;
//! let first = lock::next_lock(&z.to_point(), &y_0)?;
//!
//! // Bob adds y_1 + b_1.
//! let b_1 = blinded::path_offset(&PathSecret::new(&bob, path.first_path_key()))?;
//! let tweak = y_1.add(&b_1)?;
//! let last = lock::next_lock(&first, &tweak)?;
//!
//! // Carol gets Y = y_0 + y_1 in her layer, and claims with z + Y + B.
//! let final_blind = y_0.add(&y_1)?.add(&sum_b)?;
//! let l_2 = lock::final_secret(&z, &final_blind)?;
//! assert_eq!(l_2.to_point(), last);
//!
//! // Bob takes off what he added, the sender y_0.
//! let l_1 = lock::previous_secret(&l_2, &tweak)?;
//! assert_eq!(lock::previous_secret(&l_1, &y_0)?, z);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *A session key used twice.* The zero nonce is safe because each rho encrypts once. Two paths with one
//!   session key and a node in the same place have one rho there: the sum of the ciphertexts is the sum of
//!   the data, and both can be forged. They also show one maker.
//! - *Data of different lengths*, which tell the sender which hop is which.
//! - *A path that is not recognised.* A sender can make paths of its own over the nodes that it suspects,
//!   and see who answers. The receiver compares `path_id`, secret and different for each path, before it
//!   reacts at all.
//! - *Terms that never end.* Without `max_cltv_expiry` a sender can probe a path until a node changes its
//!   fees, and see whose change made the payment fail.
//! - *Failures with a story.* Within a path every failure looks alike; a hop that says more, or sooner,
//!   tells the sender where it is.
//! - *y_i from s_i for a hop that holds the payment* until its receiver is back: it would know y_i before the
//!   release, and could forward at will.
//! - *Taking B for a secret of this payment.* It is the same for every payment along the path, so y_0 … y_{n−1}
//!   stay fresh, and safety rests on them.
//! - *Paying over joined paths.* The receiver knows the b_i of the path that it made, not those of a path that
//!   somebody else put before it: without their sum it can't claim, and rightly fails the payment.
//! - *Few nodes.* The path hides its nodes among those that could stand there, by their channels, fees and
//!   deltas: that may be one.
//!
//! # References
//!
//! - [BOLT 4](https://github.com/lightning/bolts/blob/master/04-onion-routing.md), "Route Blinding"
//!   and "Onion Messages".
//! - [RFC 8439](https://www.rfc-editor.org/rfc/rfc8439) for ChaCha20-Poly1305.

mod data;
mod error;
mod message;
mod path;
mod payment;
mod secret;
mod tweak;

pub use data::{PaymentConstraints, PaymentRelay, RecipientData};
pub use error::BlindingError;
pub use message::{NextPeer, OnionMessage, PeeledMessage};
pub(crate) use payment::peel_payment_with;
pub use payment::{INVALID_ONION_BLINDING, PathHop, PeeledPayment, peel_payment};
pub use secret::PathSecret;
pub use tweak::{hop_blind, path_offset, path_offset_sum};

pub use crate::wire::{BlindedHop, BlindedPath};

/// What `encrypted_recipient_data` is longer than the data, in bytes: Poly1305's tag.
pub const OVERHEAD: usize = 16;

/// The length of the longest data in bytes: encrypted, it has a 16-bit length in invoices.
pub const MAX_DATA: usize = u16::MAX as usize - OVERHEAD;

#[cfg(test)]
mod tests;
