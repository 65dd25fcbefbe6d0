//! What was signed: carried, forgotten, lost and accepted.

use std::collections::BTreeSet;
use std::path::Path;

use expect_test::expect;
use serde_json::{Value, json};

use crate::home::{Home, NOBODY, deployment, mode};
use crate::node::{started, stop};
use crate::owners::Owner;
use crate::world::{CHAIN_ID, World};

const DIGEST: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";

async fn signer(home: &Home) -> String {
    let status = home.run(&["guard", "status", "--json"]).await.json();
    status["signers"][0]["signer"].as_str().unwrap().to_owned()
}

/// A history with one vote of this home's signer.
async fn history(home: &Home, cycle: u64) -> String {
    let mut file = home.run(&["guard", "export"]).await.json();
    file["data"][0]["root_votes"] = json!([{ "cycle": cycle.to_string(), "digest": DIGEST }]);
    home.note("history.json", &file.to_string())
}

fn votes(status: &Value) -> &Value {
    &status["signers"][0]["root_votes"]
}

#[tokio::test]
async fn a_new_home_answers_for_its_signer() {
    let home = Home::lonely().await;
    let status = home.run(&["guard", "status", "--json"]).await.json();
    assert_eq!(status["state"], "stopped");
    assert_eq!(status["network"], deployment(CHAIN_ID, [0x11; 20], 1)["network_id"]);
    assert_eq!(status["signers"].as_array().unwrap().len(), 1);
    for name in ["guard.db", "guard.mark"] {
        assert_eq!(mode(&home.path(name)), 0o600);
    }
}

#[tokio::test]
async fn a_history_is_carried_and_forgotten() {
    let home = Home::lonely().await;
    let file = history(&home, 7).await;
    let imported = home.run(&["guard", "import", &file, "--json"]).await.json();
    assert_eq!(imported["signers"][0]["added"], 1);
    assert_eq!(votes(&home.run(&["guard", "status", "--json"]).await.json()), 1);
    // Again: nothing is new.
    let again = home.run(&["guard", "import", &file, "--json"]).await.json();
    assert_eq!((&again["signers"][0]["added"], &again["signers"][0]["closed"]), (&json!(0), &json!(0)));
    let exported = home.run(&["guard", "export"]).await.json();
    assert_eq!(exported["data"][0]["root_votes"], json!([{ "cycle": "7", "digest": DIGEST }]));
    let minimal = home.run(&["guard", "export", "--minimal"]).await.json();
    assert_eq!(minimal["data"][0]["root_votes"], json!([{ "cycle": "7" }]));
    let pruned = home.run(&["guard", "prune", "--before", "8", "--json"]).await.json();
    assert_eq!(pruned, json!({ "forgotten": 1 }));
    let status = home.run(&["guard", "status", "--json"]).await.json();
    assert_eq!((votes(&status), &status["signers"][0]["floors"]), (&json!(0), &json!({ "root_votes": "7" })));
}

#[tokio::test]
async fn a_history_that_is_none_changes_nothing() {
    let home = Home::lonely().await;
    let before = home.run(&["guard", "export"]).await.stdout;
    let whole = history(&home, 7).await;
    let text = std::fs::read_to_string(&whole).unwrap();
    let network = deployment(CHAIN_ID, [0x11; 20], 1)["network_id"].as_str().unwrap().to_owned();
    let cases = [
        (text[..text.len() / 2].to_owned(), "is no history of signers"),
        (text.replace(&network, DIGEST), "is of network"),
        (text.replace("\"7\"", "7"), "is no history of signers"),
        (text.replace("\"1\"", "\"2\""), "interchange_format_version"),
        (text.replace("updates", "dates"), "is no history of signers"),
    ];
    for (text, why) in cases {
        let file = home.note("broken.json", &text);
        let refused = home.run(&["guard", "import", &file]).await;
        assert!(refused.error(2).contains(why), "{why}: {}", refused.stderr);
        assert_eq!(home.run(&["guard", "export"]).await.stdout, before, "{why}");
    }
}

#[tokio::test]
async fn two_statements_in_one_place_are_told() {
    let home = Home::lonely().await;
    let file = history(&home, 7).await;
    home.run(&["guard", "import", &file]).await;
    let other = std::fs::read_to_string(&file).unwrap().replace("0x11", "0x22");
    let other = home.note("other.json", &other);
    let imported = home.run(&["guard", "import", &other]).await;
    assert_eq!(imported.code, 0);
    assert!(imported.stderr.starts_with("warning: of signer "), "{}", imported.stderr);
}

