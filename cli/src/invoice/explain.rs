//! What an offer or an invoice says, in words and field by field. Text of the issuer's is quoted, with whatever could
//! move a terminal's cursor escaped.

use std::fmt::{Display, Write};

use pointlock::invoice::{
    Field, FieldValue, Offer, OfferOrInvoice, PaymentLock, PaymentPath, PaymentPoints,
    StaticInvoice,
};
use pointlock::wire::{BlindedPath, IntroductionNode};

use super::words;
use crate::narration::grouped;

/// Lines of a label and what it labels.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, label: &str, text: impl Display) {
        writeln!(self.0, "  {label:<12}{text}").expect("a string takes everything");
    }
}

/// All about it.
pub(super) fn message(message: &OfferOrInvoice) -> String {
    let (title, mut lines) = match message {
        OfferOrInvoice::Offer(offer) => {
            let mut lines = Lines::default();
            lines.add("signed by", "nobody: an offer is as good as where it comes from");
            about_offer(&mut lines, offer);
            match offer.issuer_id() {
                Some(issuer) => lines.add("invoices", format!("signed by {issuer}")),
                None => lines.add("invoices", "signed by the end of one of its paths"),
            }
            ("offer".to_owned(), lines)
        }
        OfferOrInvoice::StaticInvoice(invoice) => {
            let mut lines = Lines::default();
            lines.add("signed by", format!("{}, every field", invoice.invoice_node_id()));
            about_offer(&mut lines, invoice.offer());
            about_invoice(&mut lines, invoice);
            (format!("static invoice {}", invoice.invoice_id()), lines)
        }
    };
    lines.0.push_str("\nfields\n");
    for (field, value) in &message.fields() {
        lines.0.push_str(&one_field(*field, value));
    }
    format!("{title}\n{}", lines.0)
}

fn about_offer(lines: &mut Lines, offer: &Offer) {
    lines.add("asks for", words::amount(offer.amount()));
    if let Some(description) = offer.description() {
        lines.add("in return", format!("{description:?}"));
    }
    if let Some(issuer) = offer.issuer() {
        lines.add("says it is", format!("{issuer:?}, which nothing proves"));
    }
    match offer.quantity_max() {
        Some(0) => lines.add("quantity", "any number of items"),
        Some(most) => lines.add("quantity", format!("{} items at most", grouped(most))),
        None => {}
    }
    let chains: Vec<String> = offer.chains().iter().copied().map(words::chain).collect();
    lines.add("on", chains.join(", "));
    if let Some(expiry) = offer.absolute_expiry() {
        lines.add("offer ends", words::time(expiry));
    }
    for path in offer.paths() {
        lines.add("asked over", blinded_path(path));
    }
}

fn about_invoice(lines: &mut Lines, invoice: &StaticInvoice) {
    lines.add("locked to", lock(invoice.lock()));
    for path in invoice.paths() {
        lines.add("paid over", payment_path(path));
    }
    for path in invoice.message_paths() {
        lines.add("told over", blinded_path(path));
    }
    let route: Vec<String> = invoice.interim_route().iter().map(ToString::to_string).collect();
    if !route.is_empty() {
        lines.add("paid over", format!("the interim route {}", route.join(", ")));
    }
    let parts = |bit| invoice.invoice_features().bits().any(|set| set == bit);
    if parts(16) {
        lines.add("parts", "several, no fewer");
    } else if parts(17) {
        lines.add("parts", "one or several");
    }
    for fallback in invoice.invoice_fallbacks() {
        let program = hex::encode(&fallback.address);
        lines.add("on chain", format!("witness version {}, program {program}", fallback.version));
    }
    lines.add("created", words::time(invoice.invoice_created_at()));
    lines.add("payable to", words::time(invoice.expires_at()));
}

/// What a payment is locked to, in a line.
pub(super) fn lock(lock: Option<&PaymentLock>) -> String {
    match lock {
        Some(PaymentLock::Points(points)) => payment_points(points),
        Some(PaymentLock::Hash(hash)) => format!("the payment hash {hash}, for one payment"),
        None => "a hash of the sender's own: a plain BOLT 12 static invoice".to_owned(),
        Some(_) => "something that this command does not know".to_owned(),
    }
}

fn payment_points(points: &PaymentPoints) -> String {
    match points.k() {
        0 => {
            format!("the static point {} (k = 0), for any number of payments", points.as_slice()[0])
        }
        k => {
            format!("a point of each payer's own, for k = {k} payments ({} payment points)", k + 1)
        }
    }
}

fn blinded_path(path: &BlindedPath<IntroductionNode>) -> String {
    let hops = path.hops().len();
    format!("{} and a blinded path of {hops} hops", path.introduction_node())
}

fn payment_path(path: &PaymentPath) -> String {
    let pay = &path.pay_info;
    let unusable = if path.is_usable() { "" } else { "; not usable: unknown features" };
    format!(
        "{}: {} msat + {} ppm, {} blocks, {} to {} msat{unusable}",
        blinded_path(&path.path),
        grouped(pay.fee_base_msat.into()),
        grouped(pay.fee_proportional_millionths.into()),
        pay.cltv_expiry_delta,
        grouped(pay.htlc_minimum_msat),
        grouped(pay.htlc_maximum_msat),
    )
}

/// A line for a field, or one for each of its points.
pub(crate) fn one_field(field: Field, value: &FieldValue) -> String {
    let name = field.to_string();
    let line = |shown: &dyn Display| format!("  {:<11} {name:<24} {shown}\n", field.tlv_type());
    match value {
        FieldValue::Integer(integer) => line(integer),
        FieldValue::Text(text) => line(&format!("{text:?}")),
        FieldValue::Points(points) => points.iter().map(|point| line(point)).collect(),
        FieldValue::Bytes(bytes) => line(&hex::encode(bytes)),
        _ => line(&"?"),
    }
}
