//! MuSig2 (BIP-327): keys, one-shot nonces, and sessions with and without a lock point.

mod key_agg;
mod nonce;
mod session;

pub use key_agg::*;
pub use nonce::*;
pub use session::*;
