//! The methods that move the network, all with one object of parameters.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use solana_address::Address;
use solana_keypair::Keypair;
use solana_signature::Signature;
use solana_signer::Signer;

use super::params::Config;
use super::{Answer, Fault, Network};
use crate::chain::blocks::{MAX_AGE, MAX_JUMP_SECONDS, MAX_JUMP_SLOTS};
use crate::face::lie::LIES_CAP;
use crate::face::{Commitment, Face, Lie, Mail};
use crate::faucet::Whose;
use crate::tokens;

/// No program is longer on a chain.
const BYTECODE_CAP: u64 = 10 * 1_024 * 1_024;
const WITHHELD_CAP: usize = 10_000;
const MOST_DECIMALS: u64 = 20;
/// Statuses of so many blocks come out of memory; a store that is farther behind would be missed there too.
const HISTORY_LAG_CAP: u64 = 2 * MAX_AGE;

pub(super) fn answer(network: &mut Network, verb: &str, params: Value) -> Answer {
    let mut control = Control { asked: Config(object(params)?), network };
    match verb {
        "airdrop" => control.airdrop(),
        "mint" => control.mint(),
        "fund" => control.fund(),
        "deploy" => control.deploy(),
        "advance" => control.advance(),
        "revert" => control.revert(),
        "hold" => control.hold(),
        "release" => control.release(),
        "release_all" => control.release_all(),
        "withhold" => control.withhold(),
        "history_lag" => control.history_lag(),
        "drop" => control.mail(|mail, next, _| mail.drop = next),
        "mute" => control.mail(|mail, next, _| mail.mute = next),
        "delay" => control.mail(|mail, next, slots| (mail.delay, mail.delay_slots) = (next, slots)),
        "lie" => control.lie(),
        "state" => control.state(),
        _ => Err(Fault::new(-32601, "Method not found")),
    }
}

/// One object, by itself or as the only one in a list.
fn object(params: Value) -> Result<Map<String, Value>, Fault> {
    match params {
        Value::Null => Ok(Map::new()),
        Value::Object(map) => Ok(map),
        Value::Array(list) if list.is_empty() => Ok(Map::new()),
        Value::Array(list) => match <[Value; 1]>::try_from(list) {
            Ok([Value::Object(map)]) => Ok(map),
            _ => Err(Fault::params("one object is needed")),
        },
        _ => Err(Fault::params("one object is needed")),
    }
}

struct Control<'a> {
    asked: Config,
    network: &'a mut Network,
}

