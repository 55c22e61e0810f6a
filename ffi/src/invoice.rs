//! Static invoices, for their id and their payment points.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::invoice::{InvoiceError, PaymentLock, PaymentPoints, StaticInvoice};

use crate::border::{Handle, enter, free};
use crate::error::Error;
use crate::point::PointData;
use crate::refusal::Refusal;
use crate::types::{
    BytesIn, BytesOut, FaultOut, InvoiceIn, InvoiceNew, InvoiceOwned, PointOut, SizeOut,
};

/// The length of an invoice's id.
pub const INVOICE_ID_LENGTH: usize = 32;

impl Handle for StaticInvoice {
    const TAG: u64 = u64::from_be_bytes(*b"invoice ");
}

fn points_of(invoice: &StaticInvoice) -> Result<&PaymentPoints, Refusal> {
    match invoice.lock() {
        Some(PaymentLock::Points(points)) => Ok(points),
        _ => Err(Refusal::new(Error::NoPaymentPoints).at(c"invoice")),
    }
}

/// Reads a static invoice from its TLV stream, and verifies its signature. pointlock_invoice_node_id tells the signer: compare that
/// with the issuer you know from elsewhere.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_invoice_parse(
    invoice: InvoiceNew,
    stream: BytesIn,
    stream_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"invoice", invoice)?;
        let stream = call.list(c"stream", stream, stream_length)?;
        let invoice = StaticInvoice::from_bytes(stream);
        slot.give(invoice.map_err(|error| Refusal::from(error).at(c"stream"))?);
        Ok(())
    })
}

/// Reads a static invoice from its text, lni1..., of text_length bytes (without a zero at the end), and verifies its signature.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_invoice_decode(
    invoice: InvoiceNew,
    text: BytesIn,
    text_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"invoice", invoice)?;
        let text = call.list(c"text", text, text_length)?;
        let text = std::str::from_utf8(text)
            .map_err(|error| Refusal::of(Error::Invoice, &error).at(c"text"))?;
        let invoice = text
            .parse::<StaticInvoice>()
            .map_err(|error: InvoiceError| Refusal::from(error).at(c"text"))?;
        slot.give(invoice);
        Ok(())
    })
}

/// Frees an invoice. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_invoice_free(invoice: InvoiceOwned) {
    free(invoice);
}

/// The id of an invoice, POINTLOCK_INVOICE_ID_LENGTH bytes.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_invoice_id(
    invoice: InvoiceIn,
    invoice_id: BytesOut,
    invoice_id_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"invoice_id", invoice_id, invoice_id_length)?;
        slot.write(call.get(c"invoice", invoice)?.invoice_id().to_bytes());
        Ok(())
    })
}

/// The key that has signed an invoice.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_invoice_node_id(
    invoice: InvoiceIn,
    node_id: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"node_id", node_id)?;
        slot.write(call.get(c"invoice", invoice)?.invoice_node_id().into());
        Ok(())
    })
}

/// How many payment points an invoice has: 1 for a plain static point, k + 1 for a polynomial.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_invoice_points_count(
    invoice: InvoiceIn,
    count: SizeOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"count", count)?;
        slot.write(points_of(call.get(c"invoice", invoice)?)?.as_slice().len());
        Ok(())
    })
}

/// The payment points of an invoice, exactly as many as pointlock_invoice_points_count says.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_invoice_points(
    invoice: InvoiceIn,
    points: PointOut,
    points_count: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_list(c"points", points, points_count)?;
        let own = points_of(call.get(c"invoice", invoice)?)?.as_slice();
        if own.len() != points_count {
            return Err(Refusal::new(Error::Count).at(c"points"));
        }
        slot.write(&own.iter().map(PointData::from).collect::<Vec<_>>());
        Ok(())
    })
}
