use super::*;
use williw_core::network::NetworkId;

fn settings(rpcs: &[&str]) -> BaseSettings {
    BaseSettings {
        rpcs: rpcs.iter().map(|rpc| rpc.parse().expect("an address")).collect(),
        chain_id: 1,
        vault: [1; 20],
        network: NetworkId([2; 32]),
        from_height: Height(0),
    }
}

fn refused(rpcs: &[&str]) -> Option<SettingsFault> {
    match Base::new(&settings(rpcs)) {
        Ok(_) => None,
        Err(ChainError::Settings(fault)) => Some(fault),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    assert_eq!(refused(&[]), Some(SettingsFault::Endpoints(0)));
    let nine: Vec<String> = (0..9).map(|index| format!("https://{index}.example")).collect();
    let nine: Vec<&str> = nine.iter().map(String::as_str).collect();
    assert_eq!(refused(&nine), Some(SettingsFault::Endpoints(9)));
    assert_eq!(refused(&nine[..8]), None);
    assert!(matches!(refused(&["ws://a.example"]), Some(SettingsFault::Scheme(_))));
    let twice = refused(&["https://a.example/key-1", "https://b.example", "https://a.example/key-1"]);
    let text = twice.expect("one endpoint counts once").to_string();
    assert!(text.contains("rpc 1 (a.example) and rpc 3 (a.example)"), "{text}");
}

#[test]
fn an_address_is_shown_by_place_and_host_only() {
    let settings = settings(&["https://user:hunter22@a.example/v2/secret-1?key=secret-2"]);
    let base = Base::new(&settings).expect("sound settings");
    let said = format!("{settings:?} {base:?} {:?} {}", base.endpoints(), base.endpoints()[0].name);
    assert!(said.contains("a.example"), "{said}");
    for secret in ["user", "hunter22", "secret-1", "secret-2"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}

/// A daemon runs readings on threads of its choice.
#[test]
fn readings_can_be_spawned() {
    fn sendable<T: Send>(_: T) {}
    let mut base = Base::new(&settings(&["https://a.example"])).expect("sound settings");
    let ledger = williw_core::ledger::Ledger::new(
        NetworkId([2; 32]),
        williw_core::cycle::CycleClock::new(Default::default(), williw_core::cycle::Seconds(60)).expect("long enough"),
        &[base.site()],
    );
    let chain = williw_core::identity::ChainId::Base;
    let head = ledger.head(chain, base.journal());
    sendable(base.page(ledger.chain(chain).expect("the site is there"), head));
    sendable(base.tail(Height(0)));
    sendable(base.deployment());
    sendable(base.snapshot(&[]));
    sendable(base.operator_at_tip(base.journal()));
    let wallet = crate::wallet::Wallet::from_secret(&[1; 32]).expect("a key");
    sendable(base.calls(&crate::verb::Verb::Restake { ticket: 0 }, wallet.account()));
    sendable(base.rehearse(wallet.account(), &[]));
    let pin = williw_core::outbox::Pin::Nonce(0);
    let trail = williw_core::outbox::Trail { pin, attempts: 0, free_at: Height(0) };
    let sought = crate::send::Sought { from: wallet.account(), nonce: 0, trail, attempts: &[], remembered: 0 };
    let place = williw_core::outbox::Place { height: Height(0), hash: Default::default() };
    sendable(base.look(sought));
    sendable(base.standing_of_spent(sought, place));
}
