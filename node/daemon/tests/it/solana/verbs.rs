//! Every verb of an owner, as the program takes it.

use williw_chain::send::SendError;
use williw_chain::verb::Verb;
use williw_core::amount::Amount;
use williw_core::offence::Evidence;
use williw_core::outbox::{Outcome, Stage};
use williw_core::secp256k1::Signature;
use williw_core::statement::{Kind, Signed, Statement};
use williw_daemon::outbox::OutboxError;

use super::network::{MIN_STAKE, UNSTAKING, WEALTH, link, signer};
use super::story::Story;

fn amount(atoms: u64) -> Amount {
    Amount(atoms.into())
}

async fn refused(story: &Story, verb: &Verb) -> String {
    match story.does(verb).await.unwrap_err() {
        OutboxError::Send(SendError::Refused { refusal, .. }) => refusal.name,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn stake_goes_in_and_out_again() {
    let story = Story::new(1).await;
    story.does(&Verb::Stake { account: story.account(), amount: amount(500) }).await.unwrap();
    story.does(&Verb::Unstake { amount: amount(300) }).await.unwrap();
    story.does(&Verb::Unstake { amount: amount(100) }).await.unwrap();
    story.does(&Verb::Restake { ticket: 1 }).await.unwrap();
    assert_eq!(story.chain.staked().await, MIN_STAKE + 500, "what waits is still here");
    assert_eq!(refused(&story, &Verb::Withdraw { limit: 8 }).await, "NothingMatured");
    story.rest().await;
    story.chain.wait(UNSTAKING + 10).await;
    story.does(&Verb::Withdraw { limit: 8 }).await.unwrap();
    assert_eq!(story.chain.staked().await, MIN_STAKE + 200);
    story.rest().await;
    assert!(matches!(story.latest().await.stage, Stage::Settled(Outcome::Done(_))));
}

#[tokio::test]
async fn what_the_program_refuses_is_said_in_words_before_anything_is_signed() {
    let story = Story::unregistered(1).await;
    assert_eq!(refused(&story, &Verb::Unstake { amount: amount(1) }).await, "NotRegistered");
    let (terms, signature) = link(story.chain.network.id(), story.account(), 1);
    let too_little = Verb::Register { amount: amount(1), link: terms, signature };
    assert_eq!(refused(&story, &too_little).await, "BelowMinStake");
    let forged = Verb::Register { amount: amount(MIN_STAKE), link: terms, signature: Signature([27; 65]) };
    assert_eq!(refused(&story, &forged).await, "WrongSigner");
    let too_much = Verb::Register { amount: amount(WEALTH + 1), link: terms, signature };
    let why = story.does(&too_much).await.unwrap_err();
    assert!(matches!(why, OutboxError::Send(SendError::TooFewTokens { .. })), "{why}");
    let beyond = Verb::Unstake { amount: Amount(u128::MAX) };
    let why = story.does(&beyond).await.unwrap_err();
    assert!(matches!(why, OutboxError::Send(SendError::TooManyAtoms(_))), "{why}");
    // Nothing of it was written down.
    assert_eq!(story.outbox.intents(williw_store::Which::default(), 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_signer_is_replaced_slashed_and_replaced_again() {
    let story = Story::new(1).await;
    let network = story.chain.network.id();
    // So that enough is left after the slash.
    story.does(&Verb::Stake { account: story.account(), amount: amount(MIN_STAKE) }).await.unwrap();
    let (terms, signature) = link(network, story.account(), 2);
    story.does(&Verb::Rotate { present: signer(1).signer(), link: terms, signature }).await.unwrap();
    // The first signer still serves this cycle: it contradicts itself.
    let evidence = contradiction(&story).await;
    let beneficiary = story.account();
    let slash = Verb::Slash { evidence: Box::new(evidence), beneficiary };
    story.does(&slash).await.unwrap();
    assert_eq!(refused(&story, &slash).await, "Jailed");
    let (terms, signature) = link(network, story.account(), 3);
    let unjail = Verb::Unjail { link: terms, signature };
    assert_eq!(refused(&story, &unjail).await, "StillJailed");
    // The bounty is a twentieth of five hundredths of the stake.
    let before = story.chain.staked().await;
    story.does(&Verb::Collect { beneficiary }).await.unwrap();
    assert_eq!(before - story.chain.staked().await, 2 * MIN_STAKE / 20 / 20);
    story.chain.wait(UNSTAKING + 10).await;
    story.does(&unjail).await.unwrap();
    story.rest().await;
}

/// Two statements of the first signer about one step.
async fn contradiction(story: &Story) -> Evidence {
    let (network, signer) = (story.chain.network.id(), signer(1));
    let cycle = story.chain.cycle().await;
    let statement = |digest: u8| {
        let statement =
            Statement::new(Kind::Update, cycle, 7, williw_core::hash::Hash([digest; 32])).expect("an update");
        let signature = signer.sign_digest(statement.signing_digest(network)).unwrap();
        Signed { statement, signature }
    };
    Evidence { first: statement(1), second: statement(2) }
}
