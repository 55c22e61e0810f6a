use alloc::vec::Vec;

use super::WireError;

/// Reads a truncated integer of up to 8 bytes, big endian without leading zeros; zero is no byte at all.
///
/// # Errors
///
/// [`WireError::IntegerTooLong`] and [`WireError::IntegerNotMinimal`].
pub fn read_tu64(bytes: &[u8]) -> Result<u64, WireError> {
    read_truncated(bytes, 8)
}

/// Reads a truncated integer of up to 4 bytes, big endian without leading zeros; zero is no byte at all.
///
/// # Errors
///
/// As [`read_tu64`].
pub fn read_tu32(bytes: &[u8]) -> Result<u32, WireError> {
    read_truncated(bytes, 4).map(|value| u32::try_from(value).expect("4 bytes at most"))
}

/// The truncated encoding of an integer, 0 to 8 bytes; a `tu32` is written the same way.
pub fn tu64(value: u64) -> Vec<u8> {
    let zeros = value.leading_zeros() as usize / 8;
    value.to_be_bytes()[zeros..].to_vec()
}

fn read_truncated(bytes: &[u8], maximum: usize) -> Result<u64, WireError> {
    if bytes.len() > maximum {
        return Err(WireError::IntegerTooLong { maximum, actual: bytes.len() });
    }
    if bytes.first() == Some(&0) {
        return Err(WireError::IntegerNotMinimal);
    }
    Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn zero_is_empty_and_only_empty() {
        assert!(tu64(0).is_empty());
        assert_eq!(read_tu64(&[]), Ok(0));
        assert_eq!(read_tu64(&[0]), Err(WireError::IntegerNotMinimal));
        assert_eq!(read_tu64(&[0, 1]), Err(WireError::IntegerNotMinimal));
        assert_eq!(read_tu64(&[1, 0]), Ok(256));
    }

    #[test]
    fn each_width_has_its_limit() {
        assert_eq!(read_tu32(&[0xff; 4]), Ok(u32::MAX));
        assert_eq!(read_tu32(&[1; 5]), Err(WireError::IntegerTooLong { maximum: 4, actual: 5 }));
        assert_eq!(read_tu64(&[0xff; 8]), Ok(u64::MAX));
        assert_eq!(read_tu64(&[1; 9]), Err(WireError::IntegerTooLong { maximum: 8, actual: 9 }));
    }

    proptest! {
        #[test]
        fn write_then_read(value: u64, shift in 0u32..64) {
            let value = value >> shift;
            prop_assert_eq!(read_tu64(&tu64(value)), Ok(value));
        }

        #[test]
        fn what_is_read_is_what_would_be_written(bytes in prop::collection::vec(any::<u8>(), 0..10)) {
            if let Ok(value) = read_tu64(&bytes) {
                prop_assert_eq!(tu64(value), bytes);
            }
        }
    }
}
