//! Keystores that are made here, and keystores that are broken.

use std::os::unix::fs::PermissionsExt;

use williw_core::hash::Hash;

use super::{Wallet, WalletError};

#[test]
fn a_made_keystore_opens_again_and_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signer.json");
    let made = Wallet::create(&path, "open sesame").unwrap();
    assert_eq!(Wallet::open(&path, "open sesame").unwrap().account(), made.account());
    assert!(matches!(Wallet::open(&path, "open"), Err(WalletError::WrongPassword)));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> = folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["signer.json"], "nothing else is left");
}

#[test]
fn what_is_there_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signer.json");
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(Wallet::create(&path, "x"), Err(WalletError::Exists)));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing else is left");
    let nowhere = folder.path().join("absent/signer.json");
    assert!(matches!(Wallet::create(&nowhere, "x"), Err(WalletError::Unwritable(_))));
}

#[test]
fn signatures_are_in_the_form_that_the_core_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let wallet = Wallet::create(&folder.path().join("signer.json"), "x").unwrap();
    for byte in 0..32 {
        let digest = Hash([byte; 32]);
        assert_eq!(wallet.sign_digest(digest).unwrap().recover(digest), Ok(wallet.signer()));
    }
}

#[test]
fn a_keystore_that_is_cut_short_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("signer.json");
    Wallet::create(&path, "x").unwrap();
    let mut keystore: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let iv = &mut keystore["crypto"]["cipherparams"]["iv"];
    assert_eq!(iv.as_str().unwrap().len(), 32);
    *iv = "00".into();
    std::fs::write(&path, keystore.to_string()).unwrap();
    assert!(matches!(Wallet::open(&path, "x"), Err(WalletError::NotAKeystore)));
}
