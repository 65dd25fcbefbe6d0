use super::*;

/// The errors of the checked-in ABI, as `Name(types)`.
fn errors() -> Vec<String> {
    let abi: serde_json::Value = serde_json::from_str(include_str!("../../../../../contracts/abi/StakeVault.json"))
        .expect("the checked-in ABI is JSON");
    let entries = abi.as_array().expect("an ABI is a list").iter();
    let types = |entry: &serde_json::Value| {
        let inputs = entry["inputs"].as_array().expect("an error has inputs");
        let types: Vec<_> = inputs.iter().map(|input| input["type"].as_str().expect("a type")).collect();
        types.join(",")
    };
    entries
        .filter(|entry| entry["type"] == "error")
        .map(|entry| format!("{}({})", entry["name"].as_str().expect("a name"), types(entry)))
        .collect()
}

#[test]
fn every_error_of_the_vault_has_words() {
    let errors = errors();
    assert!(errors.len() > 40, "the ABI lists its errors");
    for signature in errors {
        let mut bytes = alloy::primitives::keccak256(&signature)[..4].to_vec();
        bytes.extend([0; 96]);
        let refusal = Refusal::decode(&bytes);
        let (name, _) = signature.split_once('(').expect("a signature has brackets");
        assert!(refusal.name.starts_with(name), "{signature} is called {}", refusal.name);
        assert!(!refusal.why.contains("without a known reason"), "{signature}");
    }
}

#[test]
fn what_nobody_knows_is_shown_as_it_is() {
    let refusal = Refusal::decode(&[1, 2, 3, 4]);
    assert_eq!((refusal.name.as_str(), refusal.by_vault), ("0x01020304", false));
    assert_eq!(Refusal::decode(&[]).name, "0x");
}

#[test]
fn a_reason_in_a_contracts_own_words_is_cleaned() {
    let bytes = Revert::from("no\x1b[31m way").abi_encode();
    assert_eq!(Refusal::decode(&bytes).why, "no[31m way");
}
