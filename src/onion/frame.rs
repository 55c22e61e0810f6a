//! The frame of one hop in the payloads: BigSize length ‖ payload ‖ HMAC of the next packet.

use super::PayloadFault;
use crate::wire::{WireError, read_bigsize, write_bigsize};

/// Length of an HMAC in bytes.
pub(super) const HMAC_LENGTH: usize = 32;

/// The shortest payload, in bytes. BOLT 4 reserves the lengths 0 (a format of the past) and 1.
pub(super) const MIN_PAYLOAD: usize = 2;

/// How many bytes the frame of such a payload takes.
pub(super) fn length(payload_length: usize) -> usize {
    prefix(payload_length).len() + payload_length + HMAC_LENGTH
}

/// Writes the frame at the start of `out`, which is at least as long as it.
pub(super) fn write(out: &mut [u8], payload: &[u8], hmac: &[u8; HMAC_LENGTH]) {
    let prefix = prefix(payload.len());
    let (prefix_out, out) = out.split_at_mut(prefix.len());
    let (payload_out, out) = out.split_at_mut(payload.len());
    prefix_out.copy_from_slice(&prefix);
    payload_out.copy_from_slice(payload);
    out[..HMAC_LENGTH].copy_from_slice(hmac);
}

fn prefix(payload_length: usize) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(3);
    write_bigsize(&mut prefix, payload_length as u64);
    prefix
}

/// A frame that was read.
pub(super) struct Frame<'a> {
    pub(super) payload: &'a [u8],
    pub(super) hmac: [u8; HMAC_LENGTH],
    /// The length of the frame in bytes.
    pub(super) length: usize,
}

/// Reads the frame at the start of `bytes`, all of which has to be in it.
pub(super) fn read(bytes: &[u8]) -> Result<Frame<'_>, PayloadFault> {
    let exceeds = |length, prefix: usize| PayloadFault::ExceedsPacket {
        length,
        room: bytes.len().saturating_sub(prefix + HMAC_LENGTH),
    };
    let (length, prefix) = read_bigsize(bytes).map_err(|error| match error {
        WireError::BigSizeNotMinimal { .. } => PayloadFault::NotMinimal,
        _ => exceeds(0, bytes.len()),
    })?;
    if length < MIN_PAYLOAD as u64 {
        return Err(PayloadFault::ReservedLength { length });
    }
    let exceeds = || exceeds(length, prefix);
    let payload_length = usize::try_from(length).map_err(|_| exceeds())?;
    let (payload, rest) = bytes[prefix..].split_at_checked(payload_length).ok_or_else(exceeds)?;
    let hmac = rest.first_chunk().ok_or_else(exceeds)?;
    Ok(Frame { payload, hmac: *hmac, length: prefix + payload.len() + HMAC_LENGTH })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The bytes, then zeros up to 1,300.
    fn padded(start: &str) -> Vec<u8> {
        let mut bytes = hex::decode(start).unwrap();
        bytes.resize(1300, 0);
        bytes
    }

    #[test]
    fn widths_of_big_size() {
        for (value, encoding) in [
            (0, "00"),
            (0xfc, "fc"),
            (0xfd, "fd00fd"),
            (0xffff, "fdffff"),
            (0x1_0000, "fe00010000"),
            (0xffff_ffff, "feffffffff"),
            (0x1_0000_0000, "ff0000000100000000"),
            (u64::MAX, "ffffffffffffffffff"),
        ] {
            let mut bytes = Vec::new();
            write_bigsize(&mut bytes, value);
            let length = bytes.len();
            assert_eq!(hex::encode(&bytes[..length]), encoding);
        }
    }

    #[test]
    fn refusals_name_the_reason() {
        let fault = |start| read(&padded(start)).err();
        // 1,300 less a length field of three bytes, less the HMAC.
        assert_eq!(read(&padded("fd04f1")).unwrap().payload.len(), 1265);
        let room = 1265;
        assert_eq!(fault("fd04f2"), Some(PayloadFault::ExceedsPacket { length: 1266, room }));
        assert_eq!(fault("fd0514"), Some(PayloadFault::ExceedsPacket { length: 1300, room }));
        let length = u64::MAX;
        assert_eq!(
            fault("ffffffffffffffffff"),
            Some(PayloadFault::ExceedsPacket { length, room: 1259 })
        );
        assert_eq!(fault("00"), Some(PayloadFault::ReservedLength { length: 0 }));
        assert_eq!(fault("01"), Some(PayloadFault::ReservedLength { length: 1 }));
        assert_eq!(read(&padded("02")).unwrap().payload.len(), 2);
        for not_minimal in ["fd00fc", "fd0002", "fe0000ffff", "ff00000000ffffffff", "fd0000"] {
            assert_eq!(fault(not_minimal), Some(PayloadFault::NotMinimal), "{not_minimal}");
        }
    }

    proptest! {
        #[test]
        fn write_then_read(payload in prop::collection::vec(any::<u8>(), 2..600), hmac: [u8; 32]) {
            let mut bytes = vec![0xee; length(payload.len()) + 10];
            write(&mut bytes, &payload, &hmac);
            prop_assert!(bytes.ends_with(&[0xee; 10]));
            let frame = read(&bytes).unwrap();
            prop_assert_eq!(frame.payload, payload);
            prop_assert_eq!(frame.hmac, hmac);
            prop_assert_eq!(frame.length, bytes.len() - 10);
            for cut in 0..frame.length {
                prop_assert!(read(&bytes[..cut]).is_err());
            }
        }

        #[test]
        fn arbitrary_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(frame) = read(&bytes) {
                let mut written = bytes.clone();
                write(&mut written, frame.payload, &frame.hmac);
                prop_assert_eq!(written, bytes);
            }
        }
    }
}
