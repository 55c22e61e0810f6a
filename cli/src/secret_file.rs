//! Secrets in files: read from one or from standard input, written to a new one that its owner alone reads. Never on a command
//! line, which is for all to see.

use std::error::Error;
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use pointlock::curve::{CurveError, Keypair, SecretScalar};
use pointlock::lock::Preimage;
use zeroize::Zeroizing;

use crate::terminal;

/// A secret scalar in hexadecimal digits.
const DIGITS: usize = 64;

/// A secret key, alone in its file; `flag` is what the file was given with.
pub(crate) fn read_key(flag: &str, path: &Path) -> Result<Keypair, String> {
    match read(flag, path, 1)?.as_slice() {
        [secret] => Ok(Keypair::new(secret.clone())),
        _ => Err(format!(
            "{flag}: {}: empty, and a key has {DIGITS} hexadecimal digits",
            path.display()
        )),
    }
}

/// A preimage, alone in its file: any 32 bytes.
pub(crate) fn read_preimage(flag: &str, path: &Path) -> Result<Preimage, String> {
    let preimage = |bytes: &[u8; 32]| Ok(Preimage::new(*bytes));
    let found = read_each(flag, path, 1, preimage)?.pop();
    found.ok_or_else(|| {
        format!("{flag}: {}: empty, and a preimage has {DIGITS} hexadecimal digits", path.display())
    })
}

/// At most so many secrets, a line each.
pub(crate) fn read(flag: &str, path: &Path, most: usize) -> Result<Vec<SecretScalar>, String> {
    read_each(flag, path, most, SecretScalar::from_bytes)
}

fn read_each<T>(
    flag: &str,
    path: &Path,
    most: usize,
    parse: impl Fn(&[u8; 32]) -> Result<T, CurveError>,
) -> Result<Vec<T>, String> {
    let refuse = |reason: &dyn Display| format!("{flag}: {}: {reason}", path.display());
    let is_secret = |text: &str| text.len() == DIGITS && hex::decode(text).is_ok();
    if path.to_str().is_some_and(is_secret) && !path.exists() {
        return Err(format!(
            "{flag}: expected the name of a file; a secret on a command line is for all to see"
        ));
    }
    // What is much longer is something else, and need not be in memory.
    let enough = (most as u64 + 1) * (DIGITS as u64 + 2) + 1_024;
    let mut text = Zeroizing::new(String::with_capacity(enough as usize));
    let read = if terminal::is_standard(path) {
        terminal::invite("a secret in hexadecimal digits");
        io::stdin().take(enough).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(enough).read_to_string(&mut text))
    };
    read.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            refuse(&format!("no text, expected {DIGITS} hexadecimal digits"))
        }
        _ => refuse(&error),
    })?;
    let lines: Vec<&str> = text.split_ascii_whitespace().collect();
    if lines.len() > most {
        let expected =
            if most == 1 { "one secret".to_owned() } else { format!("{most} secrets at most") };
        let words =
            format!("{} words, expected {expected} of {DIGITS} hexadecimal digits", lines.len());
        return Err(refuse(&words));
    }
    let secret = |(index, line): (usize, &&str)| {
        let refuse = |reason: &dyn Display| match most {
            1 => refuse(reason),
            _ => refuse(&format!("line {}: {reason}", index + 1)),
        };
        if line.len() != DIGITS {
            let problem =
                format!("{} characters, expected {DIGITS} hexadecimal digits", line.len());
            return Err(refuse(&problem));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        // The error of `hex` would quote the secret.
        hex::decode_to_slice(line, &mut *bytes)
            .map_err(|_| refuse(&format!("expected {DIGITS} hexadecimal digits")))?;
        parse(&bytes).map_err(|error| refuse(&error))
    };
    lines.iter().enumerate().map(secret).collect()
}

/// A line for each.
pub(crate) fn lines(secrets: &[SecretScalar]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(secrets.len() * (DIGITS + 1)));
    for secret in secrets {
        text.push_str(&Zeroizing::new(hex::encode(*secret.dangerous_to_bytes())));
        text.push('\n');
    }
    text
}

/// To a new file, durable when this returns; with `-` to standard output.
pub(crate) fn write(
    flag: &str,
    path: &Path,
    secrets: &[SecretScalar],
) -> Result<(), Box<dyn Error>> {
    let text = lines(secrets);
    if terminal::is_standard(path) {
        return Ok(terminal::print(&text)?);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| {
            let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
            // What is cut off is no file of secrets.
            written.inspect_err(|_| drop(std::fs::remove_file(path)))
        })
        .and_then(|()| sync_folder(path))
        .map_err(|error| {
            let more = match error.kind() {
                io::ErrorKind::AlreadyExists => {
                    "; secrets are never overwritten, choose another file"
                }
                io::ErrorKind::NotFound => "; is its folder there?",
                _ => "",
            };
            format!("{flag}: {}: {error}{more}", path.display()).into()
        })
}

/// The file's name has to last, too.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}
