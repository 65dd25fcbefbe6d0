//! What owners do, from the keystore to the receipt, and how they are told no.

use alloy::primitives::hex;
use alloy::sol_types::SolCall;
use serde_json::json;
use williw_chain::base::{ChainError, EndpointFault};
use williw_chain::send::SendError;
use williw_chain::verb::{Refusal, Verb};
use williw_chain::wallet::{Wallet, WalletError};
use williw_core::amount::Amount;
use williw_core::cycle::Height;
use williw_core::secp256k1::Signature;

use crate::follower::{Follower, fault_of};
use crate::proxy::{Lie, Proxy};
use crate::sender::{Ended, Outgoing, Sends as _};
use crate::world::{Coin, TOKEN, World, account};

/// Anvil's account 8, as `cast wallet import --unsafe-password 'open sesame'` wrote it.
const KEYSTORE: &str = r#"{"crypto":{"cipher":"aes-128-ctr","cipherparams":{"iv":"55358f85f4c1b65bda6a81475e317596"},
"ciphertext":"1a8f2f2ed26703d78030a4ea5576e4167633d02a669e278721a6ddeffb9bfaf7","kdf":"scrypt","kdfparams":{"dklen":32,
"n":8192,"p":1,"r":8,"salt":"8a5534de25997695cdd27744a7e4b364b2fca36bea2653ea85542c0aa16c245d"},
"mac":"1644cf405e387984e8f06ac80e6643c4033fd0ecccdf783474b4506a53b5a241"},
"id":"ad7dc2d5-d73f-47ec-95d7-b20c935debf1","version":3}"#;
pub(crate) const OWNER: usize = 8;

pub(crate) fn wallet() -> Wallet {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("owner");
    std::fs::write(&path, KEYSTORE).unwrap();
    Wallet::open(&path, "open sesame").unwrap()
}