/// Each way to lose the guard ends a node before it says a word, and says what to do.
#[tokio::test]
async fn a_lost_guard_stops_the_node_until_a_person_accepts_it() {
    let home = Home::lonely().await;
    let signer = signer(&home).await;
    let older = std::fs::read(home.path("guard.db")).unwrap();
    let file = history(&home, 7).await;
    assert_eq!(home.run(&["guard", "import", &file]).await.code, 0);
    std::fs::write(home.path("guard.db"), older).unwrap();
    let refused = home.run(&["run"]).await;
    assert!(refused.error(2).contains("is older than it was"), "{}", refused.stderr);
    assert!(refused.stderr.contains("williw keys rotate"), "{}", refused.stderr);
    let wrong = home.run(&["guard", "accept", "--signer", "0x0000000000000000000000000000000000000001"]).await;
    assert!(wrong.error(2).ends_with(", not 0x0000000000000000000000000000000000000001"), "{}", wrong.stderr);
    let accepted = home.run(&["guard", "accept", "--signer", &signer, "--json"]).await;
    assert_eq!(accepted.json()["signer"], signer.as_str());
    assert!(accepted.stderr.contains("is slashed if"), "{}", accepted.stderr);
    // What it needs next is the chain, of which there is none here.
    assert_eq!(home.run(&["run"]).await.code, 3);

    std::fs::remove_file(home.path("guard.db")).unwrap();
    let missing = home.run(&["run"]).await;
    assert!(missing.error(2).contains("is missing"), "{}", missing.stderr);
    assert!(!home.path("guard.db").exists());
    home.run(&["guard", "accept", "--signer", &signer]).await;
    assert_eq!(home.run(&["run"]).await.code, 3);
}

#[tokio::test]
async fn a_copied_home_is_refused() {
    let home = Home::lonely().await;
    let copy = Home::absent();
    copy.copy(&home);
    let refused = copy.run(&["run"]).await;
    assert!(refused.error(2).contains("is a copy"), "{}", refused.stderr);
    assert!(refused.stderr.contains("williw keys move"), "{}", refused.stderr);
    assert_eq!(home.run(&["run"]).await.code, 3);
}

#[tokio::test]
async fn a_running_node_answers_for_its_guard() {
    let world = World::new().await;
    world.finalize().await;
    let home = Home::of(&world).await;
    let signer = signer(&home).await;
    let beside = home.folder().parent().unwrap().to_owned();
    let (bundle, before) = (beside.join("bundle"), names(&beside));
    let move_to = ["keys", "move", "--to", bundle.to_str().unwrap()];
    let (mut node, ready) = started(&home).await;
    let variables = [("WILLIW_HTTP_LISTEN", ready["http"].as_str().unwrap())];
    let status = home.run_with(&["guard", "status", "--json"], &variables).await.json();
    // It is alone, so nobody could tell it of a copy.
    assert_eq!((&status["state"], &status["signers"][0]), (&json!("listening"), &json!(signer)));
    let text = home.run_with(&["guard", "status"], &variables).await.stdout;
    assert!(text.starts_with("listening, boot "), "{text}");
    for command in [&["guard", "export"][..], &["guard", "prune", "--before", "1"], &["run"], &move_to] {
        let refused = home.run_with(command, &variables).await;
        assert!(refused.error(2).contains("is in use by another process"), "{}", refused.stderr);
    }
    assert_eq!(names(&beside), before, "a key of a running node was written somewhere");
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
    assert_eq!(home.run(&["guard", "status", "--json"]).await.json()["boot"], status["boot"]);
}

#[tokio::test]
async fn a_home_is_moved_once() {
    let home = Home::lonely().await;
    let file = history(&home, 7).await;
    home.run(&["guard", "import", &file]).await;
    let bundle = home.folder().parent().unwrap().join("bundle");
    let bundle = bundle.to_str().unwrap();
    home.run(&["keys", "move", "--to", bundle, "--json"]).await.json();
    assert_eq!(mode(std::path::Path::new(bundle)), 0o700);
    let refused = home.run(&["run"]).await;
    assert!(refused.error(2).contains("was moved to another home"), "{}", refused.stderr);

    let there = Home::absent();
    let moved = there.run(&["keys", "move", "--from", bundle, "--json"]).await;
    assert_eq!(moved.json()["signers"][0], signer_of(&there).await);
    for name in ["peer.json", "signer.json", "signer.password", "williw.toml"] {
        assert_eq!(there.text(name), home.text(name));
        assert_eq!(mode(&there.path(name)), 0o600);
    }
    assert_eq!(votes(&there.run(&["guard", "status", "--json"]).await.json()), 1);
    assert_eq!(there.run(&["run"]).await.code, 3);
    let again = there.run(&["keys", "move", "--from", bundle]).await;
    assert!(again.error(2).contains("is a home already"), "{}", again.stderr);
    let second = Home::absent();
    let taken = second.run(&["keys", "move", "--from", bundle]).await;
    assert!(taken.error(2).contains("/bundle was taken to "), "{}", taken.stderr);
    assert!(!second.folder().exists());
}

