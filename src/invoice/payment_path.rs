use crate::wire::{BlindedPath, Features, IntroductionNode, WireError};

/// A blinded path for payments, with what it costs: one of `invoice_paths` and its entry of
/// `invoice_blindedpay`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PaymentPath {
    /// The path.
    pub path: BlindedPath<IntroductionNode>,
    /// Its terms.
    pub pay_info: BlindedPayInfo,
}

impl PaymentPath {
    /// A path and its terms.
    pub fn new(path: impl Into<BlindedPath<IntroductionNode>>, pay_info: BlindedPayInfo) -> Self {
        Self { path: path.into(), pay_info }
    }

    /// Reads a path with its terms behind it, and nothing else. The two are apart in an invoice, and together where a payer
    /// hands a path to the node that shall find the way to it.
    ///
    /// # Errors
    ///
    /// [`WireError`]; [`WireError::PathTerms`] for the terms.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WireError> {
        let (path, length) = BlindedPath::read(bytes)?;
        match BlindedPayInfo::read(&bytes[length..]) {
            Some((pay_info, taken)) if length + taken == bytes.len() => Ok(Self { path, pay_info }),
            _ => Err(WireError::PathTerms),
        }
    }

    /// Reads such paths, one after the other, and nothing else.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Self::from_bytes).
    pub fn list_from_bytes(mut bytes: &[u8]) -> Result<Vec<Self>, WireError> {
        let mut paths = Vec::new();
        while !bytes.is_empty() {
            let (path, length) = BlindedPath::read(bytes)?;
            let rest = &bytes[length..];
            let (pay_info, taken) = BlindedPayInfo::read(rest).ok_or(WireError::PathTerms)?;
            paths.push(Self { path, pay_info });
            bytes = &rest[taken..];
        }
        Ok(paths)
    }

    /// The path and its terms.
    ///
    /// # Errors
    ///
    /// [`WireError::PathTerms`] for features of more than 65,535 bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WireError> {
        let mut bytes = Vec::new();
        self.path.write(&mut bytes);
        self.pay_info.write(&mut bytes).ok_or(WireError::PathTerms)?;
        Ok(bytes)
    }

    /// Whether a payer may use the path: BOLT 12 forbids it where a feature is required and unknown, and no
    /// feature of a blinded hop is known yet.
    pub fn is_usable(&self) -> bool {
        self.pay_info.features.unknown_required(&[]).is_none()
    }
}

/// What a payment along a whole blinded path costs, and which payments it takes (BOLT 12,
/// `blinded_payinfo`).
///
/// Encoding: 4 + 4 + 2 + 8 + 8 bytes, big endian, then the features with their length in 2 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BlindedPayInfo {
    /// Fee in millisatoshi.
    pub fee_base_msat: u32,
    /// Fee in millionths of the amount, on top of that.
    pub fee_proportional_millionths: u32,
    /// How many blocks the payment's expiry is later at the introduction node than at the receiver.
    pub cltv_expiry_delta: u16,
    /// The least amount in millisatoshi.
    pub htlc_minimum_msat: u64,
    /// The largest amount in millisatoshi.
    pub htlc_maximum_msat: u64,
    /// `allowed_features` of the path's data, at most 65,535 bytes.
    pub features: Features,
}

impl BlindedPayInfo {
    /// Reads what `bytes` start with, and how many bytes it takes; None where they are too few.
    pub fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let (fee_base_msat, rest) = bytes.split_first_chunk()?;
        let (fee_proportional_millionths, rest) = rest.split_first_chunk()?;
        let (cltv_expiry_delta, rest) = rest.split_first_chunk()?;
        let (htlc_minimum_msat, rest) = rest.split_first_chunk()?;
        let (htlc_maximum_msat, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (features, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let pay_info = Self {
            fee_base_msat: u32::from_be_bytes(*fee_base_msat),
            fee_proportional_millionths: u32::from_be_bytes(*fee_proportional_millionths),
            cltv_expiry_delta: u16::from_be_bytes(*cltv_expiry_delta),
            htlc_minimum_msat: u64::from_be_bytes(*htlc_minimum_msat),
            htlc_maximum_msat: u64::from_be_bytes(*htlc_maximum_msat),
            features: Features::from_bytes(features),
        };
        Some((pay_info, bytes.len() - rest.len()))
    }

    /// Appends the encoding to `out`; None where the features are too long for it.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let features = self.features.as_bytes();
        let length = u16::try_from(features.len()).ok()?;
        out.extend_from_slice(&self.fee_base_msat.to_be_bytes());
        out.extend_from_slice(&self.fee_proportional_millionths.to_be_bytes());
        out.extend_from_slice(&self.cltv_expiry_delta.to_be_bytes());
        out.extend_from_slice(&self.htlc_minimum_msat.to_be_bytes());
        out.extend_from_slice(&self.htlc_maximum_msat.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(features);
        Some(())
    }

    /// The fee in millisatoshi for an amount that arrives at the receiver, rounded up; None beyond what
    /// 8 bytes hold.
    pub fn fee_msat(&self, amount_msat: u64) -> Option<u64> {
        let proportional = u128::from(amount_msat) * u128::from(self.fee_proportional_millionths);
        let fee = proportional.div_ceil(1_000_000) + u128::from(self.fee_base_msat);
        u64::try_from(fee).ok()
    }
}

/// An address on the chain that takes the payment, too (BOLT 12, `fallback_address`), if it [is usable](Self::is_usable).
///
/// Encoding: version (1) ‖ length (2, big endian) ‖ witness program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FallbackAddress {
    /// The witness version.
    pub version: u8,
    /// The witness program.
    pub address: Vec<u8>,
}