impl Control<'_> {
    // Money and programs.

    fn airdrop(&mut self) -> Answer {
        let (to, lamports) = (self.needed("address")?, self.number("lamports")?);
        let executed = self.network.chain.airdrop(&to, lamports).map_err(Fault::control)?;
        Ok(json!({ "signature": executed.signature.to_string() }))
    }

    fn mint(&mut self) -> Answer {
        let decimals = self.number("decimals")?;
        if decimals > MOST_DECIMALS {
            return Err(Fault::params(format!("`decimals` is at most {MOST_DECIMALS}")));
        }
        let decimals = u8::try_from(decimals).expect("it is below the cap");
        let program = self.asked.base58("tokenProgram")?.unwrap_or(tokens::LEGACY);
        if !tokens::is_token_program(&program) {
            return Err(Fault::params(format!("{program} is no token program")));
        }
        let mint = match self.asked.get("mint") {
            Some(whose) => whose_is(whose)?,
            None => Whose::Key(Box::new(Keypair::new())),
        };
        let mint = self.network.chain.mint(&mint, decimals, &program).map_err(Fault::control)?;
        Ok(json!({ "mint": mint.to_string() }))
    }

    fn fund(&mut self) -> Answer {
        let (mint, owner, amount) = (self.needed("mint")?, self.needed("owner")?, self.number("amount")?);
        let account = self.network.chain.fund(&mint, &owner, amount).map_err(Fault::control)?;
        Ok(json!({ "account": account.to_string() }))
    }

    fn deploy(&mut self) -> Answer {
        let missing = || Fault::params("`program` and `authority` are needed");
        let program = whose_is(self.asked.get("program").ok_or_else(missing)?)?;
        let authority = whose_is(self.asked.get("authority").ok_or_else(missing)?)?.address();
        let path = self.asked.text("so")?.ok_or_else(|| Fault::params("`so` is needed, the path of the bytecode"))?;
        let bytecode = read_bytecode(Path::new(path)).map_err(|error| Fault::control(format!("{path}: {error}")))?;
        let slot = self.network.chain.newest();
        let program_data = self.network.chain.deploy(&program, &bytecode, &authority).map_err(Fault::control)?;
        self.network.settle();
        let program = program.address().to_string();
        Ok(json!({ "program": program, "programData": program_data.to_string(), "slot": slot }))
    }

    // Time.

    fn advance(&mut self) -> Answer {
        let (slots, seconds) = (self.asked.u64("slots")?, self.asked.u64("seconds")?);
        if slots > Some(MAX_JUMP_SLOTS) || seconds > Some(MAX_JUMP_SECONDS) {
            let message = format!("at most {MAX_JUMP_SLOTS} slots and {MAX_JUMP_SECONDS} seconds at once");
            return Err(Fault::params(message));
        }
        let chain = &mut self.network.chain;
        let (slots, span_ms) = match (slots, seconds) {
            (None, None) => (1, chain.span_of(1)),
            (Some(slots), None) => (slots, chain.span_of(slots)),
            (None, Some(seconds)) => (chain.slots_in(seconds), seconds * 1_000),
            (Some(slots), Some(seconds)) => (slots, seconds * 1_000),
        };
        if slots == 0 {
            return Err(Fault::params("time passes with slots: `slots` has to be above zero"));
        }
        chain.jump(slots, span_ms);
        self.network.settle();
        self.state()
    }

    fn revert(&mut self) -> Answer {
        let (to_slot, force) = (self.number("toSlot")?, self.asked.flag("force")?);
        let last = self.network.faces.iter().map(Face::final_slot).max().unwrap_or(0);
        if to_slot < last && !force {
            let message =
                format!("slot {last} is final at an endpoint; hold `finalized` below, or add \"force\": true");
            return Err(Fault::control(message));
        }
        self.network.chain.revert(to_slot).map_err(Fault::control)?;
        for face in &mut self.network.faces {
            face.forget_above(to_slot);
        }
        self.network.settle();
        self.state()
    }

    fn state(&mut self) -> Answer {
        let chain = &self.network.chain;
        let faces = (0..self.network.faces.len()).map(|face| {
            let slot = |commitment| self.network.view(face, commitment).slot;
            json!({ "confirmed": slot(Commitment::Confirmed), "finalized": slot(Commitment::Finalized) })
        });
        let (slot, block) = chain.block_through(chain.newest());
        Ok(json!({
            "slot": slot,
            "height": block.height,
            "time": block.time(),
            "blockhash": block.hash.to_string(),
            "faces": faces.collect::<Vec<_>>(),
        }))
    }

    // What endpoints show.

    fn hold(&mut self) -> Answer {
        let (commitment, at) = (self.held()?, self.asked.u64("at")?);
        self.each(|chain, face| face.hold(chain, commitment, at))
    }

    fn release(&mut self) -> Answer {
        let commitment = self.held()?;
        self.each(|chain, face| face.release(chain, commitment))
    }

    fn release_all(&mut self) -> Answer {
        self.each(|chain, face| face.release_all(chain))
    }

    fn held(&self) -> Result<Commitment, Fault> {
        match self.asked.text("commitment")? {
            Some("confirmed") => Ok(Commitment::Confirmed),
            Some("finalized") => Ok(Commitment::Finalized),
            _ => Err(Fault::params("`commitment` is `confirmed` or `finalized`")),
        }
    }

    fn withhold(&mut self) -> Answer {
        let (signature, account) =
            (self.asked.base58::<Signature>("signature")?, self.asked.base58::<Address>("account")?);
        if signature.is_none() && account.is_none() {
            return Err(Fault::params("`signature` or `account` is needed"));
        }
        let full = |face: &Face| face.withheld_transactions.len() + face.withheld_accounts.len() >= WITHHELD_CAP;
        if self.network.faces.iter().any(full) {
            return Err(Fault::control(format!("at most {WITHHELD_CAP} things are withheld")));
        }
        self.each(|_, face| {
            face.withheld_transactions.extend(signature);
            face.withheld_accounts.extend(account);
        })
    }

    fn history_lag(&mut self) -> Answer {
        let slots = self.number("slots")?;
        if slots > HISTORY_LAG_CAP {
            return Err(Fault::params(format!("at most {HISTORY_LAG_CAP} slots")));
        }
        self.each(|_, face| face.history_lag = slots)
    }

    fn mail(&mut self, set: impl Fn(&mut Mail, u64, u64)) -> Answer {
        let (next, slots) = (self.number("next")?, self.asked.u64("slots")?.unwrap_or(1));
        if slots > MAX_JUMP_SLOTS {
            return Err(Fault::params(format!("at most {MAX_JUMP_SLOTS} slots")));
        }
        self.each(|_, face| set(&mut face.mail, next, slots))
    }

    fn lie(&mut self) -> Answer {
        let mut words = self.asked.0.clone();
        words.remove("face");
        let lie = Lie::deserialize(Value::Object(words)).map_err(Fault::params)?;
        if self.network.faces.iter().any(|face| face.lies.len() >= LIES_CAP) && !matches!(lie, Lie::Honest) {
            return Err(Fault::control(format!("an endpoint tells at most {LIES_CAP} lies")));
        }
        self.each(|_, face| match &lie {
            Lie::Honest => face.lies.clear(),
            lie => face.lies.push(lie.clone()),
        })
    }

    /// Changes the endpoint that was named, or all of them.
    fn each(&mut self, change: impl Fn(&crate::chain::Chain, &mut Face)) -> Answer {
        let faces = &mut self.network.faces;
        let number = faces.len();
        let chosen = match self.asked.u64("face")? {
            None => &mut faces[..],
            Some(face) => {
                let place = usize::try_from(face).ok().filter(|place| *place < number);
                let place = place.ok_or_else(|| Fault::params(format!("there are {number} faces, counted from 0")))?;
                &mut faces[place..=place]
            }
        };
        chosen.iter_mut().for_each(|face| change(&self.network.chain, face));
        self.state()
    }

    // What is asked.

    fn needed(&self, name: &str) -> Result<Address, Fault> {
        self.asked.base58(name)?.ok_or_else(|| Fault::params(format!("`{name}` is needed")))
    }

    fn number(&self, name: &str) -> Result<u64, Fault> {
        self.asked.u64(name)?.ok_or_else(|| Fault::params(format!("`{name}` is needed")))
    }
}

/// A keypair as Solana's tools write it, or an address.
fn whose_is(value: &Value) -> Result<Whose, Fault> {
    let wrong = || Fault::params("64 numbers of a keypair are needed, or an address in base 58");
    match value {
        Value::String(words) => Ok(Whose::Address(super::params::base58(words)?)),
        Value::Array(numbers) => {
            let bytes: Option<Vec<u8>> = numbers.iter().map(|number| u8::try_from(number.as_u64()?).ok()).collect();
            let key = Keypair::try_from(bytes.ok_or_else(wrong)?.as_slice()).map_err(|_| wrong())?;
            // A file in which the two halves do not belong together would sign for nobody.
            let whole = Keypair::new_from_array(*key.secret_bytes()).pubkey() == key.pubkey();
            if whole { Ok(Whose::Key(Box::new(key))) } else { Err(wrong()) }
        }
        _ => Err(wrong()),
    }
}

fn read_bytecode(path: &Path) -> std::io::Result<Vec<u8>> {
    if std::fs::metadata(path)?.len() > BYTECODE_CAP {
        return Err(std::io::Error::other(format!("more than {BYTECODE_CAP} bytes")));
    }
    std::fs::read(path)
}
