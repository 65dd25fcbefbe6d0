use std::fs;

use super::*;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peer.json");
    (folder, path)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_key_is_made_once_and_read_back() {
    let (folder, path) = place();
    let key = PeerKey::create(&path).unwrap();
    let read = PeerKey::read(&path).unwrap();
    assert_eq!((read.peer(), read.secret().0), (key.peer(), key.secret().0));
    assert_eq!(mode(&path), 0o600);
    let before = fs::read(&path).unwrap();
    assert!(matches!(PeerKey::create(&path).unwrap_err(), KeyError::Exists { .. }));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(format!("{key:?}"), format!("PeerKey({})", key.peer()), "it shows its name and nothing else");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn parts_of_others_are_left_alone() {
    let (folder, path) = place();
    PeerKey::create(&path).unwrap();
    let mine = [".peer.json.00", ".peer.json.0xab"];
    let others = [".peer.json", "peer.json.bak", ".peer.jsonx.00", ".signer.json.00"];
    for name in mine.iter().chain(&others) {
        fs::write(folder.path().join(name), "half").unwrap();
    }
    remove_parts(&path).unwrap();
    assert!(mine.iter().all(|name| !folder.path().join(name).exists()));
    assert!(others.iter().all(|name| folder.path().join(name).exists()));
    PeerKey::read(&path).unwrap();
}

/// The first key pair of RFC 8032, section 7.1, as such a file holds it.
#[test]
fn a_key_of_solanas_tools_is_read() {
    let (_folder, path) = place();
    let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let pair = format!("{secret}{public}");
    let bytes: Vec<u8> = (0..64).map(|at| u8::from_str_radix(&pair[2 * at..][..2], 16).unwrap()).collect();
    write_secret(&path, format!("{bytes:?}").as_bytes()).unwrap();
    assert_eq!(PeerKey::read(&path).unwrap().peer().to_string(), format!("0x{public}"));
}

#[test]
fn what_is_no_key_is_refused() {
    let (folder, path) = place();
    assert!(matches!(PeerKey::read(&path).unwrap_err(), KeyError::NoPeerKey { .. }));
    assert!(matches!(read_secret(&path).unwrap_err(), KeyError::Missing { .. }));
    assert!(matches!(PeerKey::read(folder.path()).unwrap_err(), KeyError::NotAFile { .. }));
    let numbers = |count: usize| format!("{:?}", vec![1_u8; count]);
    for text in ["", "[]", "words", "[256]", &numbers(63), &numbers(65), "{\"secret\": [4, 5, 6]}"] {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let error = PeerKey::read(&path).unwrap_err();
        assert!(matches!(error, KeyError::NotAKey { .. }), "{text}: {error}");
    }
    fs::write(&path, numbers(64)).unwrap();
    assert!(matches!(PeerKey::read(&path).unwrap_err(), KeyError::Mismatch { .. }));
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let (_folder, path) = place();
    PeerKey::create(&path).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = PeerKey::read(&path).unwrap_err();
        assert!(matches!(error, KeyError::Readable { .. }), "{mode:o}: {error}");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    PeerKey::read(&path).unwrap();
}
