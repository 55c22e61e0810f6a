//! `pointlock keygen` and `pointlock node-id`: a receiver's key, and what others know it by.

use std::error::Error;
use std::path::PathBuf;

use pointlock::curve::{CurveError, Keypair, Point, SecretScalar};

use crate::{secret_file, terminal};

#[derive(clap::Args)]
pub(crate) struct KeygenArgs {
    /// The new file for the secret key, which its owner alone can read; - prints it
    file: PathBuf,
}

#[derive(clap::Args)]
pub(crate) struct NodeIdArgs {
    /// A secret key, 64 hexadecimal digits in a file; - for standard input
    file: PathBuf,
}

/// For the command line: a node id. Where one is asked for, the file of a key is the usual mistake.
pub(crate) fn parse_node_id(text: &str) -> Result<Point, String> {
    text.parse().map_err(|error: CurveError| match text.len() {
        66 => error.to_string(),
        _ => "expected a node id, 66 hexadecimal digits; `pointlock node-id FILE` prints a key's"
            .to_owned(),
    })
}

/// Draws a key and writes it; the node id is printed.
pub(crate) fn keygen(args: &KeygenArgs) -> Result<(), Box<dyn Error>> {
    let secret = SecretScalar::from_rng(&mut rand::rng());
    let node_id = secret.to_point();
    secret_file::write("keygen", &args.file, &[secret])?;
    if terminal::is_standard(&args.file) {
        return Ok(());
    }
    Ok(terminal::print(&format!("{node_id}\n"))?)
}

pub(crate) fn node_id(args: &NodeIdArgs) -> Result<(), Box<dyn Error>> {
    let key: Keypair = secret_file::read_key("node-id", &args.file)?;
    Ok(terminal::print(&format!("{}\n", key.public_key()))?)
}