/// Two folders would make two homes, of which neither knows what the other signs.
#[tokio::test]
async fn what_was_moved_is_moved_again_only_by_whoever_says_that_it_is_lost() {
    let home = Home::lonely().await;
    let folder = |name: &str| home.folder().with_file_name(name).to_str().unwrap().to_owned();
    let (first, second) = (folder("first"), folder("second"));
    home.run(&["keys", "move", "--to", &first, "--json"]).await.json();
    for _ in 0..2 {
        let refused = home.run(&["keys", "move", "--to", &second]).await;
        assert!(refused.error(2).ends_with("/first already"), "{}", refused.stderr);
        assert!(refused.stderr.contains("see `williw keys move --help`"), "{}", refused.stderr);
    }
    assert!(!Path::new(&second).exists());
    std::fs::remove_dir_all(&first).unwrap();
    home.run(&["keys", "move", "--to", &second, "--again", "--json"]).await.json();
    let there = Home::absent();
    there.run(&["keys", "move", "--from", &second, "--json"]).await.json();
    assert!(home.run(&["keys", "move", "--to", &first]).await.error(2).contains("already"));
    // Whoever says so and is refused has not moved it.
    assert_eq!(home.run(&["keys", "move", "--to", &second, "--again"]).await.code, 2);
    assert!(home.run(&["keys", "move", "--to", &first]).await.error(2).contains("already"));
    // A home that could not be moved can be, and nothing of it is left elsewhere.
    std::fs::create_dir(there.path("moved-to")).unwrap();
    assert!(there.run(&["keys", "move", "--to", &first]).await.error(1).contains("moved-to"));
    std::fs::remove_dir(there.path("moved-to")).unwrap();
    there.run(&["keys", "move", "--to", &first, "--json"]).await.json();
}

/// Whoever was interrupted goes on where it was left; nobody else makes a second home of the folder meanwhile.
#[tokio::test]
async fn a_move_that_was_cut_short_is_finished_by_its_own_home_alone() {
    let home = Home::lonely().await;
    let bundle = home.folder().with_file_name("bundle");
    let (folder, path) = (bundle.to_str().unwrap(), |name: &str| bundle.join(name));
    home.run(&["keys", "move", "--to", folder, "--json"]).await.json();
    let move_from = ["keys", "move", "--from", folder, "--json"];
    let (there, other) = (Home::absent(), Home::absent());
    there.run(&move_from).await.json();
    // Before the folder was marked, with a whole home that may have run since; and before the home was whole.
    for missing in [None, Some("williw.toml")] {
        std::fs::rename(path("guard.taken.json"), path("guard.json")).unwrap();
        missing.iter().for_each(|name| std::fs::remove_file(there.path(name)).unwrap());
        let refused = other.run(&move_from).await;
        assert!(refused.error(2).contains("was taken to "), "{}", refused.stderr);
        assert!(!other.folder().exists());
        assert_eq!(there.run(&move_from).await.json()["signers"][0], signer_of(&there).await);
        assert!(path("guard.taken.json").exists() && !path("guard.json").exists());
        assert_eq!(there.run(&["run"]).await.code, 3);
    }
}

/// A guard that lies where a home is brought to is not gone on with: it would announce what that home never did.
#[tokio::test]
async fn a_move_goes_on_with_no_guard_but_its_own() {
    let (home, there) = (Home::lonely().await, Home::lonely().await);
    let bundle = home.folder().with_file_name("bundle");
    home.run(&["keys", "move", "--to", bundle.to_str().unwrap(), "--json"]).await.json();
    for name in ["peer.json", "signer.json", "signer.password", "williw.toml"] {
        std::fs::remove_file(there.path(name)).unwrap();
    }
    let move_from = ["keys", "move", "--from", bundle.to_str().unwrap()];
    let refused = there.run(&move_from).await;
    assert!(refused.error(2).contains("guard.db is there already, and is of another home"), "{}", refused.stderr);
    assert!(!there.path("signer.json").exists() && bundle.join("guard.json").exists());
    for name in ["guard.db", "guard.mark"] {
        std::fs::remove_file(there.path(name)).unwrap();
    }
    assert_eq!(there.run(&move_from).await.code, 0);
}

/// A disk that fails leaves rubbish where the guard was; of a new signer nothing has to be known.
#[tokio::test]
async fn a_guard_that_is_none_is_gone_on_without() {
    let owner = Owner::new().await;
    assert_eq!(owner.run(&["register", "--amount", "2000ether"]).await.code, 0);
    std::fs::write(owner.home.path("guard.db"), [7; 5_000]).unwrap();
    let lost = owner.home.run(&["run"]).await;
    assert!(lost.error(2).contains("guard.db is no guard"), "{}", lost.stderr);
    assert!(lost.stderr.contains("hint: name a new signer with `williw keys rotate`"), "{}", lost.stderr);
    let rotated = owner.run(&["keys", "rotate"]).await;
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    let status = owner.home.run(&["guard", "status", "--json"]).await.json();
    assert_eq!(status["signers"].as_array().unwrap().len(), 1, "{status}");
}

