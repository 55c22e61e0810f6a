use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use secp256k1::{Parity, PublicKey, XOnlyPublicKey, ecdh};
use zeroize::Zeroizing;

use super::{CurveError, PublicScalar, SecretScalar, context};

/// A point of the curve other than infinity, with its parity.
///
/// Encoding: 33 bytes, 02 (even y) or 03 (odd y), then the x coordinate, big endian. There is one
/// encoding for each point, so equality of points is equality of bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point(PublicKey);

impl Point {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 33;

    /// Reads the compressed encoding.
    ///
    /// # Errors
    ///
    /// [`CurveError::PointPrefix`] and [`CurveError::NotOnCurve`].
    pub fn from_bytes(bytes: &[u8; 33]) -> Result<Self, CurveError> {
        match bytes[0] {
            2 | 3 => PublicKey::from_slice(bytes).map(Self).map_err(|_| CurveError::NotOnCurve),
            prefix => Err(CurveError::PointPrefix { prefix }),
        }
    }

    /// Reads the compressed encoding from a slice.
    ///
    /// # Errors
    ///
    /// [`CurveError::Length`] too.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, CurveError> {
        let bytes: &[u8; 33] = bytes
            .try_into()
            .map_err(|_| CurveError::Length { expected: 33, actual: bytes.len() })?;
        Self::from_bytes(bytes)
    }

    /// Reads many compressed encodings; with the feature `batch`, their square roots side by side.
    ///
    /// # Errors
    ///
    /// The place of the first that is refused, and why: as [`from_bytes`](Self::from_bytes).
    pub fn from_bytes_each(encodings: &[[u8; 33]]) -> Result<Vec<Self>, (usize, CurveError)> {
        #[cfg(feature = "batch")]
        if encodings.iter().all(|encoding| matches!(encoding[0], 2 | 3)) {
            return super::sum::decompress(encodings)
                .map_err(|index| (index, CurveError::NotOnCurve));
        }
        let read = |(index, encoding)| Self::from_bytes(encoding).map_err(|error| (index, error));
        encodings.iter().enumerate().map(read).collect()
    }

    /// The compressed encoding.
    pub fn to_bytes(&self) -> [u8; 33] {
        self.0.serialize()
    }

    /// The x coordinate, which BIP-340 calls the public key when y is even.
    pub fn x_only(&self) -> XOnlyPublicKey {
        self.0.x_only_public_key().0
    }

    /// Whether y is odd.
    pub fn is_odd(&self) -> bool {
        self.0.x_only_public_key().1 == Parity::Odd
    }

    /// The sum. Variable time.
    ///
    /// # Errors
    ///
    /// [`CurveError::PointAtInfinity`] when the two are opposite.
    pub fn add(&self, other: &Self) -> Result<Self, CurveError> {
        self.0.combine(&other.0).map(Self).map_err(|_| CurveError::PointAtInfinity)
    }

    /// The difference `self − other`. Variable time.
    ///
    /// # Errors
    ///
    /// [`CurveError::PointAtInfinity`] when the two are equal.
    pub fn sub(&self, other: &Self) -> Result<Self, CurveError> {
        self.add(&other.negate())
    }

    /// The sum of all, at least one. Variable time.
    ///
    /// # Errors
    ///
    /// [`CurveError::PointAtInfinity`], for the empty sum too.
    pub fn sum<'a>(points: impl IntoIterator<Item = &'a Self>) -> Result<Self, CurveError> {
        let keys: Vec<&PublicKey> = points.into_iter().map(|point| &point.0).collect();
        PublicKey::combine_keys(&keys).map(Self).map_err(|_| CurveError::PointAtInfinity)
    }

    /// The opposite point.
    #[must_use]
    pub fn negate(&self) -> Self {
        Self(self.0.negate(context()))
    }

    /// This point times a *public* scalar. Variable time.
    ///
    /// # Errors
    ///
    /// [`CurveError::PointAtInfinity`] when the scalar is zero.
    pub fn mul_public(&self, scalar: &PublicScalar) -> Result<Self, CurveError> {
        self.0
            .mul_tweak(context(), scalar.as_scalar())
            .map(Self)
            .map_err(|_| CurveError::PointAtInfinity)
    }

    /// This point times a secret scalar, where the product is public. Constant time in the scalar (libsecp256k1's
    /// ECDH multiplication). The product is a point like any other then: what is done with it may take variable time.
    #[must_use]
    pub fn mul_secret(&self, scalar: &SecretScalar) -> Self {
        let mut uncompressed = [4; 65];
        uncompressed[1..].copy_from_slice(&*self.mul_coordinates(scalar));
        Self(
            PublicKey::from_slice(&uncompressed)
                .expect("a point of prime order times a scalar from 1 to n − 1 is a point"),
        )
    }

    /// 33(scalar·self), where the product is secret: a Diffie-Hellman secret. Constant time in the scalar and in the
    /// product, which is why it is no [`Point`]: to parse and to serialise points takes variable time.
    pub fn shared_secret(&self, scalar: &SecretScalar) -> Zeroizing<[u8; 33]> {
        let coordinates = self.mul_coordinates(scalar);
        let mut encoding = Zeroizing::new([2; 33]);
        encoding[0] |= coordinates[63] & 1;
        encoding[1..].copy_from_slice(&coordinates[..32]);
        encoding
    }

    /// x ‖ y of the product.
    fn mul_coordinates(&self, scalar: &SecretScalar) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(ecdh::shared_secret_point(&self.0, scalar.as_secret_key()))
    }

    /// The same point as the `secp256k1` crate has it.
    pub fn to_public_key(&self) -> PublicKey {
        self.0
    }

    pub(crate) fn from_public_key(key: PublicKey) -> Self {
        Self(key)
    }
}

