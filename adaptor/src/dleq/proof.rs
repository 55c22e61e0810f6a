use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use zeroize::Zeroizing;

use super::{Bases, DleqError, Statement};
use crate::curve::{CurveError, Point, PublicScalar, SecretScalar, Tag, double_mul_public};

static AUX: Tag = Tag::new("BIP0374/aux");
static NONCE: Tag = Tag::new("BIP0374/nonce");
static CHALLENGE: Tag = Tag::new("BIP0374/challenge");

/// A proof that log_G A = log_B C.
///
/// Encoding: 64 bytes, e ‖ s. s is below the group order; e is a hash, any 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Proof([u8; 64]);

/// Proves that A = secret·G and C = secret·B have one logarithm, and says what A and C are.
///
/// `aux_rand` is fresh entropy against side channels and faults; all zeros give a deterministic proof that is as sound.
/// Constant time in the secret. The proof is verified before it is returned.
///
/// # Errors
///
/// [`DleqError::Fault`], and [`DleqError::DegenerateNonce`] in theory.
pub fn prove(
    secret: &SecretScalar,
    bases: &Bases,
    message: Option<&[u8; 32]>,
    aux_rand: &[u8; 32],
) -> Result<(Statement, Proof), DleqError> {
    let statement = Statement::of(secret, bases);
    let proof = prove_statement(secret, &statement, message, aux_rand)?;
    Ok((statement, proof))
}

/// The proof of a statement that is of this secret, unless the machine has failed.
fn prove_statement(
    secret: &SecretScalar,
    statement: &Statement,
    message: Option<&[u8; 32]>,
    aux_rand: &[u8; 32],
) -> Result<Proof, DleqError> {
    let nonce = derive_nonce(secret, statement, message, aux_rand)?;
    let challenge = challenge(statement, &statement.bases.times(&nonce), message);
    let response = respond(secret, &nonce, &challenge)?;
    let proof = Proof::from_parts(&challenge, &response.dangerous_reveal());
    proof.without_fault(statement, message)?;
    Ok(proof)
}

impl Proof {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 64;

    /// Reads e ‖ s.
    ///
    /// # Errors
    ///
    /// [`DleqError::ScalarOutOfRange`].
    pub fn from_bytes(bytes: &[u8; 64]) -> Result<Self, DleqError> {
        let proof = Self(*bytes);
        PublicScalar::from_bytes(proof.response_bytes())
            .map_err(|_| DleqError::ScalarOutOfRange)?;
        Ok(proof)
    }

    /// Reads e ‖ s from a slice.
    ///
    /// # Errors
    ///
    /// [`DleqError::Length`] too.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, DleqError> {
        let bytes: &[u8; 64] = bytes
            .try_into()
            .map_err(|_| DleqError::Length { expected: Self::LENGTH, actual: bytes.len() })?;
        Self::from_bytes(bytes)
    }

    /// e ‖ s.
    pub fn to_bytes(&self) -> [u8; 64] {
        self.0
    }

    /// Whether this proves the statement, together with the message that it was made with.
    ///
    /// Variable time: everything here is public.
    ///
    /// # Errors
    ///
    /// [`DleqError::NonceAtInfinity`] and [`DleqError::Invalid`].
    pub fn verify(
        &self,
        statement: &Statement,
        message: Option<&[u8; 32]>,
    ) -> Result<(), DleqError> {
        let nonces = self.nonces(statement).map_err(|_| DleqError::NonceAtInfinity)?;
        // The whole hash is compared, not the scalar that it is mod n: e + n is another proof, and no proof.
        if challenge(statement, &nonces, message) == *self.challenge_bytes() {
            Ok(())
        } else {
            Err(DleqError::Invalid)
        }
    }

    /// R1 = s·G − e·A and R2 = s·B − e·C.
    fn nonces(&self, statement: &Statement) -> Result<[Point; 2], CurveError> {
        let Statement { bases, point, value } = statement;
        let s = PublicScalar::from_bytes(self.response_bytes()).expect("checked when it was made");
        let minus_e = PublicScalar::from_hash(self.challenge_bytes()).negate();
        let first = if bases.is_standard() {
            double_mul_public(&s, &minus_e, point)?
        } else {
            sum_of_products([(&s, &bases.generator()), (&minus_e, point)])?
        };
        Ok([first, sum_of_products([(&s, &bases.base()), (&minus_e, value)])?])
    }

    /// That a proof made just now is one: if a fault has flipped a bit of it, it may tell the secret.
    #[inline(never)]
    fn without_fault(
        &self,
        statement: &Statement,
        message: Option<&[u8; 32]>,
    ) -> Result<(), DleqError> {
        self.verify(statement, message).map_err(|_| DleqError::Fault)
    }

    fn from_parts(challenge: &[u8; 32], response: &PublicScalar) -> Self {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(challenge);
        bytes[32..].copy_from_slice(&response.to_bytes());
        Self(bytes)
    }

    fn challenge_bytes(&self) -> &[u8; 32] {
        self.0.first_chunk().expect("64 bytes begin with 32")
    }

    fn response_bytes(&self) -> &[u8; 32] {
        self.0.last_chunk().expect("64 bytes end with 32")
    }
}

