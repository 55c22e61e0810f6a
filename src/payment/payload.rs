//! What a node reads in its onion layer.

use alloc::vec::Vec;

use super::PayloadError;
use crate::curve::{Point, Tag};
use crate::hold::{HeldBlind, HoldId, ReleaseHash};
use crate::invoice::InvoiceId;
use crate::invoice::ktime::{NoteHash, PayerPublicKey, PaymentSignature, PaymentTerms};
use crate::lock::Blind;
use crate::wire::{TlvStream, TlvWriter, read_tu32, read_tu64, tu64};

// BOLT 4.
const AMT_TO_FORWARD: u64 = 2;
const OUTGOING_CLTV_VALUE: u64 = 4;
const PAYMENT_DATA: u64 = 8;
const OUTGOING_NODE_ID: u64 = 14;
// Ours: odd, above 65536.
const BLIND: u64 = 65537;
const FINAL_BLIND: u64 = 65539;
const HOLD_ID: u64 = 65541;
const HELD_BLIND: u64 = 65543;
const RELEASE_HASH: u64 = 65545;
const LATEST_RELEASE_HEIGHT: u64 = 65547;
const PAYER_KEY: u64 = 65549;
const PAYER_NOTE: u64 = 65551;
const PAYER_INVOICE_ID: u64 = 65553;
const PAYER_SIGNATURE: u64 = 65555;

static PAYMENT_SECRET: Tag = Tag::new("pointlock/payment_secret");

/// What proves to the receiver that the payer has seen the invoice: 32 bytes, BOLT 4's `payment_secret`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentSecret(pub [u8; 32]);

impl PaymentSecret {
    /// H_pointlock/payment_secret(invoice id). A node of the route that has not seen the invoice can't probe the
    /// receiver with it, as with BOLT 11's; with blinded paths the path takes this part over.
    pub fn of_invoice(id: &InvoiceId) -> Self {
        Self(PAYMENT_SECRET.hash(&[&id.to_bytes()]))
    }
}

/// A decoded payload.
#[derive(Debug)]
pub enum Payload {
    /// Of a forwarder.
    Forward(ForwardPayload),
    /// Of the receiver.
    Final(FinalPayload),
}

/// What a forwarder is asked to do.
#[derive(Debug)]
pub struct ForwardPayload {
    /// The node to forward to.
    pub next: Point,
    /// What to lock on the outgoing edge, in millisatoshi.
    pub amount_msat: u64,
    /// The expiry of the outgoing contract, a block height.
    pub expiry: u32,
    /// What to add to the lock point.
    pub tweak: Tweak,
}

/// What a forwarder adds to the lock, and when.
#[derive(Debug)]
pub enum Tweak {
    /// Nothing: a hash lock.
    None,
    /// y_i.
    Blind(Blind),
    /// Nothing before the receiver is back.
    Hold(HoldOrder),
}

/// The sender's order to hold.
#[derive(Clone, Debug)]
pub struct HoldOrder {
    /// The key of the hold.
    pub id: HoldId,
    /// y_i + h; none for a hash lock.
    pub held_blind: Option<HeldBlind>,
    /// c = H_pointlock/release(h).
    pub release_hash: ReleaseHash,
    /// The latest height at which a release still makes sense.
    pub latest_release_height: u32,
}

/// What the receiver is told.
#[derive(Debug)]
pub struct FinalPayload {
    /// What the last contract locks at least, in millisatoshi.
    pub amount_msat: u64,
    /// The expiry of the last contract at least, a block height.
    pub expiry: u32,
    /// Who does not know it has not seen the invoice.
    pub payment_secret: PaymentSecret,
    /// The whole payment over all its parts, in millisatoshi.
    pub total_msat: u64,
    /// Y; none for a hash lock.
    pub final_blind: Option<Blind>,
    /// Who pays, if it is under a k-time payment point.
    pub payer: Option<PayerPayload>,
}

/// What the receiver of a payment under a k-time payment point is told about the payer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerPayload {
    /// A.
    pub key: PayerPublicKey,
    /// A note to the receiver; an empty one is another than none.
    pub note: Option<Vec<u8>>,
    /// The invoice that is paid.
    pub invoice_id: InvoiceId,
    /// A's signature over x and L_n.
    pub signature: PaymentSignature,
}

impl PayerPayload {
    /// What the payer pays for, with the amount of the whole payment.
    pub fn terms(&self, total_msat: u64) -> PaymentTerms {
        PaymentTerms {
            payer: self.key,
            invoice_id: self.invoice_id,
            amount_msat: total_msat,
            note_hash: NoteHash::of(self.note.as_deref()),
        }
    }
}

impl ForwardPayload {
    /// The TLV stream, for the onion.
    pub fn to_bytes(&self) -> Vec<u8> {
        Self::encode(&self.next, self.amount_msat, self.expiry, &self.tweak)
    }

