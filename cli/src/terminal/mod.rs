//! What goes out, and how it fails: an output that is full or closed is an error like any other, and never a panic.
//!
//! | file | what it does |
//! | --- | --- |
//! | this one | standard output, and files for which `-` stands |
//! | `progress` | what somebody sees who waits |
//! | `table` | columns |

mod progress;
mod table;

use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

use serde::Serialize;
use thiserror::Error;

pub(crate) use self::progress::Progress;
pub(crate) use self::table::{columns, numbers};

/// Adds a line to a text.
macro_rules! say {
    ($text:expr) => {
        $text.push('\n')
    };
    ($text:expr, $($arg:tt)*) => {{
        $text.push_str(&format!($($arg)*));
        $text.push('\n');
    }};
}
pub(crate) use say;

/// Standard output does not take what there is to say.
#[derive(Debug, Error)]
#[error("standard output: {0}")]
pub(crate) struct OutputError(#[from] io::Error);

impl OutputError {
    /// Whoever read it has enough, as `head` has: nobody is left to tell.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

/// To standard output, to the last byte; styles go to a terminal only.
pub(crate) fn print(text: &str) -> Result<(), OutputError> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Box<dyn Error>> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(print(&(text + "\n"))?)
}

/// To standard error. Where that is closed too, there is nobody to tell.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Where standard input is a terminal, says what is waited for.
pub(crate) fn invite(what: &str) {
    if io::stdin().is_terminal() {
        complain(&format!("pointlock: reading {what} from standard input; Ctrl-D ends it"));
    }
}

pub(crate) fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

/// To this file, or with `-` to standard output.
pub(crate) fn write_to(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    if is_standard(path) {
        return Ok(print(text)?);
    }
    let write = File::create(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.flush()
    });
    write.map_err(|error| format!("{}: {error}", path.display()).into())
}
