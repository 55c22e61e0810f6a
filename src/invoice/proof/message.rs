use super::ProofRequest;
use crate::curve::{Point, Tag};
use crate::invoice::ktime::PaymentTerms;

static PROOF: Tag = Tag::new("pointlock/proof");
static PROOF_BASE: Tag = Tag::new("pointlock/proof_base");

/// m, the hash of all that a proof is about. It has what x has, so proofs of two payments have two messages, and two
/// bases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProofMessage([u8; 32]);

impl ProofMessage {
    /// m = H_pointlock/proof(invoice id ‖ amount (8 bytes, big endian) ‖ note hash ‖ 33(A) ‖ verifier ‖ challenge)
    pub fn new(terms: &PaymentTerms, request: &ProofRequest) -> Self {
        Self(PROOF.hash(&[
            &terms.invoice_id.to_bytes(),
            &terms.amount_msat.to_be_bytes(),
            &terms.note_hash.0,
            &terms.payer.to_bytes(),
            &request.verifier.to_bytes(),
            &request.challenge.to_bytes(),
        ]))
    }

    /// The 32 bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// H, a point of which nobody knows the logarithm: the point with even y whose x coordinate is the first of
    /// H_pointlock/proof_base(m ‖ i), i = 0, 1, … (4 bytes, big endian), that belongs to a point.
    pub fn base(&self) -> Point {
        (0..=u32::MAX)
            .find_map(|i| {
                let x = PROOF_BASE.hash(&[&self.0, &i.to_be_bytes()]);
                let mut encoding = [2; Point::LENGTH];
                encoding[1..].copy_from_slice(&x);
                Point::from_bytes(&encoding).ok()
            })
            .expect("one x in two belongs to a point, and there are 2^32 of them")
    }
}
