//! The way out of jail: a signer that served nobody yet, and `williw unjail`.

use std::path::Path;

use williw_chain::snapshot::StandingOnChain;
use williw_chain::verb::Verb;
use williw_core::cycle::UnixSeconds;
use williw_core::identity::{ChainId, Signer};

use super::stake::relink;
use crate::exit::{ExitStatus, Failure};
use crate::flags;
use crate::home::Home;
use crate::printer::Printer;
use crate::signers::take_into_use;
use crate::utc::utc;

/// Ends a jail. A signer that waits to be named in this home is taken into use with it.
pub(crate) async fn unjail(flags: flags::Relink, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let is_next = flags.signer.signer.as_deref().is_some_and(|keystore| is_same(keystore, &home.next_signer()));
    let unsigned = flags.account.unsigned;
    relink(flags, home, printer, refuse_the_same, |_, link, signature| Verb::Unjail { link, signature }).await?;
    if is_next && unsigned {
        printer.say("when it is mined, run `williw keys rotate`: it takes the new signer into use");
    } else if is_next {
        take_into_use(home, settings.network.id()).await?;
    }
    Ok(())
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The signer that brought an operator into jail does not bring it out.
fn refuse_the_same(operator: &StandingOnChain, signer: Signer) -> Result<(), Failure> {
    if operator.jailed_until.is_some() && operator.signer == signer {
        return Err(Failure::usage(format_args!(
            "this operator has signer {signer} already, and a jail ends with another"
        ))
        .hint("`williw keys rotate` makes one, and says how to name it"));
    }
    Ok(())
}

/// What is said to whoever wants the next signer named, which was made, for an operator that is jailed.
pub(super) fn in_jail(next: Signer, until: UnixSeconds, chain: ChainId, home: &Home) -> Failure {
    let text = format_args!("this operator is jailed; the next signer, {next}, is made and waits").to_string();
    Failure::new(ExitStatus::Outside, text).hint(format_args!(
        "name it from {} on with `williw unjail --chain {chain} --signer {} --signer-password-file {}`",
        utc(until),
        home.next_signer().display(),
        home.next_signer_password().display()
    ))
}
