//! Errors of the library name fields; whoever has typed a flag is told the flag.

use pointlock::invoice::{Field, InvoiceError};

use super::words;

/// The flags of `create` that say what stands in a field.
const FLAGS: [(Field, &str); 16] = [
    (Field::OFFER_CHAINS, "--chain"),
    (Field::OFFER_CURRENCY, "--currency"),
    (Field::OFFER_DESCRIPTION, "--description"),
    (Field::OFFER_ABSOLUTE_EXPIRY, "--offer-expiry"),
    (Field::OFFER_PATHS, "--offer-path"),
    (Field::OFFER_ISSUER, "--issuer"),
    (Field::OFFER_ISSUER_ID, "--secret-key"),
    (Field::INVOICE_PATHS, "--path"),
    (Field::INVOICE_BLINDEDPAY, "--path"),
    (Field::INVOICE_CREATED_AT, "--created-at"),
    (Field::INVOICE_RELATIVE_EXPIRY, "--expires-in"),
    (Field::INVOICE_NODE_ID, "--secret-key"),
    (Field::INVOICE_MESSAGE_PATHS, "--message-path"),
    (Field::PAYMENT_POINTS, "--payment-point"),
    (Field::PAYMENT_HASH, "--payment-hash"),
    (Field::INTERIM_ROUTE, "--route"),
];

/// The error with this flag in the place of the field.
pub(super) fn by_flag(flag: &str, error: &InvoiceError) -> String {
    let reason = reason(error);
    format!("{flag}: {reason}")
}

/// The error of an invoice that was to be signed. `amount` is the flag that has said how much.
pub(super) fn of_create(error: &InvoiceError, amount: &str) -> String {
    let flag = error.field().and_then(|field| match field {
        Field::OFFER_AMOUNT => Some(amount),
        _ => FLAGS.iter().find(|(known, _)| *known == field).map(|(_, flag)| *flag),
    });
    flag.map_or_else(|| error.to_string(), |flag| by_flag(flag, error))
}

/// What is wrong, without the field; times and chains as people read them.
pub(super) fn reason(error: &InvoiceError) -> String {
    match error {
        InvoiceError::Expired { expires_at, now, .. } => {
            format!("expired at {}, now it is {}", words::time(*expires_at), words::time(*now))
        }
        InvoiceError::Chain { actual, expected, .. } => {
            format!("for {}, not for {}", words::chain(*actual), words::chain(*expected))
        }
        _ => {
            let text = error.to_string();
            let field = error.field().map(|field| format!("{field}: ")).unwrap_or_default();
            text.strip_prefix(&field).unwrap_or(&text).to_owned()
        }
    }
}

/// The error as it is, but for times and chains.
pub(super) fn in_words(error: &InvoiceError) -> String {
    match error.field() {
        Some(field) => format!("{field}: {}", reason(error)),
        None => error.to_string(),
    }
}
