//! Secrets in files that their owner alone reads: a key is 64 hexadecimal digits.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use pointlock::curve::{Keypair, SecretScalar};
use thiserror::Error;
use zeroize::Zeroizing;

/// Why there is no secret.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum SecretError {
    /// The file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in it.
    #[error("{}: no key, which has 64 hexadecimal digits", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a key.
///
/// # Errors
///
/// [`SecretError`].
pub fn read_key(path: &Path) -> Result<Keypair, SecretError> {
    let file = |source| SecretError::File { path: path.to_owned(), source };
    let no_key = || SecretError::NoKey { path: path.to_owned() };
    let mut text = Zeroizing::new(String::with_capacity(256));
    File::open(path).and_then(|file| file.take(256).read_to_string(&mut text)).map_err(file)?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), &mut *bytes).map_err(|_| no_key())?;
    Keypair::from_secret_bytes(&bytes).map_err(|_| no_key())
}

/// Reads the key in this file, or draws one into it; says whether it was drawn.
///
/// # Errors
///
/// [`SecretError`].
pub fn read_or_draw_key(path: &Path) -> Result<(Keypair, bool), SecretError> {
    if path.exists() {
        return Ok((read_key(path)?, false));
    }
    let entropy = Zeroizing::new(rand::random::<[u8; 32]>());
    // A number that is no scalar is drawn once in 2^127 times.
    let secret = SecretScalar::from_bytes(&entropy)
        .map_err(|_| SecretError::NoKey { path: path.to_owned() })?;
    let text = Zeroizing::new(hex::encode(*secret.dangerous_to_bytes()) + "\n");
    match write_new(path, text.as_bytes()) {
        // Another vault on this folder was faster.
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {
            Ok((read_key(path)?, false))
        }
        Err(source) => Err(SecretError::File { path: path.to_owned(), source }),
        Ok(()) => Ok((Keypair::new(secret), true)),
    }
}

/// Reads the word in this file, or draws one of 32 hexadecimal digits into it.
///
/// # Errors
///
/// [`SecretError`].
pub(crate) fn read_or_draw_word(path: &Path) -> Result<Zeroizing<String>, SecretError> {
    let file = |source| SecretError::File { path: path.to_owned(), source };
    if !path.exists() {
        let word = Zeroizing::new(hex::encode(rand::random::<[u8; 16]>()) + "\n");
        match write_new(path, word.as_bytes()) {
            Err(source) if source.kind() == io::ErrorKind::AlreadyExists => {}
            other => other.map_err(file)?,
        }
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(file)?);
    Ok(Zeroizing::new(text.trim().to_owned()))
}

/// To a new file, whole or not at all, durable when this returns.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension(format!("new-{:x}", rand::random::<u64>()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let result = options
        .open(&draft)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        // Unlike a renaming, this fails where the file is there already.
        .and_then(|()| std::fs::hard_link(&draft, path));
    let _ = std::fs::remove_file(&draft);
    result?;
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
