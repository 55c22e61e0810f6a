//! Writes the seed corpus: `cargo run --example seeds`.

use std::path::Path;
use std::{fs, io};

fn main() -> io::Result<()> {
    for seed in pointlock_fuzz::seeds::seeds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(seed.target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(seed.name), seed.bytes)?;
    }
    Ok(())
}