    /// The same from parts that the sender keeps.
    pub(super) fn encode(next: &Point, amount_msat: u64, expiry: u32, tweak: &Tweak) -> Vec<u8> {
        let mut tlv = TlvWriter::new();
        tlv.set(AMT_TO_FORWARD, tu64(amount_msat));
        tlv.set(OUTGOING_CLTV_VALUE, tu64(expiry.into()));
        tlv.set(OUTGOING_NODE_ID, next.to_bytes());
        match tweak {
            Tweak::None => {}
            Tweak::Blind(blind) => {
                tlv.set(BLIND, *blind.dangerous_to_bytes());
            }
            Tweak::Hold(order) => {
                tlv.set(HOLD_ID, order.id.0);
                if let Some(held_blind) = &order.held_blind {
                    tlv.set(HELD_BLIND, *held_blind.dangerous_to_bytes());
                }
                tlv.set(RELEASE_HASH, order.release_hash.0);
                tlv.set(LATEST_RELEASE_HEIGHT, tu64(order.latest_release_height.into()));
            }
        }
        tlv.to_bytes()
    }
}

impl FinalPayload {
    /// The TLV stream, for the innermost layer of the onion.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self { amount_msat, expiry, payment_secret, total_msat, final_blind, payer } = self;
        let (final_blind, payer) = (final_blind.as_ref(), payer.as_ref());
        Self::encode(*amount_msat, *expiry, payment_secret, *total_msat, final_blind, payer)
    }

    /// The same from parts that the sender keeps.
    pub(super) fn encode(
        amount_msat: u64,
        expiry: u32,
        payment_secret: &PaymentSecret,
        total_msat: u64,
        final_blind: Option<&Blind>,
        payer: Option<&PayerPayload>,
    ) -> Vec<u8> {
        let mut tlv = TlvWriter::new();
        tlv.set(AMT_TO_FORWARD, tu64(amount_msat));
        tlv.set(OUTGOING_CLTV_VALUE, tu64(expiry.into()));
        tlv.set(PAYMENT_DATA, [payment_secret.0.as_slice(), &tu64(total_msat)].concat());
        if let Some(blind) = final_blind {
            tlv.set(FINAL_BLIND, *blind.dangerous_to_bytes());
        }
        if let Some(payer) = payer {
            tlv.set(PAYER_KEY, payer.key.to_bytes());
            if let Some(note) = &payer.note {
                tlv.set(PAYER_NOTE, note.as_slice());
            }
            tlv.set(PAYER_INVOICE_ID, payer.invoice_id.to_bytes());
            tlv.set(PAYER_SIGNATURE, payer.signature.to_bytes());
        }
        tlv.to_bytes()
    }
}

impl Payload {
    /// Reads a payload. One with `payment_data` is the receiver's.
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field: missing, malformed, in the wrong place, or of an unknown even type.
    pub fn parse(bytes: &[u8]) -> Result<Self, PayloadError> {
        let fields = Fields::parse(bytes)?;
        if fields.has(PAYMENT_DATA) {
            fields.refuse(&[
                OUTGOING_NODE_ID,
                BLIND,
                HOLD_ID,
                HELD_BLIND,
                RELEASE_HASH,
                LATEST_RELEASE_HEIGHT,
            ])?;
            let data = fields.required(PAYMENT_DATA)?;
            let (secret, total) =
                data.split_first_chunk().ok_or(PayloadError::Malformed(name(PAYMENT_DATA)))?;
            return Ok(Self::Final(FinalPayload {
                amount_msat: fields.integer(AMT_TO_FORWARD)?,
                expiry: fields.height(OUTGOING_CLTV_VALUE)?,
                payment_secret: PaymentSecret(*secret),
                total_msat: read_tu64(total)
                    .map_err(|_| PayloadError::Malformed(name(PAYMENT_DATA)))?,
                final_blind: fields.scalar(FINAL_BLIND, Blind::from_bytes)?,
                payer: fields.payer()?,
            }));
        }
        fields.refuse(&[FINAL_BLIND, PAYER_KEY, PAYER_NOTE, PAYER_INVOICE_ID, PAYER_SIGNATURE])?;
        Ok(Self::Forward(ForwardPayload {
            next: Point::from_slice(fields.required(OUTGOING_NODE_ID)?)
                .map_err(|_| PayloadError::Malformed(name(OUTGOING_NODE_ID)))?,
            amount_msat: fields.integer(AMT_TO_FORWARD)?,
            expiry: fields.height(OUTGOING_CLTV_VALUE)?,
            tweak: fields.tweak()?,
        }))
    }
}

struct Fields<'a>(TlvStream<'a>);

