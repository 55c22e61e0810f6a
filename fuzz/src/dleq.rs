use pointlock::curve::{Point, SecretScalar};
use pointlock::dleq::{self, Bases, Proof, Statement};

use crate::input::{Input, flipped};

/// Input: a (32) ‖ b, the logarithm of the base (32) ‖ another generator? (1), and its logarithm (32) ‖ a message? (1), and the
/// message (32) ‖ aux_rand (32) ‖ which part is flipped (1) ‖ which bit (2).
pub fn dleq_life(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let (Some(secret), Some(base)) = (input.scalar(), input.scalar()) else { return false };
    let (has_generator, generator) = (input.byte() & 1 == 1, input.scalar());
    let bases = match generator {
        Some(generator) if has_generator => {
            Bases::with_generator(generator.to_point(), base.to_point())
        }
        _ => Bases::new(base.to_point()),
    };
    let (has_message, message) = (input.byte() & 1 == 1, input.bytes());
    let message = has_message.then_some(message);
    let aux_rand = input.bytes();

    let (statement, proof) = dleq::prove(&secret, &bases, message.as_ref(), &aux_rand)
        .expect("its inputs are valid, no hash is zero, and this machine is sound");
    assert_eq!(statement, Statement::of(&secret, &bases));
    assert_eq!(statement.value, statement_by_the_other_way(&statement, &secret, &base));
    let life = Life { statement, message, proof };
    assert!(life.is_proven(), "nothing is flipped yet");
    let (part, bit) = (input.byte(), usize::from(u16::from_be_bytes(input.bytes())));
    if let Some(flipped) = life.flipped(part, bit) {
        assert!(flipped == life || !flipped.is_proven(), "a bit is flipped");
    }
    true
}

/// C = a·(b·G) = b·(a·G), whatever the point A is to.
fn statement_by_the_other_way(
    statement: &Statement,
    secret: &SecretScalar,
    base: &SecretScalar,
) -> Point {
    let by_generator = Bases::new(statement.bases.base()).generator().mul_secret(secret);
    by_generator.mul_secret(base)
}

/// What a verifier sees.
#[derive(Clone, PartialEq)]
struct Life {
    statement: Statement,
    message: Option<[u8; 32]>,
    proof: Proof,
}

impl Life {
    fn is_proven(&self) -> bool {
        self.proof.verify(&self.statement, self.message.as_ref()).is_ok()
    }

    /// With one bit of one part flipped; None if the part can't be parsed then.
    fn flipped(&self, part: u8, bit: usize) -> Option<Self> {
        let mut life = self.clone();
        let Statement { bases, point, value } = self.statement;
        let flipped_point =
            |point: Point| Point::from_bytes(&flipped(point.to_bytes(), bit % 264)).ok();
        let (generator, base) = (bases.generator(), bases.base());
        match part % 6 {
            0 => life.statement.point = flipped_point(point)?,
            1 => life.statement.value = flipped_point(value)?,
            2 => life.statement.bases = Bases::with_generator(generator, flipped_point(base)?),
            3 => life.statement.bases = Bases::with_generator(flipped_point(generator)?, base),
            4 => life.proof = Proof::from_bytes(&flipped(self.proof.to_bytes(), bit % 512)).ok()?,
            _ => life.message = Some(flipped(self.message?, bit % 256)),
        }
        Some(life)
    }
}

/// Input: e ‖ s (64) ‖ 33(A) ‖ 33(B) ‖ 33(C) ‖ m (32) or nothing.
pub fn dleq_proof(data: &[u8]) -> bool {
    let Some((encoded, rest)) = data.split_first_chunk::<64>() else { return false };
    let Ok(proof) = Proof::from_bytes(encoded) else { return false };
    assert_eq!(proof.to_bytes(), *encoded);
    assert_eq!(proof.to_string().parse(), Ok(proof));
    let (Some(points), message) = (rest.get(..99), rest.get(99..)) else { return false };
    let point = |index: usize| Point::from_slice(&points[index * 33..][..33]);
    let (Ok(point), Ok(base), Ok(value)) = (point(0), point(1), point(2)) else { return false };
    let message: Option<[u8; 32]> = message.and_then(|message| message.try_into().ok());
    let statement = Statement { bases: Bases::new(base), point, value };
    if proof.verify(&statement, message.as_ref()).is_err() {
        return false;
    }
    // One encoding, one message, one statement.
    assert!(
        proof.verify(&Statement { point: point.negate(), ..statement }, message.as_ref()).is_err()
    );
    assert!(
        proof.verify(&Statement { value: value.negate(), ..statement }, message.as_ref()).is_err()
    );
    assert!(proof.verify(&statement, message.map(|_| &[0xa5; 32])).is_err() == message.is_some());
    true
}