impl FallbackAddress {
    /// Reads the address that `bytes` start with, and how many bytes it takes; None where they are too few.
    pub fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let ([version], rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (address, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let fallback = Self { version: *version, address: address.to_vec() };
        Some((fallback, bytes.len() - rest.len()))
    }

    /// Whether a payer on Bitcoin's chain may use it. BOLT 12 has it ignore versions above 16, programs of less than 2 or more than
    /// 40 bytes, and those that the chain does not know: of version 0 (BIP-141) and 1 (BIP-341) by their length.
    pub fn is_usable(&self) -> bool {
        match (self.version, self.address.len()) {
            (0, length) => matches!(length, 20 | 32),
            (1, length) => length == 32,
            (2..=16, length) => (2..=40).contains(&length),
            _ => false,
        }
    }

    /// Appends the encoding to `out`; None where the address is too long for it.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let length = u16::try_from(self.address.len()).ok()?;
        out.push(self.version);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.address);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pay_info() -> BlindedPayInfo {
        BlindedPayInfo {
            fee_base_msat: 1,
            fee_proportional_millionths: 250,
            cltv_expiry_delta: 40,
            htlc_minimum_msat: 2,
            htlc_maximum_msat: u64::MAX,
            features: Features::of(&[9]),
        }
    }

    #[test]
    fn pay_info_goes_there_and_back() {
        let mut bytes = Vec::new();
        pay_info().write(&mut bytes).unwrap();
        let expected = concat!(
            "00000001",
            "000000fa",
            "0028",
            "0000000000000002",
            "ffffffffffffffff",
            "0002",
            "0200"
        );
        assert_eq!(hex::encode(&bytes), expected);
        let followed = [&bytes[..], &[7]].concat();
        assert_eq!(BlindedPayInfo::read(&followed), Some((pay_info(), bytes.len())));
        for length in 0..bytes.len() {
            assert_eq!(BlindedPayInfo::read(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn fees_are_rounded_up() {
        assert_eq!(pay_info().fee_msat(0), Some(1));
        assert_eq!(pay_info().fee_msat(4_000), Some(2));
        assert_eq!(pay_info().fee_msat(4_001), Some(3));
        let dear = BlindedPayInfo { fee_proportional_millionths: u32::MAX, ..pay_info() };
        assert_eq!(dear.fee_msat(u64::MAX), None);
    }

    #[test]
    fn what_is_too_long_is_not_written() {
        let mut out = Vec::new();
        let features = Features::from_bytes(&[0; 65_536]);
        assert_eq!(BlindedPayInfo { features, ..pay_info() }.write(&mut out), None);
        assert_eq!(FallbackAddress { version: 1, address: vec![0; 65_536] }.write(&mut out), None);
        assert!(out.is_empty());
    }

    #[test]
    fn fallback_addresses_say_their_length() {
        let bytes = [1, 0, 2, 8, 9, 5];
        let address = FallbackAddress { version: 1, address: vec![8, 9] };
        let mut written = Vec::new();
        address.write(&mut written).unwrap();
        assert_eq!(written, bytes[..5]);
        assert_eq!(FallbackAddress::read(&bytes), Some((address, 5)));
        for length in 0..5 {
            assert_eq!(FallbackAddress::read(&bytes[..length]), None, "{length}");
        }
    }
}
