use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::TARGETS;
use crate::seeds::seeds;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_target_has_a_shim_and_seeds() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let shims = targets.iter().map(|name| format!("{name}.rs")).collect();
    assert_eq!(names(&folder("fuzz_targets")), shims);
    assert_eq!(names(&folder("corpus")), targets);
    let seeded: BTreeSet<_> = seeds().iter().map(|seed| seed.target.to_owned()).collect();
    assert_eq!(seeded, targets);
    for name in &targets {
        let shim = fs::read_to_string(folder("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(shim.contains(&format!("pointlock_fuzz::{name}(data)")), "{name}");
    }
}

#[test]
fn the_corpus_is_fresh() {
    for seed in seeds() {
        let file = folder("corpus").join(seed.target).join(seed.name);
        let stale = format!("{} is stale: cargo run --example seeds", file.display());
        assert_eq!(fs::read(&file).ok(), Some(seed.bytes), "{stale}");
    }
}

/// All files, those that a fuzzer has left there too. The name of a seed says whether it is taken.
#[test]
fn every_body_runs_over_its_corpus() {
    for (target, body) in TARGETS {
        let folder = folder("corpus").join(target);
        for name in names(&folder) {
            let taken = body(&fs::read(folder.join(&name)).unwrap());
            assert!(taken || !name.starts_with("valid-"), "{target}/{name} is refused");
            assert!(!taken || !name.starts_with("refused-"), "{target}/{name} is taken");
        }
    }
}

/// Every seed, cut at each length up to its own, and with each byte changed: the fuzzer's first steps.
#[test]
fn no_near_miss_breaks_a_promise() {
    for (target, body) in TARGETS {
        for seed in seeds().into_iter().filter(|seed| seed.target == target) {
            // Lives cost milliseconds, and their inputs have no structure to miss.
            let slow =
                target.ends_with("_life") || ["backends", "batch", "roles"].contains(&target);
            let step = if slow { 16 } else { 1 };
            for index in (0..seed.bytes.len()).step_by(step) {
                body(&seed.bytes[..index]);
                let mut changed = seed.bytes.clone();
                changed[index] ^= 1 << (index % 8);
                body(&changed);
            }
        }
    }
}
