//! What goes out, and how it fails: an output that is full or closed is an error like any other, and never a panic.
//!
//! | file | what it does |
//! | --- | --- |
//! | this one | standard output, and files for which `-` stands |
//! | `file` | files that are read, up to a length |
//! | `number` | numbers of the command line |
//! | `progress` | what somebody sees who waits |
//! | `table` | columns |
//! | `visible` | what others have written, with nothing in it that moves a terminal |

mod file;
mod number;
mod progress;
mod table;
mod visible;

use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;

use serde::Serialize;
use thiserror::Error;

pub(crate) use self::file::{check_length, read_text};
pub(crate) use self::number::number;
pub(crate) use self::progress::Progress;
pub(crate) use self::table::{columns, named, numbers, plain};
pub(crate) use self::visible::visible;

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

/// Whether a page can go there, before the work for it is done: no folder has its name, and there is one to put it in. `json` asks
/// for standard output, too.
pub(crate) fn check_place(flag: &str, path: Option<&Path>, json: bool) -> Result<(), String> {
    let Some(path) = path else { return Ok(()) };
    if is_standard(path) {
        return match json {
            true => Err(format!("{flag} -: standard output has what --json prints already")),
            false => Ok(()),
        };
    }
    let shown = path.display();
    if path.is_dir() {
        return Err(format!("{flag}: {shown}: is a folder, expected the name of a file"));
    }
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) if !folder.is_dir() => {
            Err(format!("{flag}: {shown}: there is no folder {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// To this file, or with `-` to standard output; `flag` is what the file was given with.
pub(crate) fn write_to(flag: &str, path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    if is_standard(path) {
        return Ok(print(text)?);
    }
    let write = File::create(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.flush()
    });
    write.map_err(|error| format!("{flag}: {}: {error}", path.display()).into())
}
