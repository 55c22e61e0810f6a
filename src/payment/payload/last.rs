use alloc::vec::Vec;

use super::fields::{Fields, malformed};
use super::types::{
    AMT_TO_FORWARD, CURRENT_PATH_KEY, ENCRYPTED_RECIPIENT_DATA, FINAL_BLIND, INVOICE_REQUEST,
    KEYSEND_PREIMAGE, OUTGOING_CLTV_VALUE, PART_SHARE, PAYER_INVOICE_ID, PAYER_KEY, PAYER_NOTE,
    PAYER_SIGNATURE, PAYMENT_DATA, TOTAL_AMOUNT_MSAT, WITHHELD,
};
use crate::curve::Tag;
use crate::invoice::InvoiceId;
use crate::invoice::ktime::{NoteHash, PayerPublicKey, PaymentSignature, PaymentTerms};
use crate::lock::{Blind, Lock, Preimage};
use crate::payment::PayloadError;
use crate::wire::{BlindedPath, IntroductionNode, TlvWriter, read_tu64, tu64};

static PAYMENT_SECRET: Tag = Tag::new("pointlock/payment_secret");

/// What proves to the receiver that the payer has seen the invoice: 32 bytes, BOLT 4's `payment_secret`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentSecret(pub [u8; 32]);

impl PaymentSecret {
    /// H_pointlock/payment_secret(invoice id). A node of the route that has not seen the invoice can't probe the
    /// receiver with it, as with BOLT 11's; of a blinded path the `path_id` does the same.
    pub fn of_invoice(id: &InvoiceId) -> Self {
        Self(PAYMENT_SECRET.hash(&[&id.to_bytes()]))
    }
}

/// `payment_data` (BOLT 4). Encoding: the secret (32 bytes) ‖ the total (tu64).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentData {
    /// Whoever does not know it has not seen the invoice, and so has not made the payment.
    pub secret: PaymentSecret,
    /// Over all parts, in millisatoshi.
    pub total_msat: u64,
}

impl PaymentData {
    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, PayloadError> {
        let data = fields.required(PAYMENT_DATA)?;
        let (secret, total) = data.split_first_chunk().ok_or(malformed(PAYMENT_DATA))?;
        let total_msat = read_tu64(total).map_err(|_| malformed(PAYMENT_DATA))?;
        Ok(Self { secret: PaymentSecret(*secret), total_msat })
    }

    pub(super) fn write(&self, tlv: &mut TlvWriter) {
        tlv.set(PAYMENT_DATA, [self.secret.0.as_slice(), &tu64(self.total_msat)].concat());
    }
}

/// What the receiver is told.
#[derive(Debug)]
pub struct FinalPayload {
    /// What the last edge locks at least, in millisatoshi.
    pub amount_msat: u64,
    /// The expiry of the last edge at least, a block height.
    pub expiry: u32,
    /// A sender that does not know it has not seen the invoice. None at the end of a blinded path, where the path's own data has a
    /// `path_id`.
    pub payment_secret: Option<PaymentSecret>,
    /// The whole payment over all its parts, in millisatoshi.
    pub total_msat: u64,
    /// Y of this part; none for a hash lock.
    pub final_blind: Option<Blind>,
    /// Which part of the payment this is; none for a payment in one part.
    pub part: Option<PartShare>,
    /// That the sender keeps a share back until it hears of the arrival, so that it can cancel until then; only beside
    /// [`part`](Self::part).
    pub withheld: Option<Withheld>,
    /// Who pays, if it is under a k-time payment point.
    pub payer: Option<PayerPayload>,
    /// What opens the lock, if the payer has drawn it: for a plain static invoice, at the end of its path.
    pub keysend: Option<Keysend>,
}

/// What the receiver of a payment to a plain static invoice is told, as LDK's payers do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keysend {
    /// The preimage.
    pub preimage: Preimage,
    /// The payer's invoice request, a TLV stream: what is paid for.
    pub invoice_request: Vec<u8>,
}

/// One of several parts of a payment. Encoding: q_p (32 bytes) ‖ p (2) ‖ P (2).
#[derive(Debug)]
pub struct PartShare {
    /// q_p. The lock of every part has the sum of all of them in it: none can be claimed before all have arrived.
    pub secret: Blind,
    /// p, from 1.
    pub index: u16,
    /// P, the number of parts.
    pub count: u16,
}

