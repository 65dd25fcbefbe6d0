//! What may be substituted, and why.

use std::collections::BTreeSet;

/// Where a substitution goes through.
struct Harmless {
    /// Of one verb, or of one of its ways; of every verb if empty.
    scene: &'static str,
    account: &'static str,
    /// What may stand there; whatever there is if empty.
    labels: &'static [&'static str],
    because: &'static str,
}

const LISTED: [Harmless; 8] = [
    Harmless {
        scene: "",
        account: "payer",
        labels: &["another wallet", "twice owner", "twice authority"],
        because: "whoever signs as payer pays, and gets nothing for it but the rent of a tally back",
    },
    Harmless {
        scene: "stake",
        account: "operator",
        labels: &["another operator", "an operator"],
        because: "the account alone says whose stake is added to; the funder signed for it",
    },
    Harmless {
        scene: "collect",
        account: "bounty",
        labels: &["nothing", "a wallet", "twice event_authority"],
        because: "nothing was ever owed where there is no account of the program, so nothing is paid",
    },
    Harmless {
        scene: "close_tally",
        account: "tally",
        labels: &["another tally"],
        because: "it is over as well, and its rent goes to the same payer",
    },
    Harmless {
        scene: "rotate, to another peer",
        account: "tenure",
        labels: &[],
        because: "the signer stays, so no tenure is read or written",
    },
    Harmless {
        scene: "rotate, to another peer",
        account: "next",
        labels: &[],
        because: "the signer stays, so no tenure is read or written",
    },
    Harmless {
        scene: "claim, of nothing",
        account: "destination",
        labels: &[],
        because: "nothing is paid, so nobody looks where to",
    },
    // A verb that tells nothing does not need the program to tell it to.
    Harmless { scene: "", account: "program", labels: &[], because: "nothing is told, so the program is not called" },
];

/// The verbs of the last entry: whatever else tells something is refused without the program.
const SILENT: [&str; 2] = ["claim, of nothing", "vote, for a new root"];

impl Harmless {
    fn covers(&self, scene: &str, account: &str, label: &str) -> bool {
        let is_scene = match self.account {
            "program" => SILENT.contains(&scene),
            _ => self.scene.is_empty() || self.scene == scene,
        };
        is_scene && self.account == account && (self.labels.is_empty() || self.labels.contains(&label))
    }
}

/// What went through is what is listed, no more; and nothing is listed that is refused by now.
pub(super) fn assert_listed(went_through: &BTreeSet<(&str, &str, String)>) {
    let is_listed = |(scene, account, label): &&(&str, &str, String)| {
        LISTED.iter().any(|harmless| harmless.covers(scene, account, label))
    };
    let new: Vec<_> = went_through.iter().filter(|found| !is_listed(found)).collect();
    assert!(new.is_empty(), "these go through, and nobody said why they may: {new:#?}");
    for harmless in LISTED {
        let of = |label: &str| {
            went_through.iter().any(|(scene, account, found)| {
                harmless.covers(scene, account, found) && (label.is_empty() || label == found)
            })
        };
        let labels = if harmless.labels.is_empty() { &[""] } else { harmless.labels };
        let gone: Vec<_> = labels.iter().filter(|label| !of(label)).collect();
        assert!(gone.is_empty(), "{} {}: {gone:?} is refused by now", harmless.scene, harmless.account);
        assert!(!harmless.because.is_empty());
    }
}
