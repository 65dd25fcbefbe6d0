//! The deployed bytecode in an EVM of this process: the same instructions that a chain runs, without the chain.

use alloy::primitives::{Address, Bytes, Log, U256};
use alloy::sol_types::SolCall;
use revm::context::result::ExecutionResult;
use revm::context::{BlockEnv, TxEnv};
use revm::database::InMemoryDB;
use revm::handler::MainnetContext;
use revm::primitives::TxKind;
use revm::primitives::hardfork::SpecId;
use revm::{
    Context, Database as _, ExecuteCommitEvm as _, ExecuteEvm as _, MainBuilder as _, MainContext as _, MainnetEvm,
};
use williw_core::model::Block;

use crate::world::CHAIN_ID;

/// What any transaction may use; none of ours comes near it.
const GAS: u64 = 30_000_000;

pub(super) struct Machine {
    evm: MainnetEvm<MainnetContext<InMemoryDB>>,
}

/// What came of a transaction: what it returned and logged, or the bytes it was reverted with.
pub(super) type Outcome = Result<Done, Bytes>;

#[derive(Debug)]
pub(super) struct Done {
    pub(super) returned: Bytes,
    pub(super) logs: Vec<Log>,
    pub(super) created: Option<Address>,
}

impl Machine {
    /// A chain with nothing on it. Gas costs nothing, and nonces are not counted: neither is what is compared.
    pub(super) fn new() -> Self {
        let context = Context::mainnet().with_db(InMemoryDB::default()).modify_cfg_chained(|cfg| {
            cfg.set_spec_and_mainnet_gas_params(SpecId::PRAGUE);
            (cfg.chain_id, cfg.disable_nonce_check) = (CHAIN_ID, true);
        });
        Self { evm: context.build_mainnet() }
    }

    /// The block that what follows runs in.
    pub(super) fn enter(&mut self, at: Block) {
        let (number, timestamp) = (U256::from(at.height.0), U256::from(at.time.0));
        self.evm.set_block(BlockEnv { number, timestamp, ..BlockEnv::default() });
    }

    pub(super) fn create(&mut self, from: Address, code: Bytes) -> Outcome {
        self.commit(transaction(from, TxKind::Create, U256::ZERO, code))
    }

    pub(super) fn call(&mut self, from: Address, to: Address, value: U256, input: Bytes) -> Outcome {
        self.commit(transaction(from, TxKind::Call(to), value, input))
    }

    fn commit(&mut self, transaction: TxEnv) -> Outcome {
        sorted(self.evm.transact_commit(transaction).unwrap())
    }

    /// Asks without leaving a trace.
    pub(super) fn try_view<C: SolCall>(&mut self, of: Address, call: &C) -> Result<C::Return, Bytes> {
        let input = call.abi_encode().into();
        let result = self.evm.transact(transaction(Address::ZERO, TxKind::Call(of), U256::ZERO, input)).unwrap().result;
        sorted(result).map(|done| C::abi_decode_returns(&done.returned).unwrap())
    }

    /// Asks what is never refused.
    pub(super) fn view<C: SolCall>(&mut self, of: Address, call: &C) -> C::Return {
        self.try_view(of, call).unwrap_or_else(|refused| panic!("{} is refused: {refused}", C::SIGNATURE))
    }

    /// What lies in a slot, as a storage proof would show it.
    pub(super) fn slot(&mut self, of: Address, slot: u64) -> U256 {
        self.evm.ctx.journaled_state.database.storage(of, U256::from(slot)).unwrap()
    }

    pub(super) fn balance(&mut self, of: Address) -> U256 {
        self.evm.ctx.journaled_state.database.basic(of).unwrap().unwrap_or_default().balance
    }

    /// Gives an account coins of the chain.
    pub(super) fn endow(&mut self, account: Address, wei: U256) {
        let info = revm::state::AccountInfo { balance: wei, ..Default::default() };
        self.evm.ctx.journaled_state.database.insert_account_info(account, info);
    }
}

fn transaction(from: Address, kind: TxKind, value: U256, data: Bytes) -> TxEnv {
    TxEnv { caller: from, kind, value, data, gas_limit: GAS, chain_id: Some(CHAIN_ID), ..TxEnv::default() }
}

fn sorted(result: ExecutionResult) -> Outcome {
    match result {
        ExecutionResult::Success { logs, output, .. } => {
            let created = output.address().copied();
            Ok(Done { returned: output.into_data(), logs, created })
        }
        ExecutionResult::Revert { output, .. } => Err(output),
        ExecutionResult::Halt { reason, .. } => panic!("the machine stopped: {reason:?}"),
    }
}