impl FromStr for Proof {
    type Err = DleqError;

    /// Reads 128 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, DleqError> {
        Self::from_slice(&hex::decode(text).map_err(|_| DleqError::NotHex)?)
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dleq::Proof({self})")
    }
}

/// k = H_BIP0374/nonce(t ‖ 33(A) ‖ 33(C) ‖ m) mod n, t = a xor H_BIP0374/aux(aux)
fn derive_nonce(
    secret: &SecretScalar,
    statement: &Statement,
    message: Option<&[u8; 32]>,
    aux_rand: &[u8; 32],
) -> Result<SecretScalar, DleqError> {
    let mut mask = secret.dangerous_to_bytes();
    for (byte, aux) in mask.iter_mut().zip(AUX.hash(&[aux_rand])) {
        *byte ^= aux;
    }
    let points = encoded(statement);
    let hash = NONCE.hash(&[&*mask, points.as_flattened(), bytes_of(message)]);
    let hash = Zeroizing::new(hash);
    SecretScalar::from_hash(&hash).map_err(|_| DleqError::DegenerateNonce)
}

/// s = k + e·a
// Frames of their own, here and below, by which the constant-time test knows that e, points and verdicts are public.
#[inline(never)]
fn respond(
    secret: &SecretScalar,
    nonce: &SecretScalar,
    challenge: &[u8; 32],
) -> Result<SecretScalar, DleqError> {
    let product = secret.mul_public(&PublicScalar::from_hash(challenge));
    product.and_then(|product| product.add(nonce)).map_err(|_| DleqError::DegenerateNonce)
}

/// 33(A) ‖ 33(C)
#[inline(never)]
fn encoded(statement: &Statement) -> [[u8; 33]; 2] {
    [statement.point.to_bytes(), statement.value.to_bytes()]
}

/// e = H_BIP0374/challenge(33(A) ‖ 33(B) ‖ 33(C) ‖ 33(G) ‖ 33(R1) ‖ 33(R2) ‖ m)
#[inline(never)]
fn challenge(statement: &Statement, nonces: &[Point; 2], message: Option<&[u8; 32]>) -> [u8; 32] {
    let Statement { bases, point, value } = statement;
    let [first, second] = nonces;
    let points = [*point, bases.base(), *value, bases.generator(), *first, *second];
    let points = points.map(|point| point.to_bytes());
    CHALLENGE.hash(&[points.as_flattened(), bytes_of(message)])
}

fn bytes_of(message: Option<&[u8; 32]>) -> &[u8] {
    message.map_or(&[], |message| message)
}

