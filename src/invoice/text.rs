//! BOLT 12's text form, and the forms in which people paste it.
//!
//! The text is a human-readable part, `1`, and the bytes in bech32 characters, without a checksum. All lower case or all upper
//! case; a `+` between two characters, with or without white space of ASCII behind it, joins what a text field had to split. The
//! bits left over at the end are at most four and all zero (BIP-173), so that one text is one sequence of bytes.
//!
//! Nothing in [`decode`] and [`encode`] depends on the prefix: `lno` (offers), `lnr` (invoice requests) and `lni` (invoices) are
//! written alike.
//!
//! # What people paste
//!
//! [`Offer`](super::Offer), [`StaticInvoice`](super::StaticInvoice) and [`OfferOrInvoice`](super::OfferOrInvoice) are read from these
//! forms, too:
//!
//! | form | what is read |
//! | --- | --- |
//! | white space, a byte order mark or a zero-width space around the text | the text without it |
//! | `lightning:lno1…` | what follows the scheme |
//! | `bitcoin:…?lno=lno1…` (BIP 321) | the first of `lno`, `lni`, `lightning` and the address that is of the kind that is wanted |
//! | either of them in upper case, as in a QR code | the same: schemes and parameters have no case |
//!
//! Parameters are percent-encoded. Unknown ones are ignored, amount and label among them: the caller decides what is paid. One that starts with
//! `req-` and is unknown makes the whole URI refused, as BIP 321 has it.
//!
//! What is something else is answered by what it is: [`TextKind`] is guessed from the looks, and [`InvoiceError::OtherText`] has the kind that
//! was found and the kinds that are wanted.
//!
//! # Caps
//!
//! A text is read up to [`MAX_TEXT_LENGTH`] bytes, 2 MiB, and a stream up to [`MAX_STREAM_LENGTH`], 1 MiB. No honest message comes near: an
//! onion message carries 64 KiB, and the payment points of the largest k are 33.8 kB. Work is proportional to length, and the
//! cap says what a stranger's text may cost. Whatever is read can be written and read again: a stream of 1 MiB is 1.6 MiB of text, and the rest is
//! for what stands around it.
//!
//! ```
//! use pointlock::invoice::{InvoiceError, Offer, text};
//!
//! let encoded = text::encode("lni", &[1, 2, 3])?;
//! assert_eq!(encoded, "lni1qypqx");
//! assert_eq!(text::decode("LNI1QY+ \n PQX")?, ("lni".into(), vec![1, 2, 3]));
//!
//! // An invoice where an offer is wanted, in a link.
//! let error = "lightning:lni1qypqx".parse::<Offer>().unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "text: an invoice of BOLT 12 (lni1…), where an offer (lno1…) is wanted",
//! );
//! # Ok::<(), InvoiceError>(())
//! ```
//!
//! # What breaks it
//!
//! - A form says nothing about who made it: a URI, a QR code and a pasted text are as good as where they come from.
//! - Looks deceive: what is no offer and no invoice is named by a guess, and is refused whatever the guess is.
//!
//! # References
//!
//! [BOLT 12](https://github.com/lightning/bolts/blob/master/12-offer-encoding.md), "Encoding";
//! [BIP-173](https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki);
//! [BIP-321](https://github.com/bitcoin/bips/blob/master/bip-0321.mediawiki), which replaces BIP-21; for what else is recognised, BOLT 11,
//! [LUD-01, LUD-16 and LUD-17](https://github.com/lnurl/luds) and BIP-353.

mod kind;
mod uri;

use bech32::primitives::decode::{
    CharError, CheckedHrpstring, CheckedHrpstringError, UncheckedHrpstringError,
};
use bech32::{Hrp, NoChecksum};

pub use self::kind::TextKind;
use super::InvoiceError;

/// The longest text that is read, in bytes, with all that stands around it: 2 MiB.
pub const MAX_TEXT_LENGTH: usize = 2 << 20;