impl<'a> Fields<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, PayloadError> {
        let stream = TlvStream::parse(bytes)?;
        let unknown = |tlv_type: u64| tlv_type.is_multiple_of(2) && name(tlv_type) == UNKNOWN;
        match stream.records().iter().map(|record| record.tlv_type()).find(|t| unknown(*t)) {
            Some(tlv_type) => Err(PayloadError::UnknownEven { tlv_type }),
            None => Ok(Self(stream)),
        }
    }

    fn has(&self, tlv_type: u64) -> bool {
        self.0.get(tlv_type).is_some()
    }

    fn optional(&self, tlv_type: u64) -> Option<&'a [u8]> {
        self.0.get(tlv_type).map(|record| record.value())
    }

    fn required(&self, tlv_type: u64) -> Result<&'a [u8], PayloadError> {
        self.optional(tlv_type).ok_or(PayloadError::Missing(name(tlv_type)))
    }

    fn refuse(&self, tlv_types: &[u64]) -> Result<(), PayloadError> {
        match tlv_types.iter().find(|tlv_type| self.has(**tlv_type)) {
            Some(tlv_type) => Err(PayloadError::Misplaced(name(*tlv_type))),
            None => Ok(()),
        }
    }

    fn integer(&self, tlv_type: u64) -> Result<u64, PayloadError> {
        read_tu64(self.required(tlv_type)?).map_err(|_| PayloadError::Malformed(name(tlv_type)))
    }

    fn height(&self, tlv_type: u64) -> Result<u32, PayloadError> {
        read_tu32(self.required(tlv_type)?).map_err(|_| PayloadError::Malformed(name(tlv_type)))
    }

    fn array<const N: usize>(&self, tlv_type: u64) -> Result<[u8; N], PayloadError> {
        self.required(tlv_type)?.try_into().map_err(|_| PayloadError::Malformed(name(tlv_type)))
    }

    fn scalar<T, E>(
        &self,
        tlv_type: u64,
        read: impl Fn(&[u8; 32]) -> Result<T, E>,
    ) -> Result<Option<T>, PayloadError> {
        if !self.has(tlv_type) {
            return Ok(None);
        }
        let bytes = self.array(tlv_type)?;
        read(&bytes).map(Some).map_err(|_| PayloadError::Malformed(name(tlv_type)))
    }

    fn payer(&self) -> Result<Option<PayerPayload>, PayloadError> {
        if !self.has(PAYER_KEY) {
            self.refuse(&[PAYER_NOTE, PAYER_INVOICE_ID, PAYER_SIGNATURE])?;
            return Ok(None);
        }
        Ok(Some(PayerPayload {
            key: PayerPublicKey::from_slice(self.required(PAYER_KEY)?)
                .map_err(|_| PayloadError::Malformed(name(PAYER_KEY)))?,
            note: self.optional(PAYER_NOTE).map(<[u8]>::to_vec),
            invoice_id: InvoiceId::from_bytes(self.array(PAYER_INVOICE_ID)?),
            signature: PaymentSignature::from_bytes(&self.array(PAYER_SIGNATURE)?),
        }))
    }

    fn tweak(&self) -> Result<Tweak, PayloadError> {
        if self.has(HOLD_ID) {
            self.refuse(&[BLIND])?;
            return Ok(Tweak::Hold(HoldOrder {
                id: HoldId(self.array(HOLD_ID)?),
                held_blind: self.scalar(HELD_BLIND, HeldBlind::from_bytes)?,
                release_hash: ReleaseHash(self.array(RELEASE_HASH)?),
                latest_release_height: self.height(LATEST_RELEASE_HEIGHT)?,
            }));
        }
        self.refuse(&[HELD_BLIND, RELEASE_HASH, LATEST_RELEASE_HEIGHT])?;
        Ok(self.scalar(BLIND, Blind::from_bytes)?.map_or(Tweak::None, Tweak::Blind))
    }
}

const UNKNOWN: &str = "unknown";

