//! Transactions and what came of them.

use anchor_lang::prelude::Pubkey;
use litesvm::types::{FailedTransactionMetadata, TransactionMetadata};
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_sdk_ids::system_program;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;
use spl_token_2022_interface::error::TokenError;
use williw_core::fact::Fact;

use super::{Event, World, events, tokens};

/// The most bytes of a transaction that the network takes.
const PACKET_BYTES: usize = 1_232;

/// A transaction that went through.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    pub(crate) events: Vec<Event>,
    /// What the last instruction returned.
    pub(crate) returned: Vec<u8>,
    /// The compute units of the whole transaction.
    pub(crate) units: u64,
    /// How large the transaction was, signatures included.
    pub(crate) bytes: usize,
    pub(crate) logs: Vec<String>,
}

/// A transaction that was refused, and so changed nothing.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    /// The program's refusal or Anchor's error by its bare name (`Paused`, `ConstraintSeeds`), another program's error
    /// with its name in front (`token: InsufficientFunds`), the runtime's own in its spelling.
    pub(crate) why: String,
    pub(crate) logs: Vec<String>,
}

impl Receipt {
    /// The number that the instruction returned.
    pub(crate) fn number(&self) -> u64 {
        u64::from_le_bytes(self.returned.as_slice().try_into().expect("the instruction returns a number"))
    }

    pub(crate) fn facts(&self) -> Vec<Fact> {
        let fact = |event: &Event| if let Event::Recorded(fact) = event { Some(fact.clone()) } else { None };
        self.events.iter().filter_map(fact).collect()
    }
}

impl World {
    /// Sends one transaction; the courier pays its fee, and everybody signs who is asked to.
    pub(crate) fn send(&mut self, instructions: &[Instruction]) -> Result<Receipt, Refused> {
        self.send_paid_by(self.site.payer, instructions)
    }

    pub(crate) fn send_paid_by(&mut self, payer: Pubkey, instructions: &[Instruction]) -> Result<Receipt, Refused> {
        let (transaction, bytes) = self.signed(payer, instructions);
        assert!(bytes <= PACKET_BYTES, "{bytes} bytes are more than a packet holds");
        self.run(transaction, bytes)
    }

    /// The same, however large it is: the SVM knows no packets.
    pub(crate) fn send_unpacked(&mut self, instructions: &[Instruction]) -> Result<Receipt, Refused> {
        let (transaction, bytes) = self.signed(self.site.payer, instructions);
        self.run(transaction, bytes)
    }

    /// One transaction, and how many bytes it has.
    fn signed(&self, payer: Pubkey, instructions: &[Instruction]) -> (Transaction, usize) {
        let message = Message::new(instructions, Some(&payer));
        let signed = usize::from(message.header.num_required_signatures);
        let keys: Vec<Keypair> = message.account_keys[..signed].iter().map(|key| self.key_of(key)).collect();
        let mut transaction = Transaction::new_unsigned(message);
        transaction.sign(&keys.iter().collect::<Vec<_>>(), self.svm.latest_blockhash());
        // One byte counts the signatures.
        let bytes = 1 + 64 * signed + transaction.message.serialize().len();
        (transaction, bytes)
    }

    fn run(&mut self, transaction: Transaction, bytes: usize) -> Result<Receipt, Refused> {
        let message = transaction.message.clone();
        match self.svm.send_transaction(transaction) {
            Ok(meta) => Ok(receipt(&message, meta, bytes)),
            Err(failed) => Err(refused(failed)),
        }
    }

    /// The transaction goes through, or the test fails.
    #[track_caller]
    pub(crate) fn must(&mut self, instruction: Instruction) -> Receipt {
        match self.send(&[instruction]) {
            Ok(receipt) => receipt,
            Err(refused) => panic!("refused with {}:\n{}", refused.why, refused.logs.join("\n")),
        }
    }

    /// The transaction is refused for exactly this reason, or the test fails.
    #[track_caller]
    pub(crate) fn refuses(&mut self, why: &str, instruction: Instruction) {
        match self.send(&[instruction]) {
            Ok(_) => panic!("this should have been refused with {why}"),
            Err(refused) => assert_eq!(refused.why, why, "\n{}", refused.logs.join("\n")),
        }
    }
}

fn receipt(message: &Message, meta: TransactionMetadata, bytes: usize) -> Receipt {
    Receipt {
        events: events::of(message, &meta),
        returned: meta.return_data.data,
        units: meta.compute_units_consumed,
        bytes,
        logs: meta.logs,
    }
}

fn refused(failed: FailedTransactionMetadata) -> Refused {
    let logs = failed.meta.logs;
    let why = match &failed.err {
        TransactionError::InstructionError(_, InstructionError::Custom(code)) => spelled(*code, &logs),
        TransactionError::InstructionError(_, error) => format!("{error:?}"),
        error => format!("{error:?}"),
    };
    Refused { why, logs }
}

/// The name of a program's own error, which is only a number outside that program.
fn spelled(code: u32, logs: &[String]) -> String {
    // The program that failed first logs first that it did; those that called it follow.
    let failed = logs.iter().find_map(|line| line.strip_prefix("Program ")?.split_once(" failed: ")).map(|(id, _)| id);
    let program: Pubkey = failed.and_then(|id| id.parse().ok()).expect("the log names who failed");
    if program == williw_program::ID {
        // Anchor logs every error by name and number before it returns the number.
        let number = format!(". Error Number: {code}.");
        let named = |line: &String| Some(line.split_once("Error Code: ")?.1.split_once(&number)?.0.to_owned());
        return logs.iter().rev().find_map(named).unwrap_or_else(|| panic!("no error is named {code}: {logs:#?}"));
    }
    if program == tokens::LEGACY || program == tokens::TOKEN_2022 {
        return TokenError::try_from(code)
            .map_or_else(|_| format!("token: {code}"), |error| format!("token: {error:?}"));
    }
    if program == system_program::ID { format!("system: {code}") } else { format!("{program}: {code}") }
}
