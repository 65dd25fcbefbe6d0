//! What is printed for whoever signs and sends elsewhere.

use serde::Serialize;
use williw_chain::address;
use williw_chain::solana::send as unsigned;
use williw_chain::verb::Call;
use williw_core::identity::{Account, ChainId, Owner};

use super::hex;
use crate::exit::Failure;
use crate::printer::Printer;

#[derive(Serialize)]
struct Unsigned {
    chain: String,
    calls: Vec<UnsignedCall>,
}

#[derive(Serialize)]
struct UnsignedCall {
    what: String,
    to: String,
    value: String,
    data: String,
}

#[derive(Serialize)]
struct UnsignedTransactions {
    chain: String,
    transactions: Vec<UnsignedTransaction>,
}

#[derive(Serialize)]
struct UnsignedTransaction {
    what: String,
    /// In base64, without signatures and with a blockhash of zeros.
    transaction: String,
    /// Its message in base58, as Squads imports it.
    message: String,
    instructions: Vec<UnsignedInstruction>,
}

#[derive(Serialize)]
struct UnsignedInstruction {
    program: String,
    accounts: Vec<UnsignedAccount>,
    data: String,
}

#[derive(Serialize)]
struct UnsignedAccount {
    address: String,
    signer: bool,
    writable: bool,
}

impl UnsignedInstruction {
    fn of(instruction: unsigned::UnsignedInstruction) -> Self {
        let account = |account: &unsigned::NamedAccount| UnsignedAccount {
            address: account.address.base58(),
            signer: account.is_signer,
            writable: account.is_writable,
        };
        Self {
            program: instruction.program.base58(),
            accounts: instruction.accounts.iter().map(account).collect(),
            data: hex(&instruction.data),
        }
    }
}

pub(super) fn print(calls: &[Call], from: Owner, printer: &Printer) -> Result<(), Failure> {
    match from.chain {
        ChainId::Base => print_calldata(calls, printer),
        ChainId::Solana => print_transactions(calls, from.account, printer)?,
    }
    Ok(())
}

fn print_calldata(calls: &[Call], printer: &Printer) {
    let unsigned = |call: &Call| UnsignedCall {
        what: call.what.clone(),
        to: address_of(call.to),
        value: call.value.to_string(),
        data: hex(&call.data),
    };
    let calls: Vec<UnsignedCall> = calls.iter().map(unsigned).collect();
    let text = |UnsignedCall { what, to, value, data }: &UnsignedCall| {
        format!("{what}\n  to     {to}\n  value  {value}\n  data   {data}")
    };
    let text: Vec<String> = calls.iter().map(text).collect();
    printer.say("nothing was sent; send these in this order");
    printer.result(&Unsigned { chain: ChainId::Base.to_string(), calls }, text.join("\n"));
}

/// An address of Base without capitals, as other programs compare it.
fn address_of(account: Account) -> String {
    address::shown(account).to_lowercase()
}

fn print_transactions(calls: &[Call], from: Account, printer: &Printer) -> Result<(), Failure> {
    let mut transactions = Vec::new();
    for call in calls {
        let unsigned = unsigned::unsigned(call, from).map_err(|error| Failure::of(ChainId::Solana, error))?;
        let unsigned::Unsigned { transaction, message, instructions } = unsigned;
        let instructions = instructions.into_iter().map(UnsignedInstruction::of).collect();
        transactions.push(UnsignedTransaction { what: call.what.clone(), transaction, message, instructions });
    }
    let text = |unsigned: &UnsignedTransaction| {
        let UnsignedTransaction { what, transaction, message, .. } = unsigned;
        format!("{what}\n  transaction  {transaction}\n  message      {message}")
    };
    let text: Vec<String> = transactions.iter().map(text).collect();
    printer.say("nothing was sent; whoever signs this puts a fresh blockhash in");
    let chain = ChainId::Solana.to_string();
    printer.result(&UnsignedTransactions { chain, transactions }, text.join("\n"));
    Ok(())
}