/// A share that the sender keeps back. Encoding: the path (BOLT 4, `blinded_path`), or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Along which the receiver says that all parts have arrived. It stands in the first part.
    pub arrival_path: Option<BlindedPath<IntroductionNode>>,
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
    /// A's signature over x and the last lock of this part as the sender knows it: without the blinds that a blinded path or
    /// a node which found a part of the route has added.
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

impl FinalPayload {
    const TYPES: [u64; 13] = [
        AMT_TO_FORWARD,
        OUTGOING_CLTV_VALUE,
        PAYMENT_DATA,
        TOTAL_AMOUNT_MSAT,
        FINAL_BLIND,
        PART_SHARE,
        WITHHELD,
        PAYER_KEY,
        PAYER_NOTE,
        PAYER_INVOICE_ID,
        PAYER_SIGNATURE,
        INVOICE_REQUEST,
        KEYSEND_PREIMAGE,
    ];

    /// Reads the payload of the receiver in a packet within, where what opens a blinded path stands in the payload around it. `in_path`
    /// says whether it does.
    ///
    /// # Errors
    ///
    /// As [`Payload::parse`](super::Payload::parse).
    pub fn parse_inner(bytes: &[u8], in_path: bool) -> Result<Self, PayloadError> {
        let fields = Fields::parse(bytes)?;
        fields.allow(&Self::TYPES)?;
        Self::read_at(&fields, in_path)
    }

    pub(super) fn read(fields: &Fields<'_>) -> Result<Self, PayloadError> {
        let of_path = [ENCRYPTED_RECIPIENT_DATA, CURRENT_PATH_KEY];
        fields.allow_in_path(&[Self::TYPES.as_slice(), &of_path].concat())?;
        Self::read_at(fields, fields.has(ENCRYPTED_RECIPIENT_DATA))
    }

    /// The total stands beside the payment secret, or alone where a path has its own.
    fn read_at(fields: &Fields<'_>, in_path: bool) -> Result<Self, PayloadError> {
        let (payment_secret, total_msat) = if in_path {
            if fields.has(PAYMENT_DATA) {
                return Err(PayloadError::Misplaced("payment_data"));
            }
            (None, fields.integer(TOTAL_AMOUNT_MSAT)?)
        } else {
            if fields.has(TOTAL_AMOUNT_MSAT) {
                return Err(PayloadError::Misplaced("total_amount_msat"));
            }
            let PaymentData { secret, total_msat } = PaymentData::read(fields)?;
            (Some(secret), total_msat)
        };
        Ok(Self {
            amount_msat: fields.integer(AMT_TO_FORWARD)?,
            expiry: fields.height(OUTGOING_CLTV_VALUE)?,
            payment_secret,
            total_msat,
            final_blind: fields.scalar(FINAL_BLIND, Blind::from_bytes)?,
            part: PartShare::read(fields)?,
            withheld: Withheld::read(fields)?,
            payer: PayerPayload::read(fields)?,
            keysend: Keysend::read(fields, in_path)?,
        })
    }

    /// Whether it belongs to an edge under this lock: a point lock has Y, a hash lock neither that nor a share.
    pub fn fits(&self, lock: &Lock) -> bool {
        match lock {
            Lock::Point(_) => self.final_blind.is_some() && self.keysend.is_none(),
            Lock::Hash(_) => self.final_blind.is_none() && self.part.is_none(),
        }
    }

    /// The fields, for the innermost layer of the onion. The end of a blinded path gets its encrypted data beside them.
    pub fn to_tlv(&self) -> TlvWriter {
        let mut tlv = TlvWriter::new();
        tlv.set(AMT_TO_FORWARD, tu64(self.amount_msat));
        tlv.set(OUTGOING_CLTV_VALUE, tu64(self.expiry.into()));
        let total_msat = self.total_msat;
        match self.payment_secret {
            Some(secret) => PaymentData { secret, total_msat }.write(&mut tlv),
            None => {
                tlv.set(TOTAL_AMOUNT_MSAT, tu64(total_msat));
            }
        }
        if let Some(blind) = &self.final_blind {
            tlv.set(FINAL_BLIND, *blind.dangerous_to_bytes());
        }
        if let Some(part) = &self.part {
            part.write(&mut tlv);
        }
        if let Some(withheld) = &self.withheld {
            let mut path = Vec::new();
            if let Some(arrival_path) = &withheld.arrival_path {
                arrival_path.write(&mut path);
            }
            tlv.set(WITHHELD, path);
        }
        if let Some(payer) = &self.payer {
            payer.write(&mut tlv);
        }
        if let Some(keysend) = &self.keysend {
            tlv.set(KEYSEND_PREIMAGE, *keysend.preimage.dangerous_as_bytes());
            tlv.set(INVOICE_REQUEST, keysend.invoice_request.as_slice());
        }
        tlv
    }

