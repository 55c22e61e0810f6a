use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{AsyncPaymentsError, InvoiceRequest};
use crate::invoice::StaticInvoice;
use crate::wire::{
    BlindedPath, IntroductionNode, TlvStream, TlvWriter, read_bigsize, write_bigsize,
};

/// BOLT 4, `onionmsg_tlv`.
const REPLY_PATH: u64 = 2;
const ENCRYPTED_RECIPIENT_DATA: u64 = 4;

const INVOICE_REQUEST: u64 = 64;
const STATIC_INVOICE: u64 = 70;
const HELD_HTLC_AVAILABLE: u64 = 72;
const RELEASE_HELD_HTLC: u64 = 74;
const OFFER_PATHS_REQUEST: u64 = 75_540;
const OFFER_PATHS: u64 = 75_542;
const SERVE_STATIC_INVOICE: u64 = 75_544;
const STATIC_INVOICE_PERSISTED: u64 = 75_546;

const NAMES: [(u64, &str); 8] = [
    (INVOICE_REQUEST, "invoice_request"),
    (STATIC_INVOICE, "static_invoice"),
    (HELD_HTLC_AVAILABLE, "held_htlc_available"),
    (RELEASE_HELD_HTLC, "release_held_htlc"),
    (OFFER_PATHS_REQUEST, "offer_paths_request"),
    (OFFER_PATHS, "offer_paths"),
    (SERVE_STATIC_INVOICE, "serve_static_invoice"),
    (STATIC_INVOICE_PERSISTED, "static_invoice_persisted"),
];

/// Within the messages.
const INVOICE_SLOT: u64 = 0;
const PATHS: u64 = 0;
const PATHS_ABSOLUTE_EXPIRY: u64 = 2;
const INVOICE: u64 = 0;
const FORWARD_INVOICE_REQUEST_PATH: u64 = 2;

type Path = BlindedPath<IntroductionNode>;

/// One message of async payments, in an onion message.
///
/// Encoding: a record of the onion message's stream. Invoice and invoice request are BOLT 12's streams as they are; the others are
/// streams behind their length (BigSize).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsyncMessage {
    /// 64: a payer asks for an invoice. For an offer whose receiver is often away, its server answers with [`StaticInvoice`](Self::StaticInvoice).
    InvoiceRequest(Box<InvoiceRequest>),
    /// 70: the invoice that the server keeps for the receiver.
    StaticInvoice(Box<StaticInvoice>),
    /// 72: a payment waits for the receiver.
    HeldHtlcAvailable,
    /// 74: the receiver is there.
    ReleaseHeldHtlc,
    /// 75540: a receiver asks its server for paths to put into an offer.
    OfferPathsRequest {
        /// Where the server shall keep the invoice of that offer.
        invoice_slot: u16,
    },
    /// 75542: paths that end at the server.
    OfferPaths {
        /// The paths, at least one.
        paths: Vec<Path>,
        /// Until when they serve, in seconds since 1970.
        absolute_expiry: Option<u64>,
    },
    /// 75544: a receiver gives its server an invoice to hand out.
    ServeStaticInvoice {
        /// The invoice.
        invoice: Box<StaticInvoice>,
        /// Along which the server passes invoice requests on, in case the receiver is there.
        forward_invoice_request_path: Path,
    },
    /// 75546: the server has it, and the offer can be given out.
    StaticInvoicePersisted,
}

impl AsyncMessage {
    /// Whether an onion message with these fields has one of these messages.
    pub fn is_in(payload: &[u8]) -> bool {
        let stream = TlvStream::parse(payload);
        stream.is_ok_and(|stream| stream.records().iter().any(|r| name(r.tlv_type()).is_some()))
    }

