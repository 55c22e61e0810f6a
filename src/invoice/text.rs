//! BOLT 12's text form: a human-readable part, `1`, and the bytes in bech32 characters, without a
//! checksum.
//!
//! All lower case or all upper case; a `+` between two characters, with or without white space behind it,
//! joins what a text field had to split. The bits left over at the end are at most four and all zero
//! (BIP-173), so that one text is one sequence of bytes.
//!
//! Nothing here depends on the prefix: `lno` (offers), `lnr` (invoice requests) and `lni` (invoices) are
//! written alike.
//!
//! ```
//! use pointlock::invoice::text;
//!
//! let encoded = text::encode("lni", &[1, 2, 3])?;
//! assert_eq!(encoded, "lni1qypqx");
//! assert_eq!(text::decode("LNI1QY+ \n PQX")?, ("lni".into(), vec![1, 2, 3]));
//! # Ok::<(), pointlock::invoice::InvoiceError>(())
//! ```
//!
//! # References
//!
//! [BOLT 12](https://github.com/lightning/bolts/blob/master/12-offer-encoding.md), "Encoding";
//! [BIP-173](https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki).

use bech32::primitives::decode::{
    CharError, CheckedHrpstring, CheckedHrpstringError, UncheckedHrpstringError,
};
use bech32::{Hrp, NoChecksum};

use super::InvoiceError;

/// Reads a text: its human-readable part in lower case, and the bytes.
///
/// # Errors
///
/// The `Text…` variants of [`InvoiceError`].
pub fn decode(text: &str) -> Result<(String, Vec<u8>), InvoiceError> {
    let joined = join(text)?;
    let parsed =
        CheckedHrpstring::new::<NoChecksum>(&joined).map_err(|error| text_error(&error))?;
    parsed.validate_segwit_padding().map_err(|_| InvoiceError::TextPadding)?;
    Ok((parsed.hrp().to_lowercase(), parsed.byte_iter().collect()))
}

/// Reads a text with this human-readable part: the bytes.
pub(super) fn decode_as(expected: &'static str, text: &str) -> Result<Vec<u8>, InvoiceError> {
    let (actual, bytes) = decode(text)?;
    if actual == expected { Ok(bytes) } else { Err(InvoiceError::TextPrefix { actual, expected }) }
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

/// Takes out each `+` that joins two characters, with the white space behind it.
fn join(text: &str) -> Result<String, InvoiceError> {
    let mut joined = String::with_capacity(text.len());
    let mut characters = text.char_indices().peekable();
    while let Some((position, character)) = characters.next() {
        if character != '+' {
            joined.push(character);
            continue;
        }
        while characters.next_if(|(_, next)| next.is_whitespace()).is_some() {}
        let joins_two =
            !joined.is_empty() && characters.peek().is_some_and(|(_, next)| *next != '+');
        if !joins_two {
            return Err(InvoiceError::TextContinuation { position });
        }
    }
    Ok(joined)
}

fn text_error(error: &CheckedHrpstringError) -> InvoiceError {
    let CheckedHrpstringError::Parse(UncheckedHrpstringError::Char(error)) = error else {
        return InvoiceError::TextHumanReadablePart;
    };
    match *error {
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
            ("lni1qypqx\n", InvoiceError::TextCharacter { character: '\n' }),
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