#[test]
fn a_keystore_opens_with_its_password_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("owner");
    let open = |password| Wallet::open(&path, password).map(|wallet| wallet.account());
    assert_eq!(open("x"), Err(WalletError::Unreadable(std::io::ErrorKind::NotFound)));
    std::fs::write(&path, "{}").unwrap();
    assert_eq!(open("x"), Err(WalletError::NotAKeystore));
    std::fs::write(&path, KEYSTORE.replace(r#""dklen":32"#, r#""dklen":8"#)).unwrap();
    assert_eq!(open("open sesame"), Err(WalletError::NotAKeystore));
    std::fs::write(&path, KEYSTORE).unwrap();
    assert_eq!(open("open sesam"), Err(WalletError::WrongPassword));
    let address = hex!("23618e81e3f5cdf7f54c3d65f7fbc0abf5b21e8f");
    assert_eq!(open("open sesame"), Ok(williw_core::identity::Account::evm(address)));
}

#[tokio::test]
async fn an_owner_registers_stakes_leaves_and_comes_back() {
    let world = World::new().await;
    let wallet = wallet();
    assert_eq!(wallet.account(), account(world.people[OWNER]));
    let mut base = world.base(&[&world.anvil.url, &world.twin()]);

    let register = world.registration(OWNER, 2_000);
    let calls = base.calls(&register, wallet.account()).await.unwrap().value;
    let targets: Vec<_> = calls.iter().map(|call| call.to).collect();
    assert_eq!(targets, [account(world.token), account(world.vault)], "an approval goes in front");
    let mut told = Vec::new();
    let mut tell = |leaving: Outgoing| told.push((leaving.nonce, leaving.hash));
    let receipts = base.send(&wallet, &calls, &mut tell).await.unwrap().receipts;
    assert_eq!(told, [(1, receipts[0].hash), (2, receipts[1].hash)], "after what made the account rich");
    assert_eq!(receipts.len(), 2);
    assert!(receipts[0].block < receipts[1].block);

    let peer = world.peer(OWNER);
    let next = williw_core::sim::keys::SignerKey::named("the next signer");
    let (link, signature) = peer.link(&next, world.network, world.owner(OWNER), 2);
    let verbs = [
        Verb::Stake { account: wallet.account(), amount: Amount(100 * TOKEN) },
        Verb::Unstake { amount: Amount(300 * TOKEN) },
        Verb::Restake { ticket: 0 },
        Verb::Unstake { amount: Amount(200 * TOKEN) },
        Verb::Rotate { present: world.signer(OWNER).address(), link, signature },
        Verb::Collect { beneficiary: wallet.account() },
    ];
    for verb in verbs {
        let calls = base.calls(&verb, wallet.account()).await.unwrap().value;
        base.send(&wallet, &calls, &mut |_| {}).await.unwrap();
    }
    let withdraw = base.calls(&Verb::Withdraw { limit: 8 }, wallet.account()).await.unwrap().value;
    let early = base.send(&wallet, &withdraw, &mut |_| {}).await.unwrap_err();
    assert!(early.to_string().contains("NothingMatured"), "{early}");
    let _: serde_json::Value = world.anvil.ask("evm_increaseTime", json!([840])).await;
    world.anvil.mine(1).await;
    base.send(&wallet, &withdraw, &mut |_| {}).await.unwrap();
    world.finalize().await;

    let mut follower = Follower::new(&world, base);
    follower.follow(&world).await;
    let operator = follower.ledger.operator(world.owner(OWNER)).unwrap();
    assert_eq!((operator.active, operator.queued), (Amount(1_900 * TOKEN), Amount::ZERO));
    assert_eq!((operator.nonce, operator.signer), (2, next.address()));
}

#[tokio::test]
async fn a_slashed_owner_unjails_and_the_bounty_is_collected() {
    let world = World::new().await;
    let mut base = world.base(&[&world.anvil.url]);
    let wallet = wallet();
    let calls = base.calls(&world.registration(OWNER, 2_000), wallet.account()).await.unwrap().value;
    base.send(&wallet, &calls, &mut |_| {}).await.unwrap();
    let evidence = Box::new(world.evidence(OWNER, world.cycle().await));
    let slash = Verb::Slash { evidence, beneficiary: wallet.account() };
    let calls = base.calls(&slash, wallet.account()).await.unwrap().value;
    base.send(&wallet, &calls, &mut |_| {}).await.unwrap();
    let again = base.send(&wallet, &calls, &mut |_| {}).await.unwrap_err();
    assert!(again.to_string().contains("Jailed"), "{again}");

    let _: serde_json::Value = world.anvil.ask("evm_increaseTime", json!([840])).await;
    world.anvil.mine(1).await;
    let signer = williw_core::sim::keys::SignerKey::named("after the jail");
    let (link, signature) = world.peer(OWNER).link(&signer, world.network, world.owner(OWNER), 2);
    for verb in [Verb::Unjail { link, signature }, Verb::Collect { beneficiary: wallet.account() }] {
        let calls = base.calls(&verb, wallet.account()).await.unwrap().value;
        base.send(&wallet, &calls, &mut |_| {}).await.unwrap();
    }
    world.finalize().await;
    let mut follower = Follower::new(&world, base);
    follower.follow(&world).await;
    let operator = follower.ledger.operator(world.owner(OWNER)).unwrap();
    assert_eq!((operator.jailed, operator.signer), (None, signer.address()));
}

/// How a verb of the owner is refused.
async fn refused(world: &World, verb: &Verb) -> Refusal {
    let mut base = world.base(&[&world.anvil.url]);
    let wallet = wallet();
    let before = world.anvil.height().await;
    let calls = base.calls(verb, wallet.account()).await.unwrap().value;
    let error = base.send(&wallet, &calls, &mut |_| {}).await.unwrap_err();
    let Ended::Send(SendError::Refused { refusal, .. }) = *error.why else { panic!("{verb:?}: {}", error.why) };
    let sent = world.anvil.height().await - before;
    assert!(sent == 0 || !refusal.by_vault, "what the vault refuses is refused before anything is sent: {refusal}");
    refusal
}

#[tokio::test]
async fn refusals_come_in_words() {
    let world = World::new().await;
    assert_eq!(refused(&world, &Verb::Unstake { amount: Amount(1) }).await.name, "NotRegistered");
    assert_eq!(refused(&world, &world.registration(OWNER, 999)).await.name, "BelowMinStake");

    let Verb::Register { amount, link, .. } = world.registration(OWNER, 2_000) else { unreachable!() };
    let stranger = world.signer(1);
    let signature = stranger.sign(link.signing_digest(world.network, world.owner(OWNER)));
    let refusal = refused(&world, &Verb::Register { amount, link, signature }).await;
    assert!(refusal.name.to_lowercase().contains(&stranger.address().to_string()), "{refusal}");
    assert!(refusal.hint.is_some(), "{refusal}");
    let signature = Signature([0; 65]);
    assert_eq!(refused(&world, &Verb::Register { amount, link, signature }).await.name, "BadV");
}

#[tokio::test]
async fn nothing_is_signed_for_another_chain() {
    let world = World::new().await;
    let proxy = Proxy::before(&world.anvil.url, Lie::Nothing).await;
    let mut base = world.base(&[&proxy.url]);
    base.tail(Height(0)).await.unwrap();
    proxy.tell(Lie::OtherChain);
    let calls = [world.registration(OWNER, 2_000).call(world.vault.into_array()).unwrap()];
    let error = base.send(&wallet(), &calls, &mut |_| {}).await.unwrap_err();
    let Ended::Send(SendError::Chain(ChainError::NoQuorum { faults, .. })) = &*error.why else { panic!("{error}") };
    assert_eq!(fault_of(faults, 1), Some(&EndpointFault::WrongChain { found: 1 }));
    assert!(!error.to_string().contains("a-secret-key"));
}

#[tokio::test]
async fn a_call_is_tried_again_when_its_turn_comes() {
    // Too small an approval: only after it was mined can the next call be tried to its end.
    let world = World::new().await;
    let mut base = world.base(&[&world.anvil.url]);
    let wallet = wallet();
    let calls = base.calls(&world.registration(OWNER, 2_000), wallet.account()).await.unwrap().value;
    let too_little = Coin::approveCall { spender: world.vault, amount: alloy::primitives::U256::from(1) };
    let mut approve = calls[0].clone();
    approve.data = too_little.abi_encode();
    let error = base.send(&wallet, &[approve, calls[1].clone()], &mut |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("ERC20InsufficientAllowance(1, "), "{error}");
    assert_eq!(error.done.len(), 1, "what was mined before is told");
    let nonce: alloy::primitives::U64 =
        world.anvil.ask("eth_getTransactionCount", json!([world.people[OWNER], "latest"])).await;
    assert_eq!(nonce.to::<u64>(), 2, "only the approval was sent, after what made the account rich");
}
