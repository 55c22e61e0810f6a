//! The Lightning wire encoding that invoices and onions share: BigSize, truncated integers, TLV streams,
//! feature bits, and blinded paths as they are handed out.
//!
//! A TLV record is `type ‖ length ‖ value`, type and length as BigSize. A stream is records in strictly
//! ascending order of type, up to the end of the bytes. A message has exactly one encoding, so what is
//! signed or hashed can't be written in two ways; everything else is refused:
//!
//! | refused | why it would matter |
//! | --- | --- |
//! | a BigSize or truncated integer with leading zeros | two encodings of one message |
//! | a type that does not ascend, or comes twice | two readers could pick two values |
//! | a record that ends after the stream does | truncation, or a length that lies |
//!
//! A [`BlindedPath`] has one encoding, too: it stands in offers and invoices, and the maker and the users of
//! its contents are in [`onion::blinded`](crate::onion::blinded).
//!
//! What a type means, and whether it may be unknown ("it's OK to be odd"), is for the module above:
//! [`TlvStream`] keeps every record with its raw bytes.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::wire::{TlvStream, TlvWriter, WireError, read_tu64, tu64};
//!
//! // The sender sets fields in any order; they are written in ascending order of type.
//! let mut writer = TlvWriter::new();
//! writer.set(10, *b"coffee").set(8, tu64(5_000));
//! let bytes = writer.to_bytes();
//!
//! // The reader sees every record, or the first one that is wrong, by type and offset.
//! let stream = TlvStream::parse(&bytes)?;
//! assert_eq!(read_tu64(stream.get(8).expect("set above").value())?, 5_000);
//! assert_eq!(
//!     TlvStream::parse(&bytes[..bytes.len() - 1]).err(),
//!     Some(WireError::ValueTruncated { tlv_type: 10, offset: 4, length: 6, left: 5 }),
//! );
//! # Ok::<(), WireError>(())
//! ```
//!
//! # References
//!
//! [BOLT 1](https://github.com/lightning/bolts/blob/master/01-messaging.md), "Type-Length-Value Format",
//! "Fundamental Types" and appendix A (BigSize);
//! [BOLT 4](https://github.com/lightning/bolts/blob/master/04-onion-routing.md), "Route Blinding";
//! [BOLT 9](https://github.com/lightning/bolts/blob/master/09-features.md).

mod bigsize;
mod error;
mod features;
mod integer;
mod kept;
mod path;
mod tlv;

pub use bigsize::{read_bigsize, write_bigsize};
pub use error::WireError;
pub use features::{FeatureBits, Features};
pub use integer::{read_tu32, read_tu64, tu64};
pub(crate) use kept::KeptStream;
pub use path::{BlindedHop, BlindedPath, ChannelEnd, IntroductionNode, PathPart};
#[cfg(test)]
pub(crate) use tlv::work;
pub use tlv::{TlvRecord, TlvStream, TlvWriter};
