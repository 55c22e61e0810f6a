//! What an offer or an invoice says, in words and field by field. Text of the issuer's is quoted, with whatever could
//! move a terminal's cursor escaped.

use std::fmt::{self, Display};

use pointlock::invoice::{
    Field, FieldValue, Offer, OfferOrInvoice, PaymentLock, PaymentPath, PaymentPoints,
    StaticInvoice,
};
use pointlock::wire::{BlindedPath, IntroductionNode};

use super::words;
use crate::narration::grouped;
use crate::terminal;

/// Labels, and what they label.
#[derive(Default)]
pub(super) struct Lines(Vec<Vec<String>>);

impl Lines {
    pub(super) fn add(&mut self, label: &str, text: impl Display) {
        self.0.push(vec![label.to_owned(), text.to_string()]);
    }
}

impl Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        terminal::plain(self.0.iter().cloned()).iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// All about it.
pub(super) fn message(message: &OfferOrInvoice) -> String {
    let (title, lines) = match message {
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
    format!("{title}\n{lines}\n{}", table(&message.fields()))
}

/// Field by field.
pub(crate) fn table(fields: &[(Field, FieldValue)]) -> String {
    let rows = fields.iter().flat_map(|(field, value)| one_field(*field, value));
    format!("  {}\n", terminal::columns(&["type", "field", "value"], rows).join("\n  "))
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

/// A row, or for payment points one for each.
fn one_field(field: Field, value: &FieldValue) -> Vec<Vec<String>> {
    let row = |shown: String| vec![field.tlv_type().to_string(), field.to_string(), shown];
    match value {
        FieldValue::Integer(integer) => vec![row(integer.to_string())],
        FieldValue::Text(text) => vec![row(format!("{text:?}"))],
        FieldValue::Points(points) => points.iter().map(|point| row(point.to_string())).collect(),
        FieldValue::Bytes(bytes) => vec![row(hex::encode(bytes))],
        _ => vec![row("?".to_owned())],
    }
}