/// The longest TLV stream of an offer or an invoice that is read, in bytes: 1 MiB.
pub const MAX_STREAM_LENGTH: usize = 1 << 20;

/// Reads a text in BOLT 12's form, without white space around it: its human-readable part in lower case, and the bytes.
///
/// # Errors
///
/// The `Text…` variants of [`InvoiceError`].
pub fn decode(text: &str) -> Result<(String, Vec<u8>), InvoiceError> {
    let joined = join(bounded(text)?)?;
    let parsed = CheckedHrpstring::new::<NoChecksum>(&joined)
        .map_err(|error| text_error(&joined, &error))?;
    parsed.validate_segwit_padding().map_err(|_| InvoiceError::TextPadding)?;
    Ok((parsed.hrp().to_lowercase(), parsed.byte_iter().collect()))
}

/// Reads a text of one of these kinds, all of them of BOLT 12, in any form in which people paste it: which kind, and the bytes.
pub(super) fn decode_as(
    wanted: &'static [TextKind],
    text: &str,
) -> Result<(TextKind, Vec<u8>), InvoiceError> {
    let candidates = uri::candidates(bounded(text)?)?;
    for candidate in &candidates {
        if let Some(kind) = TextKind::by_looks(candidate).filter(|kind| wanted.contains(kind)) {
            let (actual, bytes) = decode(candidate)?;
            // The last `1` separates. This text begins as one of this kind, but has another `1` behind that, so it is none.
            if kind.human_readable_part() != Some(&actual) {
                return Err(InvoiceError::TextPrefix { actual, wanted });
            }
            return Ok((kind, bytes));
        }
    }
    // The first of a URI's is what the payer is meant to see first.
    let first = candidates.first().map_or("", |first| first);
    match TextKind::by_looks(first) {
        Some(found) => Err(InvoiceError::OtherText { found, wanted }),
        None => {
            let joined = join(first)?;
            let parsed = CheckedHrpstring::new::<NoChecksum>(&joined)
                .map_err(|error| text_error(&joined, &error))?;
            Err(InvoiceError::TextPrefix { actual: parsed.hrp().to_lowercase(), wanted })
        }
    }
}

/// Writes bytes in lower case. For a QR code, turn the text into upper case, as BOLT 12 advises.
///
/// # Errors
///
/// [`InvoiceError::TextHumanReadablePart`].
pub fn encode(human_readable_part: &str, bytes: &[u8]) -> Result<String, InvoiceError> {
    let hrp = Hrp::parse(human_readable_part).map_err(|_| InvoiceError::TextHumanReadablePart)?;
    Ok(bech32::encode::<NoChecksum>(hrp, bytes)
        .expect("without a checksum there is no limit on the length"))
}

/// Refuses a stream that is longer than any that is read.
pub(super) fn check_stream(bytes: &[u8]) -> Result<(), InvoiceError> {
    let (actual, maximum) = (bytes.len(), MAX_STREAM_LENGTH);
    if actual > maximum { Err(InvoiceError::StreamTooLong { actual, maximum }) } else { Ok(()) }
}

/// The text without what came along when it was pasted, if it is not too long.
fn bounded(text: &str) -> Result<&str, InvoiceError> {
    if text.len() > MAX_TEXT_LENGTH {
        return Err(InvoiceError::TextTooLong { maximum: MAX_TEXT_LENGTH });
    }
    Ok(trimmed(text))
}

/// Without white space at the ends, no-break spaces included, nor what can't be seen there: a byte order mark, a zero-width space.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || ['\u{feff}', '\u{200b}'].contains(&c))
}

/// Takes out each `+` that joins two characters, with the white space behind it.
fn join(text: &str) -> Result<String, InvoiceError> {
    let mut joined = String::with_capacity(text.len());
    let mut characters = text.char_indices().peekable();
    while let Some((position, character)) = characters.next() {
        if character != '+' {
            joined.push(character);
            continue;
        }
        while characters.next_if(|(_, next)| next.is_ascii_whitespace()).is_some() {}
        let joins_two =
            !joined.is_empty() && characters.peek().is_some_and(|(_, next)| *next != '+');
        if !joins_two {
            return Err(InvoiceError::TextContinuation { position });
        }
    }
    Ok(joined)
}

