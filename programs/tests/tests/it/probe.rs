//! The probe: a program that answers questions, in an SVM of its own. The bytecode is `programs/bytecode/probe.so`, or the
//! file that `WILLIW_PROBE_SO` names.

use std::path::PathBuf;

use litesvm::LiteSVM;
use litesvm::types::{FailedTransactionMetadata, SimulatedTransactionInfo};
use solana_address::Address;
use solana_instruction::Instruction;
use solana_instruction::error::InstructionError;
use solana_keypair::Keypair;
use solana_message::Message;
use solana_signer::Signer as _;
use solana_transaction::Transaction;
use solana_transaction_error::TransactionError;

const PROGRAM: Address = Address::new_from_array([0x9b; 32]);

pub(crate) struct Probe {
    svm: LiteSVM,
    payer: Keypair,
}

impl Probe {
    pub(crate) fn new() -> Self {
        let checked_in = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../bytecode/probe.so");
        let path = std::env::var_os("WILLIW_PROBE_SO").map_or_else(checked_in, PathBuf::from);
        let bytecode =
            std::fs::read(&path).unwrap_or_else(|error| panic!("no bytecode at {}: {error}", path.display()));
        let mut svm = LiteSVM::new()
            .with_mainnet_features()
            .with_sigverify(false)
            .with_blockhash_check(false)
            .with_transaction_history(0);
        svm.add_program(PROGRAM, &bytecode).expect("the bytecode loads");
        let payer = Keypair::new_from_array([7; 32]);
        svm.airdrop(&payer.pubkey(), 1_000_000_000).expect("there is enough");
        Self { svm, payer }
    }

    /// What the program answers, as so many bytes.
    pub(crate) fn ask(&self, tag: u8, question: &[u8], size: usize) -> Result<Vec<u8>, InstructionError> {
        match self.simulate(tag, question) {
            Ok(done) => {
                let mut returned = done.meta.return_data.data;
                // The runtime leaves out zeros at the end.
                assert!(returned.len() <= size, "{} bytes were returned", returned.len());
                returned.resize(size, 0);
                Ok(returned)
            }
            Err(failed) => match failed.err {
                TransactionError::InstructionError(0, error) => Err(error),
                error => panic!("the question was not asked: {error:?}"),
            },
        }
    }

    /// All that the program answers; it always does.
    pub(crate) fn reply(&self, tag: u8, question: &[u8]) -> Vec<u8> {
        match self.simulate(tag, question) {
            Ok(done) => done.meta.return_data.data,
            Err(failed) => panic!("{:?}: {:#?}", failed.err, failed.meta.logs),
        }
    }

    /// What the program logs while it answers.
    pub(crate) fn logs(&self, tag: u8, question: &[u8]) -> Vec<String> {
        match self.simulate(tag, question) {
            Ok(done) => done.meta.logs,
            Err(failed) => failed.meta.logs,
        }
    }

    fn simulate(&self, tag: u8, question: &[u8]) -> Result<SimulatedTransactionInfo, Box<FailedTransactionMetadata>> {
        let instruction = Instruction::new_with_bytes(PROGRAM, &[&[tag], question].concat(), Vec::new());
        let message = Message::new(&[instruction], Some(&self.payer.pubkey()));
        let transaction = Transaction::new(&[&self.payer], message, self.svm.latest_blockhash());
        self.svm.simulate_transaction(transaction).map_err(Box::new)
    }
}