/// What is in a folder, by name.
fn names(folder: &Path) -> BTreeSet<String> {
    folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_move_touches_nothing_that_it_did_not_make() {
    let home = Home::lonely().await;
    let srv = home.folder().parent().unwrap().join("srv");
    let precious = srv.join("node.part/precious");
    std::fs::create_dir_all(precious.parent().unwrap()).unwrap();
    std::fs::write(&precious, "kept").unwrap();
    let bundle = srv.join("node.2026");
    home.run(&["keys", "move", "--to", bundle.to_str().unwrap(), "--json"]).await.json();
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "kept");
    assert_eq!(names(&srv), ["node.2026", "node.part"].map(str::to_owned).into());

    // A home with the name that a part of the new folder might have. Renamed, it is still no copy.
    let home = Home::lonely().await;
    let alice = home.folder().with_file_name("alice.part");
    std::fs::rename(home.folder(), &alice).unwrap();
    let before = names(&alice);
    let variables = [("WILLIW_HOME", alice.to_str().unwrap())];
    let to = alice.with_file_name("alice");
    let move_to = ["keys", "move", "--to", to.to_str().unwrap()];
    // Its own failure leaves nothing either.
    std::fs::rename(alice.join("peer.json"), alice.join("peer.away")).unwrap();
    let beside = names(alice.parent().unwrap());
    let failed = home.run_with(&move_to, &variables).await;
    assert!(failed.error(2).contains("peer.json cannot be read"), "{}", failed.stderr);
    assert_eq!(names(alice.parent().unwrap()), beside);
    std::fs::rename(alice.join("peer.away"), alice.join("peer.json")).unwrap();
    assert_eq!(home.run_with(&["run"], &variables).await.code, 3, "it was not retired");
    assert_eq!(home.run_with(&move_to, &variables).await.code, 0);
    assert!(names(&alice).is_superset(&before));
    assert!(to.join("guard.json").exists());
}

#[tokio::test]
async fn a_home_that_cannot_be_opened_is_not_retired() {
    let home = Home::lonely().await;
    let password = home.text("signer.password");
    std::fs::write(home.path("signer.password"), "another").unwrap();
    let to = home.folder().with_file_name("bundle");
    let move_to = ["keys", "move", "--to", to.to_str().unwrap()];
    assert!(home.run(&move_to).await.error(2).contains("signer.json"));
    assert!(!to.exists());
    std::fs::write(home.path("signer.password"), password).unwrap();
    assert_eq!(home.run(&["run"]).await.code, 3);
}

#[tokio::test]
async fn a_bundle_is_no_home_and_keeps_to_its_own_keys() {
    let home = Home::lonely().await;
    let bundle = home.folder().with_file_name("bundle");
    let bundle = bundle.to_str().unwrap();
    let signer = signer(&home).await;
    home.run(&["keys", "move", "--to", bundle, "--json"]).await.json();
    for command in [&["run"][..], &["guard", "accept", "--signer", &signer]] {
        let refused = home.run_with(command, &[("WILLIW_HOME", bundle)]).await;
        assert!(refused.error(2).contains("on its way to another place"), "{}", refused.stderr);
        assert!(refused.stderr.contains("\nhint: make a home of its folder with `williw keys move --from`"));
    }
    assert!(!Path::new(bundle).join("guard.db").exists());

    let other = Home::lonely().await;
    let move_from = ["keys", "move", "--from", bundle];
    for names in [&["peer.json"][..], &["signer.password", "signer.json"], &["signer.next.json"]] {
        let there = Home::absent();
        std::fs::create_dir(there.folder()).unwrap();
        for name in names {
            std::fs::copy(other.path(&name.replace("next.", "")), there.path(name)).unwrap();
        }
        let refused = there.run(&move_from).await;
        assert!(refused.error(2).contains("is there already, and is not the one of"), "{}", refused.stderr);
        assert!(!there.path("guard.db").exists() && !there.path("williw.toml").exists());
    }
    // One of its own is no stranger.
    let there = Home::absent();
    std::fs::create_dir(there.folder()).unwrap();
    std::fs::copy(home.path("peer.json"), there.path("peer.json")).unwrap();
    there.run(&[&move_from[..], &["--json"]].concat()).await.json();
    assert_eq!(there.run(&["run"]).await.code, 3);
    let second = home.run_with(&["run"], &[("WILLIW_HOME", bundle)]).await;
    assert!(second.error(2).contains("guard.taken.json"), "{}", second.stderr);
}

