use bitcoin::TapNodeHash;
use bitcoin::hashes::Hash;
use bitcoin::taproot::TapTweakHash;
use pointlock::curve::{CurveError, Keypair, Point, PublicScalar, SecretScalar};
use sha2::{Digest, Sha256};

/// B + h(33(P) ‖ 33(B))·G.
///
/// # Errors
///
/// In theory, [`CurveError::PointAtInfinity`].
pub fn derived_key(basepoint: &Point, commitment_point: &Point) -> Result<Point, CurveError> {
    let tweak = hashed(commitment_point, basepoint);
    if tweak.is_zero() { Ok(*basepoint) } else { basepoint.add(&tweak.to_point()?) }
}

/// b + h(33(P) ‖ 33(B)).
///
/// # Errors
///
/// In theory, [`CurveError::ScalarZero`].
pub fn derived_secret(
    base_secret: &SecretScalar,
    commitment_point: &Point,
) -> Result<SecretScalar, CurveError> {
    base_secret.add_public(&hashed(commitment_point, &base_secret.to_point()))
}

/// h(33(R) ‖ 33(P))·R + h(33(P) ‖ 33(R))·P.
///
/// # Errors
///
/// In theory, [`CurveError::PointAtInfinity`].
pub fn revocation_key(basepoint: &Point, commitment_point: &Point) -> Result<Point, CurveError> {
    let of_basepoint = basepoint.mul_public(&hashed(basepoint, commitment_point))?;
    of_basepoint.add(&commitment_point.mul_public(&hashed(commitment_point, basepoint))?)
}

/// h(33(R) ‖ 33(P))·r + h(33(P) ‖ 33(R))·p.
///
/// # Errors
///
/// In theory, [`CurveError::ScalarZero`].
pub fn revocation_secret(
    base_secret: &SecretScalar,
    commitment_secret: &SecretScalar,
) -> Result<SecretScalar, CurveError> {
    let (basepoint, point) = (base_secret.to_point(), commitment_secret.to_point());
    let of_base = base_secret.mul_public(&hashed(&basepoint, &point))?;
    of_base.add(&commitment_secret.mul_public(&hashed(&point, &basepoint))?)
}

/// The key pair of a taproot output, for its key path: the secret of the internal key, tweaked by the Merkle root (BIP-341).
pub(crate) fn taproot_keypair(
    secret: &SecretScalar,
    merkle_root: Option<TapNodeHash>,
) -> Result<Keypair, CurveError> {
    let internal_key = secret.to_point();
    let tweak = TapTweakHash::from_key_and_tweak(internal_key.x_only(), merkle_root);
    let tweak = PublicScalar::from_bytes(tweak.as_byte_array())?;
    let even = if internal_key.is_odd() { secret.negate() } else { secret.clone() };
    even.add_public(&tweak).map(Keypair::new)
}

fn hashed(first: &Point, second: &Point) -> PublicScalar {
    let hash = Sha256::new().chain_update(first.to_bytes()).chain_update(second.to_bytes());
    PublicScalar::from_hash(&hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar(hex: &str) -> SecretScalar {
        SecretScalar::from_bytes(&hex::decode(hex).unwrap().try_into().unwrap()).unwrap()
    }

    /// The figures of BOLT 3, appendix E.
    #[test]
    fn keys_are_those_of_bolt3() {
        let base_secret =
            scalar("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        let commitment_secret =
            scalar("1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100");
        let point = commitment_secret.to_point();
        let key = derived_key(&base_secret.to_point(), &point).unwrap();
        let expected = "0235f2dbfaa89b57ec7b055afe29849ef7ddfeb1cefdb9ebdc43f5494984db29e5";
        assert_eq!(key.to_string(), expected);
        let secret = derived_secret(&base_secret, &point).unwrap();
        let expected = "cbced912d3b21bf196a766651e436aff192362621ce317704ea2f75d87e7be0f";
        assert_eq!(secret, scalar(expected));
        assert_eq!(secret.to_point(), key);
        let key = revocation_key(&base_secret.to_point(), &point).unwrap();
        let expected = "02916e326636d19c33f13e8c0c3a03dd157f332f3e99c317c141dd865eb01f8ff0";
        assert_eq!(key.to_string(), expected);
        let secret = revocation_secret(&base_secret, &commitment_secret).unwrap();
        let expected = "d09ffff62ddb2297ab000cc85bcb4283fdeb6aa052affbc9dddcf33b61078110";
        assert_eq!(secret, scalar(expected));
        assert_eq!(secret.to_point(), key);
    }

    #[test]
    fn the_tweaked_pair_has_the_output_key() {
        use bitcoin::key::TapTweak;
        for byte in 1..9 {
            let secret = SecretScalar::from_bytes(&[byte; 32]).unwrap();
            let root = Some(TapNodeHash::from_byte_array([byte; 32]));
            let key = secret.to_point().x_only();
            let (output_key, _) = key.tap_tweak(pointlock::curve::context(), root);
            let keypair = taproot_keypair(&secret, root).unwrap();
            assert_eq!(keypair.x_only_public_key(), output_key.to_x_only_public_key());
        }
    }
}