fn text_error(text: &str, error: &CheckedHrpstringError) -> InvoiceError {
    let CheckedHrpstringError::Parse(UncheckedHrpstringError::Char(error)) = error else {
        return InvoiceError::TextHumanReadablePart;
    };
    match *error {
        // Without the one character there is no data that another could be wrong in.
        CharError::InvalidChar(_) if !text.contains('1') => InvoiceError::TextSeparator,
        CharError::InvalidChar(character) => InvoiceError::TextCharacter { character },
        CharError::MixedCase => InvoiceError::TextMixedCase,
        _ => InvoiceError::TextSeparator,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refusals_name_the_reason() {
        let continuation = |position| InvoiceError::TextContinuation { position };
        for (text, error) in [
            ("", InvoiceError::TextSeparator),
            ("lnqypqx", InvoiceError::TextSeparator),
            ("1qypqx", InvoiceError::TextHumanReadablePart),
            ("l i1qypqx", InvoiceError::TextHumanReadablePart),
            ("lnI1qypqx", InvoiceError::TextMixedCase),
            ("lni1qypqX", InvoiceError::TextMixedCase),
            ("lni1qybqx", InvoiceError::TextCharacter { character: 'b' }),
            ("lni1qyp\nqx", InvoiceError::TextCharacter { character: '\n' }),
            ("lni1qyp+\u{a0}qx", InvoiceError::TextCharacter { character: '\u{a0}' }),
            ("lni1qy pqx", InvoiceError::TextCharacter { character: ' ' }),
            ("lni1qy +pqx", InvoiceError::TextCharacter { character: ' ' }),
            ("lni1qypqx+", continuation(9)),
            ("lni1qypqx+ ", continuation(9)),
            ("+lni1qypqx", continuation(0)),
            ("lni1qy++pqx", continuation(6)),
            ("lni1qy+ +pqx", continuation(6)),
            // One character more, five bits of padding; and the last bit of the padding set.
            ("lni1qypqxq", InvoiceError::TextPadding),
            ("lni1qypqr", InvoiceError::TextPadding),
        ] {
            assert_eq!(decode(text), Err(error), "{text:?}");
        }
        for text in ["lni1qypqx\n", "\u{feff}lni1qypqx\u{a0}", "lni1qyp+\n qx"] {
            assert_eq!(decode(text), Ok(("lni".into(), vec![1, 2, 3])), "{text:?}");
        }
        assert_eq!(decode("lni1qypqx"), Ok(("lni".into(), vec![1, 2, 3])));
        assert_eq!(decode("lni1"), Ok(("lni".into(), vec![])));
        assert_eq!(encode("", &[1]), Err(InvoiceError::TextHumanReadablePart));
    }

    proptest! {
        #[test]
        fn encode_then_decode(bytes: Vec<u8>, upper: bool, cut: prop::sample::Index) {
            let mut text = encode("lnr", &bytes).unwrap();
            if upper {
                text = text.to_uppercase();
            }
            let cut = 1 + cut.index(text.len() - 1);
            for joint in ["", "+", "+\r\n  "] {
                let split = format!("{}{joint}{}", &text[..cut], &text[cut..]);
                prop_assert_eq!(decode(&split), Ok(("lnr".into(), bytes.clone())));
            }
        }

        #[test]
        fn what_is_read_is_what_would_be_written(data in "[qpzry9x8gf2tvdw0s3jn54khce6mua7l]{0,40}") {
            let text = format!("lni1{data}");
            if let Ok((prefix, bytes)) = decode(&text) {
                prop_assert_eq!(encode(&prefix, &bytes), Ok(text));
            }
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = decode(&text);
        }
    }
}
