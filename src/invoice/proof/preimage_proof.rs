use std::fmt;

use super::parts::{Kind, Parts, array, check_length, point};
use super::types::{PREIMAGE, UNDER_POINTS};
use super::{DisclosedInvoice, InvoiceKind, ProofContents, ProofError};
use crate::curve::{Keypair, Point};
use crate::invoice::Field;
use crate::lock::{PaymentHash, Preimage};
use crate::wire::TlvStream;

/// BOLT 12's own payer proof: that the holder of `invreq_payer_id` knows the preimage of an invoice that was asked for with this key.
///
/// One that there is was read, so all that BOLT 12 asks of a reader holds: preimage and hash, the invoice's signature over fields shown
/// and not shown, the payer's signature over all of the proof. Whose the keys are, [`verify`](Self::verify) asks.
///
/// Two proofs are equal when their bytes are.
#[derive(Clone, PartialEq, Eq)]
pub struct PreimageProof {
    parts: Parts,
    payer: Point,
    preimage: [u8; 32],
}

/// The requested invoice, under a hash.
struct UnderHash;

impl Kind for UnderHash {
    const INVOICE: InvoiceKind = InvoiceKind::Requested;
    const REQUIRED: &'static [Field] =
        &[Field::INVREQ_PAYER_ID, Field::INVOICE_PAYMENT_HASH, Field::INVOICE_NODE_ID];
    const OWN: &'static [u64] = &[PREIMAGE];
    const FOREIGN: &'static [u64] = &UNDER_POINTS;
}

impl PreimageProof {
    /// Makes a proof. `invoice` is the TLV stream of the invoice, with its signature; `key` is that of `invreq_payer_id`. `aux_rand` is 32
    /// bytes of fresh entropy, or zeros (BIP-340).
    ///
    /// # Errors
    ///
    /// [`ProofError::Encoding`] and [`ProofError::Missing`] for what is no invoice, [`ProofError::OtherPayer`] for another
    /// key, [`ProofError::NotInInvoice`] and [`ProofError::Metadata`] for a field that can't be shown, [`ProofError::NoMarker`];
    /// otherwise as [`from_bytes`](Self::from_bytes), of an invoice or a preimage that is wrong.
    pub fn create(
        invoice: &[u8],
        preimage: &Preimage,
        key: &Keypair,
        contents: &ProofContents,
        aux_rand: &[u8; 32],
    ) -> Result<Self, ProofError> {
        check_length(invoice)?;
        let invoice = TlvStream::parse(invoice)?;
        // Without it, nothing would keep what is left out from being guessed.
        invoice.get(0).ok_or(ProofError::Missing(Field::INVREQ_METADATA.name()))?;
        if point(&invoice, Field::INVREQ_PAYER_ID)? != key.public_key() {
            return Err(ProofError::OtherPayer);
        }
        let own = [(PREIMAGE, preimage.dangerous_as_bytes().to_vec())];
        let sign = |hash: &[u8; 32]| key.sign_schnorr(hash, aux_rand);
        Self::from_bytes(&Parts::write::<UnderHash>(&invoice, contents, &own, sign)?)
    }

    /// Reads the TLV stream of a proof, and checks all of it that needs no knowledge from elsewhere. A proof has one encoding.
    ///
    /// # Errors
    ///
    /// [`ProofError`], with the field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofError> {
        check_length(bytes)?;
        Self::read(&TlvStream::parse(bytes)?)
    }

    pub(super) fn read(stream: &TlvStream<'_>) -> Result<Self, ProofError> {
        let parts = Parts::read::<UnderHash>(stream)?;
        let payer = point(stream, Field::INVREQ_PAYER_ID)?;
        let hash = PaymentHash(array(stream, Field::INVOICE_PAYMENT_HASH.tlv_type())?);
        let preimage = array(stream, PREIMAGE)?;
        if Preimage::new(preimage).hash() != hash {
            return Err(ProofError::Preimage);
        }
        parts.check_payer(stream, &payer)?;
        Ok(Self { parts, payer, preimage })
    }

    /// Compares the signer of the invoice with the receiver's key, *known from elsewhere*, and the note with the one that this verifier
    /// has asked for, where it has. Gives the invoice, as far as it is shown.
    ///
    /// Every node of the payment's route knows the preimage, so it is the payer's signature that makes the proof the payer's. One without
    /// a note that the verifier has drawn can be shown again by whoever has seen it.
    ///
    /// # Errors
    ///
    /// [`ProofError::Invoice`] and [`ProofError::OtherNote`].
    pub fn verify(
        &self,
        issuer: &Point,
        note: Option<&str>,
    ) -> Result<&DisclosedInvoice, ProofError> {
        self.parts.invoice.verify_issuer(issuer)?;
        if note.is_some() && self.parts.note.as_deref() != note {
            return Err(ProofError::OtherNote);
        }
        Ok(&self.parts.invoice)
    }

    /// `proof_note`, which the payer has signed.
    pub fn note(&self) -> Option<&str> {
        self.parts.note.as_deref()
    }

    /// `invreq_payer_id`, which the payer drew for this invoice.
    pub fn payer(&self) -> Point {
        self.payer
    }

    /// The preimage, which is no secret any more.
    pub fn preimage(&self) -> [u8; 32] {
        self.preimage
    }

    /// The invoice of the proof, which the one who made the proof may have made too. Its signature is verified, its signer is
    /// anybody.
    pub fn dangerous_claimed_invoice(&self) -> &DisclosedInvoice {
        &self.parts.invoice
    }

    /// The TLV stream.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.parts.as_bytes().to_vec()
    }
}

impl fmt::Debug for PreimageProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreimageProof")
            .field("payer", &self.payer)
            .field("invoice", &self.parts.invoice)
            .field("note", &self.parts.note)
            .finish()
    }
}