fn name(tlv_type: u64) -> &'static str {
    match tlv_type {
        AMT_TO_FORWARD => "amt_to_forward",
        OUTGOING_CLTV_VALUE => "outgoing_cltv_value",
        PAYMENT_DATA => "payment_data",
        OUTGOING_NODE_ID => "outgoing_node_id",
        BLIND => "blind",
        FINAL_BLIND => "final_blind",
        HOLD_ID => "hold_id",
        HELD_BLIND => "held_blind",
        RELEASE_HASH => "release_hash",
        LATEST_RELEASE_HEIGHT => "latest_release_height",
        PAYER_KEY => "payer_key",
        PAYER_NOTE => "payer_note",
        PAYER_INVOICE_ID => "payer_invoice_id",
        PAYER_SIGNATURE => "payer_signature",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;
    use crate::curve::SecretScalar;
    use crate::hold::ReleaseSecret;
    use crate::invoice::ktime::{PayerKey, PayerScalar};

    fn point() -> Point {
        SecretScalar::from_bytes(&[7; 32]).unwrap().to_point()
    }

    fn held() -> ForwardPayload {
        let secret = ReleaseSecret::from_bytes(&[5; 32]).unwrap();
        let blind = Blind::from_bytes(&[6; 32]).unwrap();
        ForwardPayload {
            next: point(),
            amount_msat: 1_000,
            expiry: 800_000,
            tweak: Tweak::Hold(HoldOrder {
                id: HoldId([4; 32]),
                held_blind: Some(HeldBlind::new(&blind, &secret).unwrap()),
                release_hash: secret.hash(),
                latest_release_height: 799_000,
            }),
        }
    }

    fn last() -> FinalPayload {
        FinalPayload {
            amount_msat: 1_000,
            expiry: 800_000,
            payment_secret: PaymentSecret([3; 32]),
            total_msat: 1_000,
            final_blind: Some(Blind::from_bytes(&[6; 32]).unwrap()),
            payer: None,
        }
    }

    fn last_with_payer() -> FinalPayload {
        let key = PayerKey::from_entropy(&[8; 32]).unwrap();
        let x = PayerScalar::from_bytes(&[9; 32]).unwrap();
        let payer = PayerPayload {
            key: key.public_key(),
            note: Some(b"table 4".to_vec()),
            invoice_id: InvoiceId::from_bytes([2; 32]),
            signature: key.sign_payment(&x, &point(), &[0; 32]),
        };
        FinalPayload { payer: Some(payer), ..last() }
    }

    fn rewrite(payload: &Payload) -> Vec<u8> {
        match payload {
            Payload::Forward(payload) => payload.to_bytes(),
            Payload::Final(payload) => payload.to_bytes(),
        }
    }

    #[test]
    fn written_and_read_again() {
        for bytes in [held().to_bytes(), last().to_bytes(), last_with_payer().to_bytes()] {
            assert_eq!(rewrite(&Payload::parse(&bytes).unwrap()), bytes);
        }
    }

    #[test]
    fn each_required_field_is_named_when_missing() {
        for bytes in [held().to_bytes(), last().to_bytes(), last_with_payer().to_bytes()] {
            let stream = TlvStream::parse(&bytes).unwrap();
            for left_out in stream.records() {
                let tlv_type = left_out.tlv_type();
                let kept: Vec<u8> = stream
                    .records()
                    .iter()
                    .filter(|record| record.tlv_type() != tlv_type)
                    .flat_map(|record| record.bytes().to_vec())
                    .collect();
                let result = Payload::parse(&kept);
                match tlv_type {
                    // A hash lock has no blind.
                    HELD_BLIND | FINAL_BLIND | PAYER_NOTE => assert!(result.is_ok()),
                    // Without the id the other fields of a hold are out of place.
                    HOLD_ID => {
                        assert_eq!(result.unwrap_err(), PayloadError::Misplaced("held_blind"))
                    }
                    PAYMENT_DATA => {
                        assert_eq!(result.unwrap_err(), PayloadError::Misplaced("final_blind"));
                    }
                    PAYER_KEY => {
                        assert_eq!(result.unwrap_err(), PayloadError::Misplaced("payer_note"));
                    }
                    _ => assert_eq!(result.unwrap_err(), PayloadError::Missing(name(tlv_type))),
                }
            }
        }
    }

    #[test]
    fn unknown_even_types_are_refused_and_odd_ones_are_not() {
        let with = |tlv_type| {
            let bytes = last().to_bytes();
            let mut tlv = TlvWriter::new();
            for record in TlvStream::parse(&bytes).unwrap().records() {
                tlv.set(record.tlv_type(), record.value());
            }
            tlv.set(tlv_type, vec![1]);
            Payload::parse(&tlv.to_bytes()).map(|_| ())
        };
        assert_eq!(with(65548), Err(PayloadError::UnknownEven { tlv_type: 65548 }));
        assert_eq!(with(65599), Ok(()));
        assert_eq!(with(BLIND), Err(PayloadError::Misplaced("blind")));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, flip: usize, cut: usize) {
            let _ = Payload::parse(&bytes);
            for mut valid in [held().to_bytes(), last().to_bytes(), last_with_payer().to_bytes()] {
                let bit = flip % (valid.len() * 8);
                valid[bit / 8] ^= 1 << (bit % 8);
                if let Ok(payload) = Payload::parse(&valid) {
                    // An unknown odd field is not written again; what is, reads the same.
                    let written = rewrite(&payload);
                    prop_assert_eq!(rewrite(&Payload::parse(&written).unwrap()), written);
                }
                valid.truncate(cut % valid.len());
                let _ = Payload::parse(&valid);
            }
        }
    }
}
