use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use subtle::ConstantTimeEq;

use super::frame::HMAC_LENGTH;
use super::keys::{KeyType, apply_stream, hmac};
use super::{OnionError, SharedSecret};

/// Length of a failure's code, with which every message starts, in bytes.
const CODE_LENGTH: usize = 2;

/// What message and padding come to, unless the message alone is longer: BOLT 4's figure, so that the
/// length does not tell what went wrong.
const PADDED_LENGTH: usize = 256;

/// HMAC and two length fields.
const OVERHEAD: usize = HMAC_LENGTH + 2 + 2;

/// How many layers the sender takes off at least, whatever the length of the route: the longest one
/// that BOLT 4 reckons with.
const ROUNDS: usize = 27;

/// A failure on its way back to the sender (BOLT 4, "Returning Errors").
///
/// The hop that fails writes HMAC (32) ‖ message length (2) ‖ message ‖ padding length (2) ‖ padding,
/// with its um key, and adds its ammag key stream; each hop on the way back adds its own. The sender
/// takes them off one by one until an HMAC fits, and so learns which hop it was. At most 65,535
/// bytes; whoever has not all shared secrets of the route sees noise.
///
/// ```
/// use pointlock::onion::{FailurePacket, SharedSecret};
///
/// // The sender has the secrets of the route, each hop has its own.
/// let route = [1, 2, 3].map(|byte| SharedSecret::from_bytes([byte; 32]));
///
/// // The second hop fails (0x1007, temporary channel failure), and the first passes it on.
/// let packet = FailurePacket::new(&route[1], &[0x10, 0x07])?.wrap(&route[0]);
///
/// let failure = packet.open(&route)?;
/// assert_eq!((failure.hop, failure.code()), (1, 0x1007));
/// # Ok::<(), pointlock::onion::OnionError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct FailurePacket(Vec<u8>);

/// What a hop reports to the sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The hop that says so, counted from 0 along the route.
    pub hop: usize,
    /// The message: a code of 2 bytes, and what belongs to it. At least 2 bytes.
    message: Vec<u8>,
}

impl Failure {
    /// What a hop says without encryption; None for fewer than 2 bytes.
    pub(crate) fn in_clear(hop: usize, message: Vec<u8>) -> Option<Self> {
        (message.len() >= CODE_LENGTH).then_some(Self { hop, message })
    }

    /// BOLT 4's failure code.
    pub fn code(&self) -> u16 {
        u16::from_be_bytes([self.message[0], self.message[1]])
    }

    /// What follows the code.
    pub fn data(&self) -> &[u8] {
        &self.message[CODE_LENGTH..]
    }
}

impl FailurePacket {
    /// Length of the longest packet in bytes, as far as its 16-bit length field goes.
    pub const MAX_LENGTH: usize = 65_535;

    /// The failure of the hop with this secret: `message` is a code of 2 bytes, big endian, and what
    /// belongs to it.
    ///
    /// # Errors
    ///
    /// [`OnionError::FailureLength`] for a message of fewer than 2 bytes or more than 65,499.
    pub fn new(shared_secret: &SharedSecret, message: &[u8]) -> Result<Self, OnionError> {
        Ok(Self::bare(shared_secret, message)?.wrap(shared_secret))
    }

    /// The same without this hop's layer.
    pub(crate) fn bare(shared_secret: &SharedSecret, message: &[u8]) -> Result<Self, OnionError> {
        let length = check_length(message.len(), CODE_LENGTH, Self::MAX_LENGTH - OVERHEAD)?;
        let padding = PADDED_LENGTH.saturating_sub(message.len());
        let mut bytes = vec![0; HMAC_LENGTH];
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(message);
        bytes.extend_from_slice(&(padding as u16).to_be_bytes());
        bytes.resize(bytes.len() + padding, 0);
        let (hmac_out, rest) = bytes.split_at_mut(HMAC_LENGTH);
        hmac_out.copy_from_slice(&hmac(&*shared_secret.key(KeyType::Um), &[rest]));
        Ok(Self(bytes))
    }

