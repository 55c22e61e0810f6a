//! Files that are named on the command line. Each kind has a longest length, so `/dev/zero` is refused and not read for ever.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::is_standard;
use crate::narration::grouped;

/// The text of a file, or with `-` of standard input; `what` is expected there. One that is too long is not read to its end.
pub(crate) fn read_text(path: &Path, most: u64, what: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = match is_standard(path) {
        true => io::stdin().take(most + 1).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(most + 1).read_to_end(&mut bytes)),
    };
    if read.map_err(|error| error.to_string())? as u64 > most {
        return Err(too_long(most));
    }
    String::from_utf8(bytes).map_err(|_| format!("not UTF-8: expected {what}"))
}

/// Refuses what is too long, and what has no length, before somebody else reads it. A pipe is as long as whoever writes it wants.
pub(crate) fn check_length(path: &Path, most: u64) -> Result<(), String> {
    let metadata = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if metadata.len() > most {
        return Err(too_long(most));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let kind = metadata.file_type();
        if kind.is_char_device() || kind.is_block_device() {
            return Err(format!("a device, expected a file of {} bytes at most", grouped(most)));
        }
    }
    Ok(())
}

fn too_long(most: u64) -> String {
    format!("longer than {} bytes", grouped(most))
}