#[tokio::test]
async fn a_folder_that_is_not_what_a_home_was_moved_to_is_named() {
    let home = Home::absent();
    let beside = |name: &str| home.folder().with_file_name(name);
    let refused = async |folder: &Path| {
        let refused = home.run(&["keys", "move", "--from", folder.to_str().unwrap()]).await;
        refused.error(2);
        assert!(!home.folder().exists());
        refused.stderr
    };
    expect![[r#"
        error: there is no folder ~/nowhere
        hint: name the folder that `williw keys move --to` made, with all that is in it
    "#]]
    .assert_eq(&refused(&beside("nowhere")).await);

    let part = beside("part");
    std::fs::create_dir(&part).unwrap();
    std::fs::write(part.join("williw.toml"), "").unwrap();
    expect![[r#"
        error: in ~/part there is no peer.json, no signer.json, no signer.password, no guard.json
        hint: name the folder that `williw keys move --to` made, with all that is in it
    "#]]
    .assert_eq(&refused(&part).await);

    let donor = Home::lonely().await;
    std::fs::rename(donor.folder(), beside("donor")).unwrap();
    expect![[r#"
        error: in ~/donor there is no guard.json
        hint: this is a home itself: move it to a folder of its own first, with `williw keys move --to`
    "#]]
    .assert_eq(&refused(&beside("donor")).await);
}

/// Begins to replace the signer of a home with a lost guard, on a chain that nobody serves.
async fn begun(home: &Home) {
    let file = history(home, 7).await;
    assert_eq!(home.run(&["guard", "import", &file]).await.code, 0);
    std::fs::remove_file(home.path("guard.mark")).unwrap();
    let rotate = ["keys", "rotate", "--unsigned", "--from", "0x0000000000000000000000000000000000000001"];
    assert_eq!(home.run(&rotate).await.code, 3);
    assert!(home.path("signer.next.json").exists() && home.path("guard.next.db").exists());
}

#[tokio::test]
async fn a_rotation_that_fails_leaves_the_history() {
    let home = Home::lonely().await;
    let signer = signer(&home).await;
    begun(&home).await;
    assert!(home.run(&["run"]).await.error(2).contains("does not say how often"));
    let lost = home.run(&["guard", "status"]).await;
    assert!(lost.error(2).contains("does not say how often"), "{}", lost.stderr);
    assert!(lost.stderr.starts_with("warning: signer 0x"), "{}", lost.stderr);
    let to = home.folder().with_file_name("bundle");
    let refused = home.run(&["keys", "move", "--to", to.to_str().unwrap()]).await;
    assert!(refused.error(2).contains("is being replaced"), "{}", refused.stderr);
    assert_eq!(home.run(&["guard", "accept", "--signer", &signer]).await.code, 0);
    let status = home.run(&["guard", "status", "--json"]).await.json();
    assert_eq!((&status["signers"][0]["signer"], votes(&status)), (&json!(signer), &json!(1)));
    let waiting = status["rotation"]["next"].as_str().unwrap().to_owned();
    assert_ne!(waiting, signer);
    let text = home.run(&["guard", "status"]).await.stdout;
    let told = format!("\nsigner {waiting} waits to be named; go on with `williw keys rotate`\n");
    assert!(text.starts_with("stopped, boot ") && text.ends_with(&told), "{text}");
    // What was begun with a new guard goes on with it, though there is one again that could answer for both.
    let rotate = ["keys", "rotate", "--unsigned", "--from", "0x0000000000000000000000000000000000000001"];
    let next = home.text("signer.next.json");
    assert_eq!(home.run(&rotate).await.code, 3);
    assert!(home.path("guard.next.db").exists());
    assert_eq!(home.text("signer.next.json"), next);
    let status = home.run(&["guard", "status", "--json"]).await.json();
    assert_eq!(status["signers"].as_array().unwrap().len(), 1);
    assert_eq!(status["rotation"], json!({ "next": waiting, "new_guard": true }));
}

#[tokio::test]
async fn a_signer_that_waits_moves_along() {
    let home = Home::lonely().await;
    let rotate = ["keys", "rotate", "--unsigned", "--from", "0x0000000000000000000000000000000000000001"];
    assert_eq!(home.run(&rotate).await.code, 3);
    let to = home.folder().with_file_name("bundle");
    // The signer that waits moves along.
    home.run(&["keys", "move", "--to", to.to_str().unwrap(), "--json"]).await.json();
    let there = Home::absent();
    there.run(&["keys", "move", "--from", to.to_str().unwrap(), "--json"]).await.json();
    for name in ["signer.next.json", "signer.next.password"] {
        assert_eq!(there.text(name), home.text(name));
    }
}

/// A home that was put back from before must not come out of a move as one that knows more than it does.
#[tokio::test]
async fn a_move_announces_no_more_statements_than_were_announced() {
    let home = Home::lonely().await;
    let noted = async |home: &Home| {
        let exported = home.run(&["guard", "export"]).await;
        serde_json::from_str::<Value>(&exported.stdout).unwrap()["metadata"]["noted"].clone()
    };
    let before = noted(&home).await;
    assert!(before.is_string() || before.is_u64(), "{before}");
    let bundle = home.folder().with_file_name("bundle").to_str().unwrap().to_owned();
    home.run(&["keys", "move", "--to", &bundle, "--json"]).await.json();
    let there = Home::absent();
    there.run(&["keys", "move", "--from", &bundle, "--json"]).await.json();
    assert_eq!(noted(&there).await, before);
}

/// Whatever the last step was that a rotation came to: the home runs, with the keys and the guard of the next signer.
#[tokio::test]
async fn a_rotation_that_was_cut_short_is_finished_by_whoever_comes_next() {
    let steps = [
        ("signer.next.password", "signer.password"),
        ("signer.next.json", "signer.json"),
        ("guard.db", "guard.1.db"),
        ("guard.next.db", "guard.db"),
        ("guard.next.mark", "guard.mark"),
    ];
    for done in 1..=steps.len() {
        let home = Home::lonely().await;
        let before = signer(&home).await;
        begun(&home).await;
        let next = home.text("signer.next.json");
        for (from, to) in &steps[..done] {
            std::fs::rename(home.path(from), home.path(to)).unwrap();
        }
        let ran = home.run(&["run"]).await;
        assert_eq!(ran.code, 3, "{done}: {}", ran.stderr);
        assert_eq!(home.text("signer.json"), next, "{done}");
        let status = home.run(&["guard", "status", "--json"]).await.json();
        assert_eq!(status["signers"].as_array().unwrap().len(), 1, "{done}");
        assert_eq!(status["rotation"], Value::Null, "{done}");
        assert_ne!(status["signers"][0]["signer"], before.as_str(), "{done}");
        assert!(
            !names(&home.folder()).iter().any(|name| name.contains(".next.") && !name.ends_with(".lock")),
            "{done}"
        );
    }
}

#[tokio::test]
async fn what_is_under_way_is_settled_before_a_move() {
    let owner = Owner::new().await;
    assert_eq!(owner.run(&["register", "--amount", "2000ether"]).await.code, 0);
    let to = owner.home.folder().with_file_name("bundle");
    let move_to = ["keys", "move", "--to", to.to_str().unwrap()];
    let refused = owner.home.run(&move_to).await;
    assert!(refused.error(2).contains("intent 1, 2"), "{}", refused.stderr);
    assert!(refused.stderr.contains("\nhint: run `williw outbox retry 1`"), "{}", refused.stderr);
    assert!(!to.exists());
    owner.world.finalize().await;
    for id in ["1", "2"] {
        owner.home.run(&["outbox", "retry", id]).await;
    }
    let moved = owner.home.run(&move_to).await;
    assert_eq!(moved.code, 0, "{}", moved.stderr);
    assert!(moved.stderr.contains("reads the chains anew"), "{}", moved.stderr);
}

async fn signer_of(home: &Home) -> Value {
    json!(signer(home).await)
}

/// The way out of a lost guard: a new signer, of which nothing has to be known.
#[tokio::test]
async fn a_signer_is_replaced() {
    let owner = Owner::new().await;
    let home = &owner.home;
    assert_eq!(owner.run(&["register", "--amount", "2000ether"]).await.code, 0);
    let (before, keystore) = (signer(home).await, home.text("signer.json"));
    std::fs::remove_file(home.path("guard.mark")).unwrap();
    let rotated = owner.run(&["keys", "rotate", "--json"]).await;
    rotated.json();
    assert!(rotated.stderr.contains("signs nothing more here"), "{}", rotated.stderr);
    let after = signer(home).await;
    assert_ne!(after, before);
    assert_eq!(home.text(&format!("signer.{before}.json")), keystore);
    assert_ne!(home.text("signer.json"), keystore);
    assert!(!home.path("signer.next.json").exists() && !home.path("signer.next.password").exists());
    // The next one finds nothing in its way, and the one before is still answered for.
    assert_eq!(owner.run(&["keys", "rotate"]).await.code, 0);
    let status = home.run(&["guard", "status", "--json"]).await.json();
    let signers: Vec<_> = status["signers"].as_array().unwrap().iter().map(|view| &view["signer"]).collect();
    assert!(signers.len() == 2 && signers.contains(&&json!(after)), "{status}");
    owner.world.finalize().await;
    let (mut node, ready) = started(home).await;
    let variables = [("WILLIW_HTTP_LISTEN", ready["http"].as_str().unwrap())];
    let status = home.run_with(&["status", "--json"], &variables).await.json();
    assert_eq!(status["guard"]["signers"].as_array().unwrap().len(), 2);
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
    // Keys that nobody can open any more do not keep the next ones away.
    std::fs::remove_file(home.path("signer.password")).unwrap();
    let kept = || names(&home.folder()).into_iter().filter(|name| name.starts_with("signer.0x")).collect::<Vec<_>>();
    let before = kept();
    let rotated = owner.run(&["keys", "rotate"]).await;
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    assert_eq!(kept(), before);
    assert!(home.path("signer.password").exists() && !home.path("signer.next.json").exists());
}

/// A home that was put back in place is known as such by the network alone. Its guard looks well, and would be refused again
/// with any signer.
#[tokio::test]
async fn a_restored_home_gets_a_new_guard_with_its_new_signer() {
    let owner = Owner::new().await;
    let home = &owner.home;
    assert_eq!(owner.run(&["register", "--amount", "2000ether"]).await.code, 0);
    let (before, started) = (signer(home).await, boot(home).await);
    let prepared = home.run(&["keys", "rotate", "--restored", "--unsigned", "--from", &owner.account()]).await;
    assert_eq!(prepared.code, 0, "{}", prepared.stderr);
    let status = home.run(&["guard", "status", "--json"]).await.json();
    assert_eq!((&status["signers"][0]["signer"], &status["rotation"]["new_guard"]), (&json!(before), &json!(true)));
    let waiting = status["rotation"]["next"].as_str().unwrap().to_owned();
    let rotated = owner.run(&["keys", "rotate", "--restored"]).await;
    assert_eq!(rotated.code, 0, "{}", rotated.stderr);
    let told = "warning: ~/home/guard.db is not gone on with; once the chain names the next signer";
    assert!(rotated.stderr.starts_with(told), "{}", rotated.stderr);
    let status = home.run(&["guard", "status", "--json"]).await.json();
    assert_eq!(status["signers"].as_array().unwrap().len(), 1);
    assert_eq!(status["signers"][0]["signer"], waiting.as_str());
    assert!(boot(home).await > started);
    // The other one is kept: it may be the only record of what was signed.
    let kept = names(&home.folder()).into_iter().filter(|name| name.starts_with("guard.") && name.ends_with(".db"));
    assert_eq!(kept.count(), 2);
    assert!(!home.path("guard.next.db").exists());
}

/// What a home that was put back knows of its signer is not all, and the guard after it, which members believe, is not to
/// sign on from there: that key still counts for a while.
#[tokio::test]
async fn a_history_brings_no_replaced_signer_back() {
    let owner = Owner::new().await;
    let home = &owner.home;
    assert_eq!(owner.run(&["register", "--amount", "2000ether"]).await.code, 0);
    let before = signer(home).await;
    let stale = history(home, 7).await;
    assert_eq!(owner.run(&["keys", "rotate", "--restored"]).await.code, 0);
    assert!(home.path(&format!("signer.{before}.json")).exists());
    let next = home.run(&["guard", "export"]).await.json();
    // Beside a signer that is known, too: the file is refused whole.
    let mut both: Value = serde_json::from_str(&std::fs::read_to_string(&stale).unwrap()).unwrap();
    let mut known = next["data"][0].clone();
    known["root_votes"] = json!([{ "cycle": "9", "digest": DIGEST }]);
    both["data"].as_array_mut().unwrap().push(known);
    let both = home.note("both.json", &both.to_string());
    for file in [&stale, &both] {
        let refused = home.run(&["guard", "import", file]).await;
        assert!(refused.error(2).contains(&format!("signer {before}, which this guard does not answer for")));
        assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
        assert_eq!(home.run(&["guard", "export"]).await.json(), next);
    }
    // Nor is it accepted as one that signed nothing.
    let accepted = home.run(&["guard", "accept", "--signer", &before]).await;
    assert!(accepted.error(2).contains(&format!(", not {before}")), "{}", accepted.stderr);
    // Whoever is named has to be in the file, and everybody in the file has to be known or named.
    let nobody = format!("0x{}", "77".repeat(20));
    let typo = home.run(&["guard", "import", &both, "--signer", &nobody]).await;
    assert!(typo.error(2).contains(&format!("holds nothing of signer {nobody}")), "{}", typo.stderr);
    let named = home.run(&["guard", "import", &both, "--signer", &before]).await;
    assert_eq!(named.code, 0, "{}", named.stderr);
    let told = format!("warning: this guard answers for signer {before} from now on; it is slashed");
    assert!(named.stderr.starts_with(&told), "{}", named.stderr);
    assert_eq!(home.run(&["guard", "export"]).await.json()["data"].as_array().unwrap().len(), 2);
}

/// Where a guard has counted to.
async fn boot(home: &Home) -> u64 {
    home.run(&["guard", "status", "--json"]).await.json()["boot"].as_u64().unwrap()
}

/// A home that was made while its clock was far ahead counts from there, wherever it is brought, and whoever lost it can
/// say how far it had come.
#[tokio::test]
async fn a_clock_that_was_ahead_locks_nobody_out() {
    const AHEAD: u64 = 4_000_000_000_000_000;
    let home = Home::lonely().await;
    let signer = signer(&home).await;
    let ahead = AHEAD.to_string();
    let accept = ["guard", "accept", "--signer", &signer, "--heard", &ahead, "--json"];
    assert_eq!(home.run(&accept).await.json()["boot"], AHEAD);
    let bundle = home.folder().with_file_name("bundle");
    let bundle = bundle.to_str().unwrap();
    home.run(&["keys", "move", "--to", bundle, "--json"]).await.json();
    let there = Home::absent();
    there.run(&["keys", "move", "--from", bundle, "--json"]).await.json();
    assert_eq!(boot(&there).await, AHEAD);
    let network = deployment(CHAIN_ID, [0x11; 20], 1)["network_id"].as_str().unwrap().parse().unwrap();
    let guard = williw_store::guard::Guard::open(&there.path("guard.db"), network).await.unwrap();
    assert_eq!(guard.noted(), AHEAD);
    guard.close().await.unwrap();

    std::fs::remove_file(there.path("guard.db")).unwrap();
    assert_eq!(there.run(&accept[..4]).await.code, 0);
    assert!(boot(&there).await < AHEAD);
    assert_eq!(there.run(&accept).await.json()["boot"], AHEAD);
    // Below the time it has no effect, and above what can be carried elsewhere it is a mistake.
    assert_eq!(
        there.run(&["guard", "accept", "--signer", &signer, "--heard", "7", "--json"]).await.json()["boot"],
        AHEAD
    );
    let typo = there.run(&["guard", "accept", "--signer", &signer, "--heard", "18446744073709551615"]).await;
    assert_eq!(typo.code, 2, "{}", typo.stderr);
}

/// A rotation that is sent by a Safe is finished when it is asked for again.
#[tokio::test]
async fn a_rotation_from_elsewhere_is_finished_later() {
    let owner = Owner::new().await;
    let home = &owner.home;
    assert_eq!(owner.run(&["register", "--amount", "2000ether"]).await.code, 0);
    let before = home.text("signer.json");
    let from = owner.account();
    let printed = home.run(&["keys", "rotate", "--unsigned", "--from", &from, "--json"]).await;
    let calls = printed.json();
    assert!(printed.stderr.contains("when it is mined, run this again"), "{}", printed.stderr);
    assert_eq!(home.text("signer.json"), before);
    let waiting = home.run(&["guard", "status", "--json"]).await.json()["rotation"].clone();
    assert!(waiting["next"].is_string(), "{waiting}");
    // A node that runs meanwhile does not know of it; whoever asks for its guard is told all the same.
    owner.world.finalize().await;
    let (mut node, ready) = started(home).await;
    let variables = [("WILLIW_HTTP_LISTEN", ready["http"].as_str().unwrap())];
    assert_eq!(home.run_with(&["guard", "status", "--json"], &variables).await.json()["rotation"], waiting);
    let text = home.run_with(&["guard", "status"], &variables).await.stdout;
    assert!(text.starts_with("listening, ") && text.ends_with("go on with `williw keys rotate`\n"), "{text}");
    assert_eq!(stop(&mut node, "TERM").await, Some(0));
    owner.send_unsigned(&calls).await;
    let taken = home.run(&["keys", "rotate", "--unsigned", "--from", &from]).await;
    assert_eq!(taken.code, 0, "{}", taken.stderr);
    assert_ne!(home.text("signer.json"), before);
    assert_eq!(home.run(&["guard", "status", "--json"]).await.json()["rotation"], Value::Null);
}

#[tokio::test]
async fn a_home_with_a_signer_of_its_own_is_told_what_is_missing() {
    let donor = Home::lonely().await;
    let home = Home::absent();
    std::fs::create_dir(home.folder()).unwrap();
    for name in ["signer.json", "signer.password"] {
        std::fs::copy(donor.path(name), home.path(name)).unwrap();
    }
    let file = home.note("deployment.json", &deployment(CHAIN_ID, [0x11; 20], 1).to_string());
    let made = home.run(&["init", "--deployment", &file, "--rpc", NOBODY]).await;
    assert_eq!(made.code, 0);
    assert!(made.stderr.contains("warning: what signer"), "{}", made.stderr);
    let refused = home.run(&["run"]).await;
    assert!(refused.error(2).contains("does not hold what signer"), "{}", refused.stderr);
    let history = donor.run(&["guard", "export"]).await.stdout;
    let history = home.note("history.json", &history);
    let signer = signer(&donor).await;
    assert_eq!(home.run(&["guard", "import", &history]).await.code, 2);
    assert!(home.run(&["run"]).await.error(2).contains("does not hold what signer"));
    let imported = home.run(&["guard", "import", &history, "--signer", &signer]).await;
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    assert_eq!(home.run(&["run"]).await.code, 3);
}
