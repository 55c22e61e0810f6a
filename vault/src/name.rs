use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// What no receiver may be called: the vault answers there itself.
const RESERVED: [&str; 12] = [
    ".well-known",
    "favicon.ico",
    "healthz",
    "lnurlp",
    "metrics",
    "openapi.json",
    "operator",
    "readyz",
    "robots.txt",
    "v1",
    "vault",
    "admin",
];

/// The name of a receiver, which is the first half of its Lightning Address: 1 to 64 of `a-z`, `0-9`, `-`, `_` and `.`, as LUD-16
/// has it, with a letter or digit at both ends and no two dots in a row. So one name has one spelling, and none is a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The longest name.
    pub const MAX_LENGTH: usize = 64;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no name.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// Empty, or too long.
    #[error("a name has 1 to {} characters, not {length}", Name::MAX_LENGTH)]
    Length {
        /// How many bytes it has.
        length: usize,
    },
    /// A character that no name has.
    #[error("a name has lower-case letters a to z, digits, '-', '_' and '.', not {character:?}")]
    Character {
        /// The first of them.
        character: char,
    },
    /// A dot or dash where a letter or digit has to be.
    #[error("a name begins and ends with a letter or a digit, and has no two dots in a row")]
    Shape,
    /// The vault's own.
    #[error("the vault keeps this name for itself")]
    Reserved,
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(NameError::Length { length: text.len() });
        }
        let is_usual = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if let Some(character) = text.chars().find(|&c| !is_usual(c) && !"-_.".contains(c)) {
            return Err(NameError::Character { character });
        }
        if !text.starts_with(is_usual) || !text.ends_with(is_usual) || text.contains("..") {
            return Err(if RESERVED.contains(&text) {
                NameError::Reserved
            } else {
                NameError::Shape
            });
        }
        if RESERVED.contains(&text) {
            return Err(NameError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for text in ["a", "alice", "a.b-c_9", "0x", &"a".repeat(64)] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_is_no_name() {
        let character = |character| NameError::Character { character };
        let cases = [
            ("", NameError::Length { length: 0 }),
            (&*"a".repeat(65), NameError::Length { length: 65 }),
            (&*"a".repeat(300), NameError::Length { length: 300 }),
            ("Alice", character('A')),
            ("al ice", character(' ')),
            // Cyrillic.
            ("\u{430}lice", character('\u{430}')),
            ("alice\u{200d}", character('\u{200d}')),
            ("a/b", character('/')),
            ("a%2e", character('%')),
            ("a'--", character('\'')),
            ("a\r\nb", character('\r')),
            ("..", NameError::Shape),
            ("a..b", NameError::Shape),
            (".a", NameError::Shape),
            ("a-", NameError::Shape),
            ("_", NameError::Shape),
            ("v1", NameError::Reserved),
            ("metrics", NameError::Reserved),
            (".well-known", NameError::Reserved),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Name>(), Err(expected), "{text:?}");
        }
    }
}