    /// Reads what the next hop sent back. Of its content nothing can be checked before the sender.
    ///
    /// # Errors
    ///
    /// [`OnionError::FailureLength`] for more than [`MAX_LENGTH`](Self::MAX_LENGTH).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OnionError> {
        check_length(bytes.len(), 0, Self::MAX_LENGTH)?;
        Ok(Self(bytes.to_vec()))
    }

    /// The encoding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The packet with the layer of one more hop, on the way back.
    #[must_use]
    pub fn wrap(mut self, shared_secret: &SharedSecret) -> Self {
        // The same key stream on and off.
        apply_stream(&shared_secret.key(KeyType::Ammag), 0, &mut self.0);
        self
    }

    /// What the sender reads, with the secrets of the whole route in its order.
    ///
    /// The work is that of 27 hops at least, wherever the failure comes from, so that the time
    /// between it and the next attempt says little about the route.
    ///
    /// # Errors
    ///
    /// [`OnionError::UnknownFailureSource`] and [`OnionError::InvalidFailure`].
    pub fn open(self, shared_secrets: &[SharedSecret]) -> Result<Failure, OnionError> {
        self.open_with_inner(shared_secrets, &[])
    }

    /// What the sender reads that has put a packet within its packet (trampoline): with the secrets of the outer route, and of the packet
    /// within. The first of the inner nodes is the last of the outer ones, and the hops are counted through.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with_inner(
        self,
        outer: &[SharedSecret],
        inner: &[SharedSecret],
    ) -> Result<Failure, OnionError> {
        self.open_with(outer, inner, |_, _| ())
    }

    /// The same; `look` sees the packet without the layer of each secret in turn.
    pub(super) fn open_with(
        self,
        outer: &[SharedSecret],
        inner: &[SharedSecret],
        mut look: impl FnMut(usize, &[u8]),
    ) -> Result<Failure, OnionError> {
        let shared_secrets = [outer, inner].concat();
        let no_hop = SharedSecret::from_bytes([0; 32]);
        let mut packet = self;
        let mut found = None;
        for hop in 0..shared_secrets.len().max(ROUNDS) {
            let shared_secret = shared_secrets.get(hop).unwrap_or(&no_hop);
            packet = packet.wrap(shared_secret);
            look(hop, &packet.0);
            let Some((hmac_in, rest)) = packet.0.split_first_chunk::<HMAC_LENGTH>() else {
                continue;
            };
            let fits = hmac(&*shared_secret.key(KeyType::Um), &[rest]).ct_eq(hmac_in);
            // The secret of `no_hop` is known to all: what fits it proves nothing.
            if bool::from(fits) && hop < shared_secrets.len() && found.is_none() {
                found = Some((hop, rest.to_vec()));
            }
        }
        let (layer, bytes) = found.ok_or(OnionError::UnknownFailureSource)?;
        let hop = if layer < outer.len() { layer } else { layer - usize::from(!outer.is_empty()) };
        let message = read_message(&bytes).ok_or(OnionError::InvalidFailure { hop })?;
        Ok(Failure { hop, message: message.to_vec() })
    }
}

fn check_length(length: usize, min: usize, max: usize) -> Result<u16, OnionError> {
    u16::try_from(length)
        .ok()
        .filter(|_| (min..=max).contains(&length))
        .ok_or(OnionError::FailureLength { length, min, max })
}

/// The message in front of the padding. How much padding there is, and of what, is the hop's affair.
fn read_message(bytes: &[u8]) -> Option<&[u8]> {
    let (length, rest) = bytes.split_first_chunk()?;
    let message = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
    (message.len() >= CODE_LENGTH).then_some(message)
}

