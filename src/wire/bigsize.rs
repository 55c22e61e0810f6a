use alloc::vec::Vec;

use super::WireError;

/// Reads the BigSize that `bytes` start with: its value, and how many bytes it takes (1, 3, 5 or 9).
///
/// # Errors
///
/// [`WireError::BigSizeTruncated`] and [`WireError::BigSizeNotMinimal`].
pub fn read_bigsize(bytes: &[u8]) -> Result<(u64, usize), WireError> {
    let (&first, rest) = bytes.split_first().ok_or(WireError::BigSizeTruncated)?;
    // The smallest value for which this many bytes are needed.
    let (length, smallest) = match first {
        0xfd => (2, 0xfd),
        0xfe => (4, 0x1_0000),
        0xff => (8, 0x1_0000_0000),
        value => return Ok((u64::from(value), 1)),
    };
    let tail = rest.get(..length).ok_or(WireError::BigSizeTruncated)?;
    let value = tail.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    if value < smallest {
        return Err(WireError::BigSizeNotMinimal { value });
    }
    Ok((value, 1 + length))
}

/// Appends `value` as a BigSize, in 1, 3, 5 or 9 bytes.
pub fn write_bigsize(out: &mut Vec<u8>, value: u64) {
    let bytes = value.to_be_bytes();
    let (prefix, length) = match value {
        0..0xfd => (None, 1),
        0xfd..0x1_0000 => (Some(0xfd), 2),
        0x1_0000..0x1_0000_0000 => (Some(0xfe), 4),
        _ => (Some(0xff), 8),
    };
    out.extend(prefix);
    out.extend_from_slice(&bytes[8 - length..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoded(value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_bigsize(&mut bytes, value);
        bytes
    }

    #[test]
    fn each_boundary_takes_the_least_bytes() {
        for (value, length) in [
            (0, 1),
            (0xfc, 1),
            (0xfd, 3),
            (0xffff, 3),
            (0x1_0000, 5),
            (0xffff_ffff, 5),
            (0x1_0000_0000, 9),
            (u64::MAX, 9),
        ] {
            let bytes = encoded(value);
            assert_eq!(bytes.len(), length, "{value}");
            assert_eq!(read_bigsize(&bytes), Ok((value, length)));
            for short in 0..length {
                assert_eq!(read_bigsize(&bytes[..short]), Err(WireError::BigSizeTruncated));
            }
        }
    }

    #[test]
    fn one_byte_too_many_is_refused() {
        // The largest value below each boundary, in the encoding above it.
        for (bytes, value) in [
            (&[0xfd, 0x00, 0xfc][..], 0xfc),
            (&[0xfe, 0x00, 0x00, 0xff, 0xff], 0xffff),
            (&[0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], 0xffff_ffff),
        ] {
            assert_eq!(read_bigsize(bytes), Err(WireError::BigSizeNotMinimal { value }));
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_would_be_written(bytes in prop::collection::vec(any::<u8>(), 0..12)) {
            if let Ok((value, length)) = read_bigsize(&bytes) {
                prop_assert_eq!(encoded(value), &bytes[..length]);
            }
        }

        #[test]
        fn write_then_read(value: u64, tail: [u8; 3]) {
            let mut bytes = encoded(value);
            let length = bytes.len();
            bytes.extend_from_slice(&tail);
            prop_assert_eq!(read_bigsize(&bytes), Ok((value, length)));
        }
    }
}
