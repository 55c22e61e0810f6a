//! Onions: packets that show each hop of a route its own payload and nothing else (BOLT 4), and the
//! failures that come back along the route.
//!
//! # Equations
//!
//! The sender draws the session key e_1. For the hops N_i = n_i·G, i = 1 … r:
//!
//! ```text
//! E_i = e_i·G                                 ephemeral key that hop i sees
//! s_i = SHA256(33(e_i·N_i)) = SHA256(33(n_i·E_i))      shared secret
//! b_i = SHA256(33(E_i) ‖ s_i)                 blinding factor
//! e_{i+1} = b_i·e_i,  E_{i+1} = b_i·E_i       the sender has the one, hop i the other
//! rho_i = HMAC-SHA256("rho", s_i)             and so on for mu, um, ammag; pad from e_1
//! ```
//!
//! A packet is 00 ‖ 33(E_i) ‖ P_i ‖ h_i, 1 + 33 + 1,300 + 32 bytes, with
//!
//! ```text
//! frame_i = BigSize(length) ‖ payload_i ‖ h_{i+1}      h_{r+1} = 32 zero bytes
//! P_i ‖ 0… = (frame_i ‖ P_{i+1}) xor ChaCha20(rho_i)
//! h_i = HMAC-SHA256(mu_i, P_i ‖ associated data)
//! ```
//!
//! Hop i checks h_i, appends 1,300 zeros to P_i, adds the key stream, takes its frame from the front
//! and passes on the next 1,300 bytes. So P_{i+1} ends in what the key stream made of zeros: the
//! *filler*, which the sender computes beforehand, since the HMACs cover it.
//!
//! The associated data is the same for all hops, and not sent: the payment hash, say. The locks of a
//! point-locked route have nothing in common, which is the point of them, so there it is empty, or
//! something that belongs to the attempt.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::{Point, SecretScalar};
//! use pointlock::onion::{OnionError, Packet, ReplayGuard};
//!
//! // Each hop has its node secret, and the sender knows the node ids.
//! let alice = SecretScalar::from_bytes(&[1; 32])?;
//! let bob = SecretScalar::from_bytes(&[2; 32])?;
//! let carol = SecretScalar::from_bytes(&[3; 32])?;
//! let hops = [
//!     (alice.to_point(), "for Alice"),
//!     (bob.to_point(), "for Bob"),
//!     (carol.to_point(), "for Carol"),
//! ];
//! // 32 bytes of fresh entropy for each packet; the sender keeps the shared secrets, to read failures.
//! let session_key = SecretScalar::from_bytes(&[4; 32])?;
//! let (packet, shared_secrets) = Packet::build(session_key, &hops, b"attempt 1")?;
//!
//! // Alice gets 1,366 bytes from the sender. Nobody else can peel them.
//! let packet = Packet::from_bytes(&packet.to_bytes())?;
//! assert_eq!(packet.peel(&bob, b"attempt 1").unwrap_err(), OnionError::InvalidHmac);
//! let at_alice = packet.peel(&alice, b"attempt 1")?;
//! assert_eq!(*at_alice.payload, b"for Alice");
//! assert_eq!(at_alice.shared_secret, shared_secrets[0]);
//! // She acts on it only if she has not seen it before.
//! ReplayGuard::new().insert(at_alice.shared_secret.replay_tag(), 800_120)?;
//!
//! // What is left is a packet like hers, and no more readable to her: not whether Bob is the last.
//! let packet = at_alice.next.expect("Alice is not the last hop");
//! assert!(packet.peel(&alice, b"attempt 1").is_err());
//! let at_bob = packet.peel(&bob, b"attempt 1")?;
//! assert_eq!(*at_bob.payload, b"for Bob");
//!
//! let packet = at_bob.next.expect("nor is Bob");
//! let at_carol = packet.peel(&carol, b"attempt 1")?;
//! assert_eq!(*at_carol.payload, b"for Carol");
//! assert!(at_carol.next.is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *A session key used twice.* For a hop in the same place, ephemeral key and key stream are the
//!   same: the sum of two packets is the sum of their payloads, to anyone who sees both, and the
//!   packets show one sender. [`Packet::build`] takes it by value; where the scalar comes from is the
//!   caller's care.
//! - *No protection against replays.* Whoever sees a packet can send it again and watch which way it
//!   goes. Nothing in [`Packet::peel`] remembers: the node keeps a [`ReplayGuard`].
//! - *Acting on a payload before its contract is committed*, or comparing an HMAC byte by byte. The
//!   latter can't happen here: comparison is in constant time, and comes before decryption.
//! - *Believing the packet about the hop before.* It authenticates the sender's choice of payloads,
//!   of a sender that nobody knows. Amounts and expiries must be compared with those of the incoming
//!   contract.
//! - *Believing a hold time beyond its hop.* [`Attribution`] has what each hop says of itself; a wrong HMAC stands between two
//!   hops, and one that does not know the field looks like one that has changed it.
//! - *Believing a failure beyond its hop.* A [`FailurePacket`] says who made it, not that it is true;
//!   and any hop on the way back can ruin it, without being found out.
//! - *Secrecy of the past.* A node secret that leaks later opens all packets that were recorded.
//!
//! What a payload says is not looked at here, beyond its length; a TLV stream is read above. Only at a hop of
//! a [blinded path](blinded) the payload decides which key is used, and there it is read.
//!
//! # References
//!
//! - [BOLT 4](https://github.com/lightning/bolts/blob/master/04-onion-routing.md).
//! - Danezis, Goldberg, [*Sphinx*](https://cypherpunks.ca/~iang/pubs/Sphinx_Oakland09.pdf): *A Compact and
//!   Provably Secure Mix Format*, 2009.
//! - [RFC 8439](https://www.rfc-editor.org/rfc/rfc8439) for ChaCha20,
//!   [RFC 2104](https://www.rfc-editor.org/rfc/rfc2104) for HMAC.

mod attributed;
mod attribution;
pub mod blinded;
mod error;
mod failure;
mod frame;
mod keys;
mod packet;
mod replay;

pub use attributed::{AttributedFailure, FailureReport};
pub use attribution::{Attribution, AttributionData, HoldTime};
pub use error::{OnionError, PayloadFault};
pub use failure::{Failure, FailurePacket};
pub use keys::SharedSecret;
pub use packet::{Packet, PacketPlan, Peeled};
pub use replay::{ReplayGuard, ReplayTag};
