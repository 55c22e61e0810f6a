use zeroize::Zeroizing;

use super::{AsyncMessage, AsyncPaymentsError};
use crate::curve::{Point, SecretScalar, Tag};
use crate::onion::blinded::{BlindedPath, OnionMessage, RecipientData};
use crate::wire::IntroductionNode;

static HELD: Tag = Tag::new("pointlock/held_htlc");
static RELEASE: Tag = Tag::new("pointlock/release_htlc_session");

/// A payment that its payer has not offered yet: it has asked whether the receiver is there.
///
/// A payer that hears nothing asks again, each time with fresh entropy, and the answer to any of them will do. One that comes twice, or
/// when the payment is under way, changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldHtlc {
    path_id: [u8; 32],
}

impl HeldHtlc {
    /// `held_htlc_available` along a message path of the receiver's, with a reply path to the payer alone; and where the path begins.
    /// `entropy` is 32 fresh bytes, for this message alone.
    ///
    /// # Errors
    ///
    /// [`AsyncPaymentsError::Onion`].
    pub fn ask(
        message_path: &BlindedPath<IntroductionNode>,
        payer: &Point,
        entropy: [u8; 32],
    ) -> Result<(Self, IntroductionNode, OnionMessage), AsyncPaymentsError> {
        let entropy = Zeroizing::new(entropy);
        let derive = |purpose: &[u8]| HELD.hash(&[&*entropy, purpose]);
        let held = Self { path_id: derive(b"path id") };
        let own = RecipientData { path_id: Some(held.path_id.to_vec()), ..Default::default() };
        let hops = [(*payer, own.to_bytes())];
        let (reply_path, _) = BlindedPath::build(scalar(derive(b"path"))?, &hops)?;
        let fields = AsyncMessage::HeldHtlcAvailable.to_tlv(Some(&reply_path.into()));
        let message = OnionMessage::build(scalar(derive(b"message"))?, message_path, &fields)?;
        Ok((held, *message_path.introduction_node(), message))
    }

    /// Whether a message that has come to the payer is the receiver's word for this payment. One along another path is not for it.
    ///
    /// # Errors
    ///
    /// What is wrong with a message along this payment's own path.
    pub fn is_released(
        &self,
        payload: &[u8],
        data: &RecipientData,
    ) -> Result<bool, AsyncPaymentsError> {
        if !data.has_path_id(&self.path_id) {
            return Ok(false);
        }
        let (message, _) = AsyncMessage::from_payload(payload)?;
        Ok(matches!(message, AsyncMessage::ReleaseHeldHtlc))
    }
}

/// `held_htlc_available` along a message path of the receiver's, for a payment that an LDK node holds for this payer (its feature
/// `htlc_hold`): the answer goes along the path that the holder has given. Gives where the receiver's path begins. `entropy` is 32 fresh bytes.
///
/// The payer has offered the payment with [`HOLD_HTLC`](super::HOLD_HTLC) in its `update_add_htlc`, and needs not be there for the answer.
///
/// # Errors
///
/// [`AsyncPaymentsError::Onion`].
pub fn ask_for_holder(
    message_path: &BlindedPath<IntroductionNode>,
    holders_path: &BlindedPath<IntroductionNode>,
    entropy: &[u8; 32],
) -> Result<(IntroductionNode, OnionMessage), AsyncPaymentsError> {
    let session = scalar(HELD.hash(&[entropy, b"for the holder"]))?;
    let fields = AsyncMessage::HeldHtlcAvailable.to_tlv(Some(holders_path));
    let message = OnionMessage::build(session, message_path, &fields)?;
    Ok((*message_path.introduction_node(), message))
}

/// `release_held_htlc` along the reply path of a `held_htlc_available`, and where that path begins. `entropy` is 32 fresh bytes.
///
/// # Errors
///
/// [`AsyncPaymentsError::Onion`].
pub fn release(
    reply_path: &BlindedPath<IntroductionNode>,
    entropy: &[u8; 32],
) -> Result<(IntroductionNode, OnionMessage), AsyncPaymentsError> {
    let session = scalar(RELEASE.hash(&[entropy]))?;
    let fields = AsyncMessage::ReleaseHeldHtlc.to_tlv(None);
    let message = OnionMessage::build(session, reply_path, &fields)?;
    Ok((*reply_path.introduction_node(), message))
}

fn scalar(hash: [u8; 32]) -> Result<SecretScalar, AsyncPaymentsError> {
    Ok(SecretScalar::from_hash(&hash)?)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec::Vec;

    use super::*;
    use crate::onion::blinded::PeeledMessage;
    use crate::wire::TlvWriter;

    fn secret(byte: u8) -> SecretScalar {
        SecretScalar::from_bytes(&[byte; 32]).unwrap()
    }

    /// Once more with the same 32 bytes it is the same message: nothing but them is drawn.
    #[test]
    fn an_answer_is_for_the_payment_that_asked() {
        let (payer, receiver) = (secret(2), secret(3));
        let own = RecipientData { path_id: Some([7; 32].to_vec()), ..Default::default() };
        let hops = [(receiver.to_point(), own.to_bytes())];
        let path = BlindedPath::build(secret(9), &hops).unwrap().0.into();
        let ask = |byte| HeldHtlc::ask(&path, &payer.to_point(), [byte; 32]).unwrap();
        let (held, to, question) = ask(4);
        assert_eq!(to, IntroductionNode::NodeId(receiver.to_point()));
        assert_eq!(ask(4), (held.clone(), to, question.clone()));
        let (other, _, _) = ask(5);
        let PeeledMessage::Receive { payload, .. } = question.peel(&receiver).unwrap() else {
            panic!("it is for the receiver")
        };
        let (_, reply_path) = AsyncMessage::from_payload(&payload).unwrap();
        let reply_path = reply_path.unwrap();
        let (_, answer) = release(&reply_path, &[6; 32]).unwrap();
        assert!(answer.length() <= question.length(), "nobody gets more than it has sent");
        let PeeledMessage::Receive { payload, data, .. } = answer.peel(&payer).unwrap() else {
            panic!("it is for the payer")
        };
        assert_eq!(held.is_released(&payload, &data), Ok(true));
        assert_eq!(other.is_released(&payload, &data), Ok(false), "another payment's");
        // The question itself along the same path is no answer, and neither is noise.
        let question = AsyncMessage::HeldHtlcAvailable.to_tlv(None).to_bytes();
        assert_eq!(held.is_released(&question, &data), Ok(false));
        let mut noise = TlvWriter::new();
        noise.set(74, Vec::from([1, 0, 0]));
        let error = held.is_released(&noise.to_bytes(), &data).unwrap_err();
        assert!(error.to_string().contains("release_held_htlc"), "{error}");
        // More than an onion message takes: neither a question nor an answer along such a path can be made.
        let hops: Vec<_> = (0..200).map(|_| (receiver.to_point(), [0; 300])).collect();
        let long = BlindedPath::build(secret(9), &hops).unwrap().0.into();
        let question = HeldHtlc::ask(&long, &payer.to_point(), [4; 32]).map(|_| ());
        let answer = release(&long, &[6; 32]).map(|_| ());
        for made in [question, answer] {
            assert!(matches!(made, Err(AsyncPaymentsError::Onion(_))), "{made:?}");
        }
    }
}