impl From<PublicKey> for Point {
    fn from(key: PublicKey) -> Self {
        Self(key)
    }
}

impl From<XOnlyPublicKey> for Point {
    /// The point with even y (BIP-340's lift_x).
    fn from(key: XOnlyPublicKey) -> Self {
        Self(key.public_key(Parity::Even))
    }
}

impl FromStr for Point {
    type Err = CurveError;

    fn from_str(text: &str) -> Result<Self, CurveError> {
        Self::from_slice(&hex::decode(text).map_err(|_| CurveError::NotHex)?)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Point({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn point(byte: u8) -> Point {
        SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point()
    }

    #[test]
    fn text_round_trip() {
        let point = point(1);
        assert_eq!(point.to_string().parse(), Ok(point));
    }

    #[test]
    fn refusals_name_the_reason() {
        let mut bytes = point(1).to_bytes();
        assert_eq!(
            Point::from_slice(&bytes[1..]),
            Err(CurveError::Length { expected: 33, actual: 32 })
        );
        bytes[0] = 4;
        assert_eq!(Point::from_bytes(&bytes), Err(CurveError::PointPrefix { prefix: 4 }));
        // x = p, and x = 0, which has no point.
        let mut field_size = [0xff; 33];
        field_size[0] = 2;
        field_size[29..].copy_from_slice(&[0xff, 0xff, 0xfc, 0x2f]);
        field_size[28] = 0xfe;
        assert_eq!(Point::from_bytes(&field_size), Err(CurveError::NotOnCurve));
        let mut zero = [0; 33];
        zero[0] = 2;
        assert_eq!(Point::from_bytes(&zero), Err(CurveError::NotOnCurve));
        // The hybrid and uncompressed encodings are not ours.
        assert!(Point::from_slice(&point(1).to_public_key().serialize_uncompressed()).is_err());
        assert_eq!("0x".parse::<Point>(), Err(CurveError::NotHex));
    }

    #[test]
    fn many_are_read_as_each_is() {
        let good: Vec<[u8; 33]> = (1..40).map(|byte| point(byte).to_bytes()).collect();
        let points: Vec<Point> = (1..40).map(point).collect();
        assert_eq!(Point::from_bytes_each(&good), Ok(points));
        assert_eq!(Point::from_bytes_each(&[]), Ok(Vec::new()));
        // No prefix; the prefix of infinity; x = 5, which has no point; x = p.
        let mut off_curve = [0; 33];
        (off_curve[0], off_curve[32]) = (2, 5);
        let mut beyond = [0xff; 33];
        (beyond[0], beyond[28]) = (3, 0xfe);
        beyond[29..].copy_from_slice(&[0xff, 0xff, 0xfc, 0x2f]);
        for wrong in [[4; 33], [0; 33], off_curve, beyond] {
            let error = Point::from_bytes(&wrong).unwrap_err();
            for place in [0, 9, 38] {
                let mut encodings = good.clone();
                encodings[place] = wrong;
                assert_eq!(Point::from_bytes_each(&encodings), Err((place, error)));
            }
        }
        // The first of several, whatever is wrong with it.
        let mut encodings = good;
        (encodings[3], encodings[5]) = (off_curve, [4; 33]);
        assert_eq!(Point::from_bytes_each(&encodings), Err((3, CurveError::NotOnCurve)));
    }

    #[test]
    fn both_multiplications_agree() {
        let scalar = SecretScalar::from_bytes(&[9; 32]).unwrap();
        let public = scalar.dangerous_reveal();
        assert_eq!(point(5).mul_secret(&scalar), point(5).mul_public(&public).unwrap());
        assert_eq!(point(5).mul_public(&PublicScalar::ZERO), Err(CurveError::PointAtInfinity));
    }

    #[cfg(feature = "std")]
    #[test]
    fn shared_secret_is_the_encoding_of_the_product() {
        let mut parities = [0; 2];
        for byte in 1..20 {
            let scalar = SecretScalar::from_bytes(&[byte; 32]).unwrap();
            let product = point(5).mul_secret(&scalar);
            assert_eq!(*point(5).shared_secret(&scalar), product.to_bytes());
            parities[usize::from(product.is_odd())] += 1;
        }
        assert!(parities.iter().all(|count| *count > 0));
    }

    #[test]
    fn infinity_is_no_point() {
        assert_eq!(point(5).sub(&point(5)), Err(CurveError::PointAtInfinity));
        assert_eq!(Point::sum(&[point(5), point(5).negate()]), Err(CurveError::PointAtInfinity));
        assert_eq!(Point::sum(&[]), Err(CurveError::PointAtInfinity));
    }
}