    /// The TLV stream.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_tlv().to_bytes()
    }
}

impl Keysend {
    /// Outside of a path nobody has asked for it.
    fn read(fields: &Fields<'_>, in_path: bool) -> Result<Option<Self>, PayloadError> {
        if !fields.has(KEYSEND_PREIMAGE) || !in_path {
            for (tlv_type, field) in
                [(INVOICE_REQUEST, "invoice_request"), (KEYSEND_PREIMAGE, "keysend_preimage")]
            {
                if fields.has(tlv_type) {
                    return Err(PayloadError::Misplaced(field));
                }
            }
            return Ok(None);
        }
        Ok(Some(Self {
            preimage: Preimage::new(fields.array(KEYSEND_PREIMAGE)?),
            invoice_request: fields.required(INVOICE_REQUEST)?.to_vec(),
        }))
    }
}

impl PartShare {
    fn read(fields: &Fields<'_>) -> Result<Option<Self>, PayloadError> {
        if !fields.has(PART_SHARE) {
            return Ok(None);
        }
        let bytes: [u8; 36] = fields.array(PART_SHARE)?;
        let (secret, rest) = bytes.split_first_chunk().expect("36 bytes are more than 32");
        let [index, count] = [[rest[0], rest[1]], [rest[2], rest[3]]].map(u16::from_be_bytes);
        if index == 0 || index > count {
            return Err(malformed(PART_SHARE));
        }
        let secret = Blind::from_bytes(secret).map_err(|_| malformed(PART_SHARE))?;
        Ok(Some(Self { secret, index, count }))
    }

    fn write(&self, tlv: &mut TlvWriter) {
        let secret = self.secret.dangerous_to_bytes();
        let [index, count] = [self.index, self.count].map(u16::to_be_bytes);
        tlv.set(PART_SHARE, [secret.as_slice(), &index, &count].concat());
    }
}

impl Withheld {
    fn read(fields: &Fields<'_>) -> Result<Option<Self>, PayloadError> {
        match fields.optional(WITHHELD) {
            None => Ok(None),
            Some(_) if !fields.has(PART_SHARE) => Err(PayloadError::Misplaced("withheld")),
            Some([]) => Ok(Some(Self { arrival_path: None })),
            Some(bytes) => match BlindedPath::read(bytes) {
                Ok((path, length)) if length == bytes.len() => {
                    Ok(Some(Self { arrival_path: Some(path) }))
                }
                _ => Err(malformed(WITHHELD)),
            },
        }
    }
}

impl PayerPayload {
    fn read(fields: &Fields<'_>) -> Result<Option<Self>, PayloadError> {
        if !fields.has(PAYER_KEY) {
            for (tlv_type, field) in [
                (PAYER_NOTE, "payer_note"),
                (PAYER_INVOICE_ID, "payer_invoice_id"),
                (PAYER_SIGNATURE, "payer_signature"),
            ] {
                if fields.has(tlv_type) {
                    return Err(PayloadError::Misplaced(field));
                }
            }
            return Ok(None);
        }
        Ok(Some(Self {
            key: PayerPublicKey::from_slice(fields.required(PAYER_KEY)?)
                .map_err(|_| malformed(PAYER_KEY))?,
            note: fields.optional(PAYER_NOTE).map(<[u8]>::to_vec),
            invoice_id: InvoiceId::from_bytes(fields.array(PAYER_INVOICE_ID)?),
            signature: PaymentSignature::from_bytes(&fields.array(PAYER_SIGNATURE)?),
        }))
    }

    fn write(&self, tlv: &mut TlvWriter) {
        tlv.set(PAYER_KEY, self.key.to_bytes());
        if let Some(note) = &self.note {
            tlv.set(PAYER_NOTE, note.as_slice());
        }
        tlv.set(PAYER_INVOICE_ID, self.invoice_id.to_bytes());
        tlv.set(PAYER_SIGNATURE, self.signature.to_bytes());
    }
}
