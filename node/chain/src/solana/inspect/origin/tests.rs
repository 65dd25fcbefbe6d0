use serde_json::{Value, json};

use super::*;

const US: Pubkey = Pubkey::new_from_array([7; 32]);
const STRANGER: Pubkey = Pubkey::new_from_array([9; 32]);

fn sites() -> Sites {
    Sites::of(US, STRANGER, STRANGER)
}

/// Who is named, by letters: the program, its data, somebody else.
fn named(letters: &str) -> Vec<Pubkey> {
    let sites = sites();
    let address = |letter| match letter {
        'p' => sites.program,
        'd' => sites.program_data,
        _ => STRANGER,
    };
    letters.chars().map(address).collect()
}

#[test]
fn what_the_loader_is_told_counts_at_the_place_where_it_counts() {
    let check = |kind: u32, letters: &str, expected: Option<Act>| {
        assert_eq!(act(&kind.to_le_bytes(), &named(letters), &sites()), expected, "{kind} {letters}");
    };
    check(2, "xdpxxxxx", Some(Act::Deployed));
    check(3, "dpxxxxx", Some(Act::Other));
    check(5, "dxxp", Some(Act::Other));
    check(6, "dpxx", Some(Act::Extended));
    check(9, "dpxxx", Some(Act::Extended));
    // What strangers can do to buffers of their own, with our addresses behind all that is needed.
    for (kind, letters) in
        [(0, "xxpd"), (1, "xxpd"), (2, "xxxxxxxxpd"), (3, "xxxxxxxpd"), (4, "xxxpd"), (5, "xxxp"), (6, "xxxxpd")]
    {
        check(kind, letters, None);
    }
    // The authority changes, and the code does not.
    check(4, "dxx", None);
    check(7, "dxx", None);
    // What nobody here has heard of may do anything.
    check(8, "xxd", Some(Act::Other));
    check(77, "xp", Some(Act::Other));
    assert_eq!(act(&[2, 0], &named("p"), &sites()), Some(Act::Other));
}

#[test]
fn only_one_deployment_that_nothing_followed_or_came_before_is_the_only_one() {
    let check = |acts: &[(u64, Act)], stands_since: u64, expected: Option<Origin>| {
        let acts: Vec<_> = acts.iter().map(|(slot, act)| (Height(*slot), *act)).collect();
        assert_eq!(concluded(&acts, Height(stands_since)), expected, "{acts:?}");
    };
    let (deployed, replaced) =
        (|slot| Some(Origin::Deployed(Height(slot))), |slot| Some(Origin::Replaced(Height(slot))));
    check(&[(5, Act::Deployed)], 5, deployed(5));
    check(&[(9, Act::Extended), (5, Act::Deployed)], 9, deployed(5));
    check(&[(9, Act::Other), (5, Act::Deployed)], 9, replaced(9));
    check(&[(12, Act::Extended), (9, Act::Other), (5, Act::Deployed)], 12, replaced(9));
    // Closed, and the address used again.
    check(&[(9, Act::Deployed), (7, Act::Other), (5, Act::Deployed)], 9, replaced(9));
    check(&[(9, Act::Deployed), (5, Act::Deployed)], 9, replaced(9));
    check(&[(9, Act::Deployed), (5, Act::Other)], 9, replaced(9));
    // Older than what is kept.
    check(&[(9, Act::Other)], 9, replaced(9));
    check(&[(9, Act::Extended)], 9, None);
    check(&[], 9, None);
    // What led to the slot in the account is hidden.
    check(&[(5, Act::Deployed)], 9, None);
    check(&[(7, Act::Extended), (5, Act::Deployed)], 9, None);
}