/// a·P + b·Q, either scalar maybe zero. Variable time: public data only.
fn sum_of_products(terms: [(&PublicScalar, &Point); 2]) -> Result<Point, CurveError> {
    let products = terms.into_iter().filter(|(scalar, _)| !scalar.is_zero());
    let products: Vec<Point> =
        products.map(|(scalar, point)| point.mul_public(scalar)).collect::<Result<_, _>>()?;
    Point::sum(&products)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    const MESSAGE: Option<&[u8; 32]> = Some(&[5; 32]);

    fn secret(byte: u8) -> SecretScalar {
        SecretScalar::from_bytes(&[byte; 32]).unwrap()
    }

    fn bases() -> Bases {
        Bases::new(secret(9).to_point())
    }

    fn made() -> (Statement, Proof) {
        prove(&secret(7), &bases(), MESSAGE, &[4; 32]).unwrap()
    }

    /// A statement with a point, or a value, that is not of the secret: as a flipped bit in memory makes it.
    #[test]
    fn what_is_not_of_the_secret_is_not_proven() {
        let (right, _) = made();
        let prove = |statement: &Statement| {
            prove_statement(&secret(7), statement, MESSAGE, &[4; 32]).map(|_| ())
        };
        assert_eq!(prove(&right), Ok(()));
        let other = secret(8).to_point();
        for faulty in [Statement { point: other, ..right }, Statement { value: other, ..right }] {
            assert_eq!(prove(&faulty), Err(DleqError::Fault));
        }
    }

    #[test]
    fn a_fault_is_found_before_the_proof_leaves() {
        let (statement, proof) = made();
        assert_eq!(proof.without_fault(&statement, MESSAGE), Ok(()));
        for bit in [0, 255, 256, 511] {
            let mut bytes = proof.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let faulty = Proof::from_bytes(&bytes).unwrap();
            assert_eq!(faulty.without_fault(&statement, MESSAGE), Err(DleqError::Fault));
        }
        let faulty = Statement { value: secret(8).to_point(), ..statement };
        assert_eq!(proof.without_fault(&faulty, MESSAGE), Err(DleqError::Fault));
    }

    /// With e = 0 or s = 0 a term is missing, with both of them there is no point left.
    #[test]
    fn zero_scalars() {
        let (statement, _) = made();
        let proof = |e, s| Proof::from_parts(&e, &PublicScalar::from_bytes(&s).unwrap());
        let [zero, one] = [[0; 32], PublicScalar::ONE.to_bytes()];
        let order = secp256k1::constants::CURVE_ORDER;
        for e in [zero, order] {
            assert_eq!(proof(e, zero).verify(&statement, MESSAGE), Err(DleqError::NonceAtInfinity));
            let [first, second] = proof(e, one).nonces(&statement).unwrap();
            assert_eq!((first, second), (bases().generator(), bases().base()));
            assert_eq!(proof(e, one).verify(&statement, MESSAGE), Err(DleqError::Invalid));
        }
        let [first, second] = proof(one, zero).nonces(&statement).unwrap();
        assert_eq!((first, second), (statement.point.negate(), statement.value.negate()));
        assert_eq!(proof(one, zero).verify(&statement, MESSAGE), Err(DleqError::Invalid));
        // s·G = e·A, but s·B is not e·C.
        let s = secret(7).dangerous_reveal().to_bytes();
        let wrong = Statement { value: secret(8).to_point(), ..statement };
        for statement in [statement, wrong] {
            let refused = proof(one, s).verify(&statement, MESSAGE);
            assert_eq!(refused, Err(DleqError::NonceAtInfinity));
        }
    }

    #[test]
    fn each_input_is_hashed() {
        let (statement, proof) = made();
        assert_eq!(proof.verify(&statement, MESSAGE), Ok(()));
        let other = secret(8).to_point();
        let Statement { bases, point, value } = statement;
        for wrong in [
            Statement { point: other, ..statement },
            Statement { value: other, ..statement },
            Statement { point: point.negate(), ..statement },
            Statement { value: value.negate(), ..statement },
            Statement { point: value, value: point, ..statement },
            Statement { bases: Bases::new(other), ..statement },
            Statement { bases: Bases::with_generator(other, bases.base()), ..statement },
            Statement {
                bases: Bases::with_generator(bases.base(), bases.generator()),
                point: value,
                value: point,
            },
        ] {
            assert_eq!(proof.verify(&wrong, MESSAGE), Err(DleqError::Invalid), "{wrong:?}");
        }
        for message in [None, Some(&[6; 32])] {
            assert_eq!(proof.verify(&statement, message), Err(DleqError::Invalid));
        }
    }

    #[test]
    fn the_nonce_depends_on_each_input() {
        let (statement, _) = made();
        let nonce = |secret, statement: &Statement, message, aux_rand| {
            let nonce = derive_nonce(&secret, statement, message, &[aux_rand; 32]).unwrap();
            *nonce.dangerous_to_bytes()
        };
        let other = secret(8).to_point();
        let nonces = [
            nonce(secret(7), &statement, MESSAGE, 4),
            nonce(secret(8), &statement, MESSAGE, 4),
            nonce(secret(7), &Statement { point: other, ..statement }, MESSAGE, 4),
            nonce(secret(7), &Statement { value: other, ..statement }, MESSAGE, 4),
            nonce(secret(7), &statement, None, 4),
            nonce(secret(7), &statement, Some(&[6; 32]), 4),
            nonce(secret(7), &statement, MESSAGE, 5),
        ];
        for (index, one) in nonces.iter().enumerate() {
            assert!(!nonces[..index].contains(one), "{index}");
        }
    }

    #[test]
    fn one_encoding() {
        let (statement, proof) = made();
        let text = proof.to_string();
        assert_eq!(text.parse(), Ok(proof));
        assert_eq!(Proof::from_slice(&proof.to_bytes()), Ok(proof));
        for length in [0, 63, 65] {
            let refused = Proof::from_slice(&[1; 65][..length]);
            assert_eq!(refused, Err(DleqError::Length { expected: 64, actual: length }));
        }
        assert_eq!("0x".parse::<Proof>(), Err(DleqError::NotHex));
        // s = n, and s = 2^256 − 1.
        for response in [secp256k1::constants::CURVE_ORDER, [0xff; 32]] {
            let mut bytes = proof.to_bytes();
            bytes[32..].copy_from_slice(&response);
            assert_eq!(Proof::from_bytes(&bytes), Err(DleqError::ScalarOutOfRange));
        }
        // Every e is taken for a proof, which is wrong then.
        let mut bytes = proof.to_bytes();
        bytes[..32].copy_from_slice(&[0xff; 32]);
        let refused = Proof::from_bytes(&bytes).unwrap().verify(&statement, MESSAGE);
        assert_eq!(refused, Err(DleqError::Invalid));
    }
}