    /// Reads the fields of an onion message: the message, and the reply path beside it.
    ///
    /// # Errors
    ///
    /// [`AsyncPaymentsError`], with the field. An unknown even type, and a second message, are refused.
    pub fn from_payload(payload: &[u8]) -> Result<(Self, Option<Path>), AsyncPaymentsError> {
        let stream = TlvStream::parse(payload)?;
        let (mut message, mut reply_path) = (None, None);
        for record in stream.records() {
            match record.tlv_type() {
                REPLY_PATH => reply_path = Some(whole_path(record.value(), "reply_path")?),
                ENCRYPTED_RECIPIENT_DATA => {}
                tlv_type if name(tlv_type).is_some() => {
                    if message.is_some() {
                        return Err(AsyncPaymentsError::Unexpected { tlv_type });
                    }
                    message = Some(Self::read(tlv_type, record.value())?);
                }
                tlv_type if tlv_type % 2 == 0 => {
                    return Err(AsyncPaymentsError::UnknownEven { tlv_type });
                }
                _ => {}
            }
        }
        Ok((message.ok_or(AsyncPaymentsError::Missing("message"))?, reply_path))
    }

    fn read(tlv_type: u64, value: &[u8]) -> Result<Self, AsyncPaymentsError> {
        let malformed = AsyncPaymentsError::Malformed(name(tlv_type).unwrap_or("message"));
        let nothing = |message: Self| stream(value, tlv_type, &[]).map(|_| message);
        match tlv_type {
            INVOICE_REQUEST => {
                InvoiceRequest::from_bytes(value).map(|it| Self::InvoiceRequest(Box::new(it)))
            }
            STATIC_INVOICE => Ok(Self::StaticInvoice(Box::new(StaticInvoice::from_bytes(value)?))),
            HELD_HTLC_AVAILABLE => nothing(Self::HeldHtlcAvailable),
            RELEASE_HELD_HTLC => nothing(Self::ReleaseHeldHtlc),
            OFFER_PATHS_REQUEST => {
                let fields = stream(value, tlv_type, &[INVOICE_SLOT])?;
                let slot = required(&fields, INVOICE_SLOT, "invoice_slot")?;
                let slot = slot.try_into().map_err(|_| malformed)?;
                Ok(Self::OfferPathsRequest { invoice_slot: u16::from_be_bytes(slot) })
            }
            OFFER_PATHS => offer_paths(&stream(value, tlv_type, &[PATHS, PATHS_ABSOLUTE_EXPIRY])?),
            SERVE_STATIC_INVOICE => {
                let fields = stream(value, tlv_type, &[INVOICE, FORWARD_INVOICE_REQUEST_PATH])?;
                let invoice = StaticInvoice::from_bytes(required(&fields, INVOICE, "invoice")?)?;
                let field = "forward_invoice_request_path";
                let path = required(&fields, FORWARD_INVOICE_REQUEST_PATH, field)?;
                Ok(Self::ServeStaticInvoice {
                    invoice: Box::new(invoice),
                    forward_invoice_request_path: whole_path(path, field)?,
                })
            }
            STATIC_INVOICE_PERSISTED => nothing(Self::StaticInvoicePersisted),
            _ => Err(malformed),
        }
    }

    /// The fields of the onion message, with the reply path for the answer.
    pub fn to_tlv(&self, reply_path: Option<&Path>) -> TlvWriter {
        let mut message = TlvWriter::new();
        if let Some(path) = reply_path {
            message.set(REPLY_PATH, written(path));
        }
        let mut content = TlvWriter::new();
        match self {
            Self::InvoiceRequest(request) => {
                message.set(INVOICE_REQUEST, request.as_bytes());
                return message;
            }
            Self::StaticInvoice(invoice) => {
                message.set(STATIC_INVOICE, invoice.as_bytes());
                return message;
            }
            Self::OfferPathsRequest { invoice_slot } => {
                content.set(INVOICE_SLOT, invoice_slot.to_be_bytes());
            }
            Self::OfferPaths { paths, absolute_expiry } => {
                content.set(PATHS, paths.iter().flat_map(written).collect::<Vec<u8>>());
                if let Some(expiry) = absolute_expiry {
                    content.set(PATHS_ABSOLUTE_EXPIRY, expiry.to_be_bytes());
                }
            }
            Self::ServeStaticInvoice { invoice, forward_invoice_request_path } => {
                content.set(INVOICE, invoice.as_bytes());
                content.set(FORWARD_INVOICE_REQUEST_PATH, written(forward_invoice_request_path));
            }
            Self::HeldHtlcAvailable | Self::ReleaseHeldHtlc | Self::StaticInvoicePersisted => {}
        }
        let content = content.to_bytes();
        let mut value = Vec::new();
        write_bigsize(&mut value, content.len() as u64);
        value.extend_from_slice(&content);
        message.set(self.tlv_type(), value);
        message
    }

