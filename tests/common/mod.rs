//! What the vector tests share.
use std::io::Write;
use std::path::{Path, PathBuf};

/// The text of an external vector file, or None, with a notice, where it is missing. With `CI=true` missing is a failure.
pub(crate) fn vectors(path: &str) -> Option<String> {
    let folder = std::env::var_os("POINTLOCK_VECTORS")
        .map_or_else(|| project().join("../shared/vectors"), PathBuf::from);
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

/// The folder of the whole project: this package's, or one above it.
fn project() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join("test-vectors").is_dir()).unwrap_or(package)
}