#[test]
fn loaders_are_heard_wherever_a_transaction_calls_them() {
    let sites = sites();
    let told = |program: usize, kind: u32, accounts: &[usize]| {
        let data = bs58::encode(kind.to_le_bytes()).into_string();
        json!({ "programIdIndex": program, "accounts": accounts, "data": data })
    };
    let keys = |of: &[Pubkey]| of.iter().map(Pubkey::to_string).collect::<Vec<_>>();
    let acts = |change: &dyn Fn(&mut Value)| {
        let mut transaction = json!({
            "slot": 5,
            "transaction": { "message": {
                "accountKeys": keys(&[STRANGER, LOADER, sites.program_data]),
                "instructions": [told(1, 3, &[2, 3])],
            }},
            "meta": {
                "err": null, "innerInstructions": [],
                "loadedAddresses": { "writable": keys(&[sites.program]), "readonly": keys(&[OTHER_LOADERS[1]]) },
            },
        });
        change(&mut transaction);
        serde_json::from_value::<Transaction>(transaction).unwrap().acts(&sites)
    };
    assert_eq!(acts(&|_| {}), Some(vec![Act::Other]));
    let by_a_multisig = |transaction: &mut Value| {
        let call = transaction["transaction"]["message"]["instructions"].take();
        transaction["transaction"]["message"]["instructions"] = json!([told(0, 3, &[1, 2])]);
        transaction["meta"]["innerInstructions"] = json!([{ "index": 0, "instructions": call }]);
    };
    assert_eq!(acts(&by_a_multisig), Some(vec![Act::Other]));
    let by_another_loader = |transaction: &mut Value| {
        transaction["transaction"]["message"]["instructions"] = json!([told(4, 0, &[0, 3])]);
    };
    assert_eq!(acts(&by_another_loader), Some(vec![Act::Other]));
    let of_strangers = |transaction: &mut Value| {
        transaction["transaction"]["message"]["instructions"] = json!([told(0, 3, &[2, 3]), told(4, 0, &[0])]);
    };
    assert_eq!(acts(&of_strangers), Some(vec![]));
    // What nobody here has heard of, or can read, is theirs as long as it does not name us.
    let of_strangers_unheard = |transaction: &mut Value| {
        let unreadable = json!({ "programIdIndex": 1, "accounts": [0, 1, 4], "data": "0".repeat(99_999) });
        transaction["transaction"]["message"]["instructions"] = json!([told(1, 77, &[0, 4]), unreadable]);
    };
    assert_eq!(acts(&of_strangers_unheard), Some(vec![]));
    // Padded with what the loader does not read, as much as a program can add.
    let padded = |kind: u32, accounts: &'static [usize]| {
        move |transaction: &mut Value| {
            let data = [&kind.to_le_bytes()[..], &[0; 10 * 1024 - 4]].concat();
            let call = json!({ "programIdIndex": 1, "accounts": accounts, "data": bs58::encode(data).into_string() });
            transaction["transaction"]["message"]["instructions"] = json!([]);
            transaction["meta"]["innerInstructions"] = json!([{ "index": 0, "instructions": [call] }]);
        }
    };
    assert_eq!(acts(&padded(4, &[0, 0, 0, 2, 3])), Some(vec![]));
    assert_eq!(acts(&padded(6, &[2, 3])), Some(vec![Act::Extended]));
    assert_eq!(acts(&padded(3, &[2, 3])), Some(vec![Act::Other]));
    assert_eq!(acts(&padded(77, &[0, 3])), Some(vec![Act::Other]));

    // Whoever does not say everything says nothing.
    let wrong: [&dyn Fn(&mut Value); 5] = [
        &|transaction| transaction["meta"] = Value::Null,
        &|transaction| transaction["meta"]["err"] = json!("InsufficientFunds"),
        &|transaction| transaction["meta"]["innerInstructions"] = Value::Null,
        &|transaction| transaction["transaction"]["message"]["instructions"][0]["accounts"] = json!([99]),
        &|transaction| transaction["transaction"]["message"]["instructions"][0]["data"] = json!("0"),
    ];
    for change in wrong {
        assert_eq!(acts(change), None);
    }
}

#[test]
fn only_what_can_have_led_to_the_slot_counts_against_what_is_read() {
    let page = |slot: u64, length: usize| -> Vec<Listed> {
        let entry = |nth| Listed { signature: format!("{slot} {nth}"), slot, err: None };
        (0..length).map(entry).collect()
    };
    let mut listing = Listing::default();
    assert_eq!(listing.take(page(10, LISTED), Height(9)), Reached::Page);
    assert_eq!(listing.take(page(9, LISTED), Height(9)), Reached::Page);
    let failed = page(8, LISTED).into_iter().map(|entry| Listed { err: Some(IgnoredAny), ..entry }).collect();
    assert_eq!(listing.take(failed, Height(9)), Reached::Page);
    assert_eq!(listing.take(page(10, 1), Height(9)), Reached::End);
    assert_eq!((listing.kept.len(), listing.seen), (READ_CAP, 3 * LISTED + 1));
    assert_eq!(listing.take(page(7, 1), Height(9)), Reached::Cap);
}

#[test]
fn a_list_that_does_not_end_is_not_followed() {
    let page = || vec![Listed { signature: String::new(), slot: 10, err: None }; LISTED];
    let pages = LIST_CAP / LISTED;
    let check = |pages: usize, last: Vec<Listed>, expected: Reached| {
        let mut listing = Listing::default();
        for _ in 0..pages {
            assert_eq!(listing.take(page(), Height(9)), Reached::Page);
        }
        assert_eq!(listing.take(last, Height(9)), expected);
    };
    check(pages - 1, page(), Reached::Cap);
    check(pages - 1, page().split_off(1), Reached::End);
}
