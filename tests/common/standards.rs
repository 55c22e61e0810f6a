//! The standards' vectors, `test-vectors/standards/`: see the README there. A missing file is a failure, everywhere.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
struct File<Common, Row> {
    common: Option<Common>,
    rows: Vec<Row>,
}

/// What a row says of the outcome.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
pub(crate) enum Expected {
    Verdict(Verdict),
    /// The field that is to blame, and in a list which item.
    Refusal {
        error: String,
        culprit: Option<usize>,
    },
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Valid,
    Invalid,
}

impl Expected {
    pub(crate) fn is_valid(&self) -> bool {
        *self == Self::Verdict(Verdict::Valid)
    }

    /// Whether this field is to blame, and no item of it or this one.
    pub(crate) fn blames(&self, field: &str, item: Option<usize>) -> bool {
        matches!(self, Self::Refusal { error, culprit } if error == field && *culprit == item)
    }
}

/// The rows of a file. `count` is how many there are, so that none is lost unseen.
pub(crate) fn rows<Row: DeserializeOwned>(name: &str, count: usize) -> Vec<Row> {
    parse::<serde::de::IgnoredAny, Row>(name, count).rows
}

/// The same, with what all rows share.
pub(crate) fn file<Common, Row>(name: &str, count: usize) -> (Common, Vec<Row>)
where
    Common: DeserializeOwned,
    Row: DeserializeOwned,
{
    let file = parse(name, count);
    (file.common.unwrap_or_else(|| panic!("{name}: nothing in common")), file.rows)
}

fn parse<Common, Row>(name: &str, count: usize) -> File<Common, Row>
where
    Common: DeserializeOwned,
    Row: DeserializeOwned,
{
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: File<Common, Row> =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(file.rows.len(), count, "rows of {name}");
    println!("standards/{name}: {count} rows");
    file
}

/// Of this project, whichever of its packages the test belongs to: the lock file lies in the project's folder.
pub(crate) fn folder() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = package.ancestors().find(|folder| folder.join("Cargo.lock").is_file());
    project.expect("the package is in a workspace").join("test-vectors/standards")
}

pub(crate) fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

pub(crate) fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().unwrap_or_else(|_| panic!("{text}: not {N} bytes"))
}
