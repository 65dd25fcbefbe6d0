//! What an owner does with stake.

use williw_chain::address;
use williw_chain::snapshot::StandingOnChain;
use williw_chain::verb::Verb;
use williw_core::amount::Amount;
use williw_core::identity::Signer;
use williw_core::link::LinkTerms;
use williw_core::secp256k1::Signature;

use crate::chain::{Reader, carry_out, chosen, on_same, warn_of};
use crate::exit::Failure;
use crate::flags;
use crate::home::Home;
use crate::keys::{LinkKeys, Sender};
use crate::printer::Printer;

/// The nonce of an operator's first link: before it there is none.
const FIRST_NONCE: u64 = 1;

pub(crate) async fn register(flags: flags::Register, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let keys = LinkKeys::open(&flags.signer, home)?;
    let chain = chosen(&flags.account, &settings)?;
    let sender = Sender::open(&flags.account, chain)?;
    let (link, signature) = keys.link(settings.network.id(), sender.owner(), FIRST_NONCE)?;
    let verb = Verb::Register { amount: flags.amount.on(chain)?, link, signature };
    carry_out(&verb, &sender, Reader::new(chain, &settings)?, (home, &settings), printer).await
}

pub(crate) async fn stake(flags: flags::Stake, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let chain = chosen(&flags.account, &settings)?;
    let sender = Sender::open(&flags.account, chain)?;
    let account = on_same(flags.beneficiary, chain)?.unwrap_or_else(|| sender.account());
    let verb = Verb::Stake { account, amount: flags.amount.on(chain)? };
    carry_out(&verb, &sender, Reader::new(chain, &settings)?, (home, &settings), printer).await
}

pub(crate) async fn unstake(flags: flags::Unstake, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let chain = chosen(&flags.account, &settings)?;
    let sender = Sender::open(&flags.account, chain)?;
    let amount = flags.amount.on(chain)?;
    let mut reader = Reader::new(chain, &settings)?;
    let other = settings.base.is_some() && settings.solana.is_some();
    let staked = warn_of_leaving(amount, &sender, (&mut reader, other), printer).await?;
    let done = carry_out(&Verb::Unstake { amount }, &sender, reader, (home, &settings), printer).await;
    done.map_err(|failure| match (failure.refusal.as_deref(), staked) {
        (Some("InsufficientStake"), Some(staked)) => failure.hint(format_args!(
            "{staked} was staked a moment ago; `williw operator --owner {}` says what is now",
            address::shown_on(chain, sender.account())
        )),
        _ => failure,
    })
}

/// Says so before an operator takes out so much that nobody lets its node in any more. Returns what it has staked, if there
/// is an operator.
async fn warn_of_leaving(
    amount: Amount,
    sender: &Sender,
    (reader, on_both): (&mut Reader, bool),
    printer: &Printer,
) -> Result<Option<Amount>, Failure> {
    // Whoever has no operator or less than that is refused by the chain, in words of its own.
    let Some(operator) = reader.operator(sender.account(), printer).await?.operator else { return Ok(None) };
    let staked = Some(operator.active);
    let Ok(left) = operator.active.minus(amount) else { return Ok(staked) };
    let deployment = reader.deployment().await?;
    warn_of(&deployment.faults, printer);
    let needed = deployment.value.parameters.min_stake;
    if left < needed {
        let other = if on_both { ", whatever it has on the other chain" } else { "" };
        printer.warn(format_args!(
            "this leaves {left} staked, less than the smallest stake of {needed}: the node will be no member{other}"
        ));
    }
    Ok(staked)
}

pub(crate) async fn restake(flags: flags::Restake, home: &Home, printer: &Printer) -> Result<(), Failure> {
    plain(&Verb::Restake { ticket: flags.ticket }, &flags.account, home, printer).await
}

pub(crate) async fn withdraw(flags: flags::Withdraw, home: &Home, printer: &Printer) -> Result<(), Failure> {
    plain(&Verb::Withdraw { limit: flags.limit }, &flags.account, home, printer).await
}

/// Sends what needs nothing but who sends it.
async fn plain(verb: &Verb, account: &flags::Account, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let chain = chosen(account, &settings)?;
    let sender = Sender::open(account, chain)?;
    carry_out(verb, &sender, Reader::new(chain, &settings)?, (home, &settings), printer).await
}

pub(crate) async fn rotate(flags: flags::Relink, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let verb = |present, link, signature| Verb::Rotate { present, link, signature };
    relink(flags, home, printer, |_, _| Ok(()), verb).await
}

/// Sends a new link for an operator that there is, if nothing speaks against this signer of it. The signer until now and the
/// nonce are of one moment, so that whoever was interrupted and asks again asks for the same.
pub(super) async fn relink(
    flags: flags::Relink,
    home: &Home,
    printer: &Printer,
    refuse: impl FnOnce(&StandingOnChain, Signer) -> Result<(), Failure>,
    verb: impl FnOnce(Signer, LinkTerms, Signature) -> Verb,
) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let keys = LinkKeys::open(&flags.signer, home)?;
    let chain = chosen(&flags.account, &settings)?;
    let sender = Sender::open(&flags.account, chain)?;
    let mut reader = Reader::new(chain, &settings)?;
    let found = reader.operator(sender.account(), printer).await?;
    let Some(operator) = found.operator else {
        return Err(Failure::usage(format_args!("this account has no operator at {}", found.at.on(chain)))
            .hint("register first, or check the account"));
    };
    refuse(&operator, keys.signer())?;
    let Some(next) = operator.nonce.checked_add(1) else {
        return Err(Failure::usage("the nonce of this operator's link is the last one there is"));
    };
    let (link, signature) = keys.link(settings.network.id(), sender.owner(), next)?;
    carry_out(&verb(operator.signer, link, signature), &sender, reader, (home, &settings), printer).await
}