impl fmt::Debug for FailurePacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FailurePacket({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn route(hops: u8) -> Vec<SharedSecret> {
        (1..=hops).map(|byte| SharedSecret::from_bytes([byte; 32])).collect()
    }

    /// The packet that the sender gets when this hop fails.
    fn returned(route: &[SharedSecret], hop: usize, message: &[u8]) -> FailurePacket {
        let packet = FailurePacket::new(&route[hop], message).unwrap();
        route[..hop].iter().rev().fold(packet, FailurePacket::wrap)
    }

    /// A failure with the right HMAC over bytes of the hop's choice.
    fn authentic(secret: &SharedSecret, bytes: &[u8]) -> FailurePacket {
        let hmac = hmac(&*secret.key(KeyType::Um), &[bytes]);
        FailurePacket([&hmac, bytes].concat()).wrap(secret)
    }

    #[test]
    fn the_failing_hop_is_named() {
        for hops in [1, 5, 27, 40] {
            let route = route(hops);
            for hop in 0..route.len() {
                let failure = returned(&route, hop, &[0x40, 0x0f, 1, 2]).open(&route).unwrap();
                assert_eq!((failure.hop, failure.code()), (hop, 0x400f));
                assert_eq!(failure.data(), [1, 2]);
            }
        }
    }

    #[test]
    fn length_does_not_tell_the_message() {
        let route = route(1);
        for length in [2, 100, 256] {
            assert_eq!(returned(&route, 0, &vec![7; length]).as_bytes().len(), 292);
        }
        let longer = returned(&route, 0, &[7; 257]);
        assert_eq!(longer.as_bytes().len(), 293);
        assert_eq!(longer.open(&route).unwrap().data(), [7; 255]);
    }

    #[test]
    fn lengths_are_checked() {
        let route = route(1);
        for length in [0, 1, 65_500, 65_536 + 2] {
            let error = OnionError::FailureLength { length, min: 2, max: 65_499 };
            assert_eq!(FailurePacket::new(&route[0], &vec![7; length]), Err(error));
        }
        let longest = returned(&route, 0, &[7; 65_499]);
        assert_eq!(longest.as_bytes().len(), FailurePacket::MAX_LENGTH);
        assert_eq!(FailurePacket::from_bytes(longest.as_bytes()), Ok(longest));
        assert!(FailurePacket::from_bytes(&[0; 65_536]).is_err());
    }

    #[test]
    fn a_hop_speaks_only_for_itself() {
        let route = route(3);
        // A stranger's failure, one that skips a hop's layer, and one with the well-known secret of
        // no hop.
        let stranger = SharedSecret::from_bytes([9; 32]);
        let no_hop = SharedSecret::from_bytes([0; 32]);
        let made_up = FailurePacket::new(&stranger, &[0x20, 2]).unwrap();
        let skipped = FailurePacket::new(&route[2], &[0x20, 2]).unwrap().wrap(&route[0]);
        let of_no_hop = FailurePacket::new(&no_hop, &[0x20, 2]).unwrap();
        let of_no_hop = route.iter().rev().fold(of_no_hop, FailurePacket::wrap);
        for packet in [made_up, skipped, of_no_hop] {
            assert_eq!(packet.open(&route), Err(OnionError::UnknownFailureSource));
        }
        assert!(returned(&route, 2, &[0x20, 2]).open(&route).is_ok());
        // With the sender's secrets in another order the layers do not come off.
        let reversed: Vec<_> = route.iter().rev().cloned().collect();
        let packet = returned(&route, 1, &[0x20, 2]);
        assert_eq!(packet.open(&reversed), Err(OnionError::UnknownFailureSource));
        // Nor is there a hop to blame on an empty route.
        let made_up = FailurePacket::new(&no_hop, &[0x20, 2]).unwrap();
        assert_eq!(made_up.open(&[]), Err(OnionError::UnknownFailureSource));
    }

    #[test]
    fn unreadable_but_authentic() {
        let route = route(1);
        for bytes in [&[][..], &[0], &[0, 0], &[0, 1, 5], &[0, 3, 1, 2], &[0xff, 0xff, 1, 2]] {
            let error = authentic(&route[0], bytes).open(&route).unwrap_err();
            assert_eq!(error, OnionError::InvalidFailure { hop: 0 });
        }
        assert_eq!(authentic(&route[0], &[0, 2, 0x20, 2]).open(&route).unwrap().code(), 0x2002);
    }

    proptest! {
        #[test]
        fn any_flipped_bit_is_refused(hop in 0usize..4, bit in 0usize..8 * 292) {
            let route = route(4);
            let mut packet = returned(&route, hop, &[0x20, 2]);
            packet.0[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(packet.open(&route), Err(OnionError::UnknownFailureSource));
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let packet = FailurePacket::from_bytes(&bytes).unwrap();
            prop_assert_eq!(packet.open(&route(3)), Err(OnionError::UnknownFailureSource));
        }
    }
}
