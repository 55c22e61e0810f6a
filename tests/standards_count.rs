//! How many rows of the standards there are: each file's, against the table of their README.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/standards.rs"]
mod standards;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

/// Files of the folder and of the folders in it, by their names in the table.
fn count(folder: &Path, prefix: &str, counts: &mut BTreeMap<String, usize>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            count(&path, &format!("{name}/"), counts);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            let file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            for field in ["commit", "licence"] {
                assert!(
                    file[field].as_str().is_some_and(|text| !text.is_empty()),
                    "{name}: {field}"
                );
            }
            assert!(file["source"]["repository"].is_string(), "{name}");
            counts.insert(name, file["rows"].as_array().unwrap().len());
        }
    }
}

#[test]
fn every_file_has_the_rows_of_the_table() {
    let mut counts = BTreeMap::new();
    count(&standards::folder(), "", &mut counts);
    let readme = fs::read_to_string(standards::folder().join("README.md")).unwrap();
    let table: BTreeMap<String, usize> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once(".json` | "))
        .map(|(name, rest)| {
            let rows = rest.split_once(" |").unwrap().0;
            (format!("{name}.json"), rows.parse().unwrap())
        })
        .collect();
    for (name, rows) in &counts {
        println!("{rows:4} {name}");
    }
    println!("{:4} rows in {} files", counts.values().sum::<usize>(), counts.len());
    assert_eq!(counts, table);
}