    fn tlv_type(&self) -> u64 {
        match self {
            Self::InvoiceRequest(_) => INVOICE_REQUEST,
            Self::StaticInvoice(_) => STATIC_INVOICE,
            Self::HeldHtlcAvailable => HELD_HTLC_AVAILABLE,
            Self::ReleaseHeldHtlc => RELEASE_HELD_HTLC,
            Self::OfferPathsRequest { .. } => OFFER_PATHS_REQUEST,
            Self::OfferPaths { .. } => OFFER_PATHS,
            Self::ServeStaticInvoice { .. } => SERVE_STATIC_INVOICE,
            Self::StaticInvoicePersisted => STATIC_INVOICE_PERSISTED,
        }
    }
}

fn name(tlv_type: u64) -> Option<&'static str> {
    NAMES.iter().find(|(known, _)| *known == tlv_type).map(|(_, name)| *name)
}

/// A stream behind its length, and nothing behind that.
fn stream<'a>(
    value: &'a [u8],
    tlv_type: u64,
    known: &[u64],
) -> Result<TlvStream<'a>, AsyncPaymentsError> {
    let malformed = AsyncPaymentsError::Malformed(name(tlv_type).unwrap_or("message"));
    let (length, taken) = read_bigsize(value).map_err(|_| malformed.clone())?;
    let content = &value[taken..];
    if usize::try_from(length) != Ok(content.len()) {
        return Err(malformed);
    }
    let stream = TlvStream::parse(content)?;
    let unknown = |t: &u64| *t % 2 == 0 && !known.contains(t);
    match stream.records().iter().map(|record| record.tlv_type()).find(unknown) {
        Some(tlv_type) => Err(AsyncPaymentsError::UnknownEven { tlv_type }),
        None => Ok(stream),
    }
}

fn required<'a>(
    stream: &TlvStream<'a>,
    tlv_type: u64,
    field: &'static str,
) -> Result<&'a [u8], AsyncPaymentsError> {
    stream.get(tlv_type).map(|r| r.value()).ok_or(AsyncPaymentsError::Missing(field))
}

fn offer_paths(fields: &TlvStream<'_>) -> Result<AsyncMessage, AsyncPaymentsError> {
    let malformed = |field| move |_| AsyncPaymentsError::Malformed(field);
    let mut rest = required(fields, PATHS, "paths")?;
    let mut paths = Vec::new();
    while !rest.is_empty() || paths.is_empty() {
        let (path, length) =
            BlindedPath::read(rest).map_err(|_| AsyncPaymentsError::Malformed("paths"))?;
        paths.push(path);
        rest = &rest[length..];
    }
    let expiry = fields.get(PATHS_ABSOLUTE_EXPIRY).map(|record| record.value().try_into());
    let expiry = expiry.transpose().map_err(malformed("paths_absolute_expiry"))?;
    Ok(AsyncMessage::OfferPaths { paths, absolute_expiry: expiry.map(u64::from_be_bytes) })
}

fn whole_path(bytes: &[u8], field: &'static str) -> Result<Path, AsyncPaymentsError> {
    match BlindedPath::read(bytes) {
        Ok((path, length)) if length == bytes.len() => Ok(path),
        _ => Err(AsyncPaymentsError::Malformed(field)),
    }
}

fn written(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    path.write(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests;
