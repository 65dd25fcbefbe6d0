//! `SHA256SUMS`: nothing in the folder changes unless its sum does, remarks included.

use std::collections::BTreeSet;
use std::fs;

use sha2::{Digest as _, Sha256};

use super::exact::Bytes;
use super::{ALL, directory};

#[test]
fn the_sums_are_of_the_files_that_are_there() {
    let text = fs::read_to_string(directory().join("SHA256SUMS")).unwrap();
    let mut listed = BTreeSet::new();
    for line in text.lines() {
        let (sum, file) = line.split_once("  ").expect("a sum, two spaces, a file");
        let bytes = fs::read(directory().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(Bytes(Sha256::digest(bytes).to_vec()).to_string(), format!("0x{sum}"), "{file} has changed");
        assert!(listed.insert(file.to_owned()), "{file} is listed twice");
    }
    let there: BTreeSet<String> = fs::read_dir(directory())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|file| file.ends_with(".json"))
        .collect();
    assert_eq!(listed, there, "listed, and in the folder");
    assert_eq!(there, ALL.iter().map(|vectors| vectors.file.to_owned()).collect(), "in the folder, and checked");
}
