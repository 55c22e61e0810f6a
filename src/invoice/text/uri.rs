use std::borrow::Cow;

use super::trimmed;
use crate::invoice::InvoiceError;

/// The parameters that hold something to pay by: BIP 321's of Lightning, and the prefix of an invoice, as it has it for new ones.
const KNOWN: [&str; 3] = ["lno", "lni", "lightning"];

/// The longest name of a parameter that an error repeats.
const MAX_NAME: usize = 83;

/// What may be meant by a trimmed text: itself, or where it is a URI of payments, what the URI holds, in the order in which it is to be
/// tried.
pub(super) fn candidates(text: &str) -> Result<Vec<Cow<'_, str>>, InvoiceError> {
    let Some((scheme, rest)) = text.split_once(':') else { return Ok(vec![text.into()]) };
    let is_lightning = scheme.eq_ignore_ascii_case("lightning");
    if !is_lightning && !scheme.eq_ignore_ascii_case("bitcoin") {
        return Ok(vec![text.into()]);
    }
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    // Two slashes do not belong there, and are written all the same.
    let path = path.strip_prefix("//").unwrap_or(path);
    let mut found = Vec::new();
    for parameter in query.split('&') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let name = lower(name);
        let required = name.strip_prefix("req-");
        if KNOWN.contains(&required.unwrap_or(&name)) {
            found.push(decoded(value, &name)?);
        } else if required.is_some() {
            return Err(InvoiceError::TextRequired { parameter: name });
        }
    }
    let path = decoded(path, &lower(scheme))?;
    found.insert(if is_lightning { 0 } else { found.len() }, path);
    found.retain(|candidate| !candidate.is_empty());
    Ok(found)
}

/// A name in lower case, cut off where it is longer than any that is known.
fn lower(name: &str) -> String {
    name.chars().take(MAX_NAME).map(|c| c.to_ascii_lowercase()).collect()
}

/// Percent-encoded text, trimmed. A `+` is a `+` here, which BOLT 12 needs.
fn decoded<'a>(text: &'a str, part: &str) -> Result<Cow<'a, str>, InvoiceError> {
    if !text.contains('%') {
        return Ok(trimmed(text).into());
    }
    let malformed = || InvoiceError::TextPercent { part: part.to_owned() };
    let mut pieces = text.split('%');
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(pieces.next().unwrap_or_default().bytes());
    for piece in pieces {
        let (digits, rest) = piece.as_bytes().split_at_checked(2).ok_or_else(malformed)?;
        let mut byte = [0];
        hex::decode_to_slice(digits, &mut byte).map_err(|_| malformed())?;
        bytes.extend(byte);
        bytes.extend(rest);
    }
    let text = String::from_utf8(bytes).map_err(|_| malformed())?;
    Ok(trimmed(&text).to_owned().into())
}
