//! What a person pasted, or piped in. What it is, the library says; what to do about it, the command adds.

use std::error::Error;
use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use pointlock::invoice::{InvoiceError, TextKind, text};
use pointlock::wire::WireError;

use crate::terminal;

/// Reads the text from the command line, or else from standard input.
pub(super) fn read<T>(argument: Option<&str>) -> Result<T, Box<dyn Error>>
where
    T: FromStr<Err = InvoiceError>,
{
    let text = text(argument)?;
    text.parse().map_err(|error| explained(&error, &text).into())
}

/// Reads what was given with a flag.
pub(super) fn parse<T>(text: &str) -> Result<T, String>
where
    T: FromStr<Err = InvoiceError>,
{
    text.parse().map_err(|error| explained(&error, text))
}

/// The text from the command line, or else from standard input.
pub(crate) fn text(argument: Option<&str>) -> Result<String, Box<dyn Error>> {
    match argument.filter(|text| *text != "-") {
        Some(text) => Ok(text.to_owned()),
        None => standard_input(),
    }
}

fn standard_input() -> Result<String, Box<dyn Error>> {
    // One byte more than the parser takes, so that what is longer is refused and not cut off.
    let enough = text::MAX_TEXT_LENGTH as u64 + 1;
    let mut bytes = Vec::new();
    terminal::invite("the text");
    io::stdin().take(enough).read_to_end(&mut bytes).map_err(|error| format!("text: {error}"))?;
    if bytes.len() > text::MAX_TEXT_LENGTH {
        return Err(InvoiceError::TextTooLong { maximum: text::MAX_TEXT_LENGTH }.into());
    }
    String::from_utf8(bytes).map_err(|_| {
        "text: not UTF-8, expected the text of an offer (lno1…) or an invoice (lni1…)".into()
    })
}

/// The refusal, with what helps.
fn explained(error: &InvoiceError, text: &str) -> String {
    // The type of a record that is cut off may be any: a field that this message can't have, too.
    if let InvoiceError::Encoding { source, .. } = error {
        if is_cut_off(source) {
            return format!("stream: {source}; is all of it there?");
        }
    }
    // The name of a file may look like anything.
    let is_file = error.field().is_none() && text.len() < 4_096 && Path::new(text).is_file();
    let begins = |start: &str| {
        text.trim_start().get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    let found = match *error {
        _ if is_file => Some(TextKind::FileName),
        InvoiceError::OtherText { found, .. } => Some(found),
        _ => None,
    };
    let advice = match (found, error.field()) {
        (Some(found), _) => advice(found),
        (None, Some(_)) => None,
        // Of the right kind, and damaged.
        (None, None) if begins("lno1") || begins("lni1") => Some("is all of it there?"),
        (None, None) => Some("an offer begins with lno1, an invoice of BOLT 12 with lni1"),
    };
    match advice {
        Some(advice) => format!("{error}; {advice}"),
        None => error.to_string(),
    }
}

fn is_cut_off(error: &WireError) -> bool {
    matches!(
        error,
        WireError::TypeTruncated { .. }
            | WireError::LengthTruncated { .. }
            | WireError::ValueTruncated { .. }
    )
}

fn advice(found: TextKind) -> Option<&'static str> {
    Some(match found {
        TextKind::FileName => "a file is read from standard input: pointlock invoice decode < FILE",
        TextKind::Offer => {
            "it says what is asked for, and `decode` explains it; the invoice is what its issuer answers"
        }
        TextKind::Invoice => "the offer is what it was asked for with",
        TextKind::PayerProof => "it says that an invoice was paid: `pointlock proof show`",
        TextKind::InvoiceRequest => "the answer to it is an invoice",
        TextKind::Bolt11Invoice => "it is for one payment, and every Lightning wallet reads it",
        TextKind::Lnurl | TextKind::LightningAddress => {
            "it leads to a server that hands out invoices, and is none itself"
        }
        TextKind::NodeId => "for the key of an invoice's receiver there is `verify --from`",
        TextKind::Nothing => "give the text as an argument, or on standard input",
        _ => return None,
    })
}
