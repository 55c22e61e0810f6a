//! What the vector tests share.
use std::io::Write;
use std::path::PathBuf;

/// The text of an external vector file, or None, with a notice, where it is missing. With `CI=true` missing is a failure.
pub fn vectors(path: &str) -> Option<String> {
    let folder = std::env::var_os("POINTLOCK_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
        PathBuf::from,
    );
    let file = folder.join(path);
    match std::fs::read_to_string(&file) {
        Ok(text) => Some(text),
        Err(error) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            panic!("{}: {error}", file.display())
        }
        Err(error) => {
            // Straight to standard error: the test harness hides what a passing test prints.
            let notice = format!("notice: vectors left out, {}: {error}\n", file.display());
            std::io::stderr().write_all(notice.as_bytes()).expect("standard error takes a line");
            None
        }
    }
}
