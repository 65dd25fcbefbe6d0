//! Programs, by the transactions of the upgradeable loader.

use solana_account::{Account, AccountSharedData};
use solana_address::Address;
use solana_keypair::Keypair;
use solana_loader_v3_interface::state::UpgradeableLoaderState;
use solana_loader_v3_interface::{get_program_data_address, instruction as loader};
use solana_sdk_ids::bpf_loader_upgradeable;
use solana_signer::Signer;

use crate::chain::Chain;
use crate::faucet::Whose;

/// What fits a transaction beside everything else in it.
const CHUNK: usize = 900;

impl Chain {
    /// Deploys, and ends the slot: when this is done, the program can be called.
    ///
    /// A program whose key is not known is written instead, as the loader would have left it.
    pub(crate) fn deploy(&mut self, program: &Whose, bytecode: &[u8], authority: &Address) -> Result<Address, String> {
        let address = program.address();
        if self.engine.account(&address).is_some() {
            return Err(format!("there is something at {address} already"));
        }
        match program {
            Whose::Key(key) => self.deploy_by_loader(key, bytecode, authority)?,
            Whose::Address(_) => self.write_program(&address, bytecode, authority)?,
        }
        self.tick();
        Ok(get_program_data_address(&address))
    }

    fn deploy_by_loader(&mut self, program: &Keypair, bytecode: &[u8], authority: &Address) -> Result<(), String> {
        let (faucet, buffer) = (self.faucet.insecure_clone(), Keypair::new());
        let (me, size) = (faucet.pubkey(), bytecode.len());
        let rent = self.engine.rent(UpgradeableLoaderState::size_of_buffer(size));
        let create =
            loader::create_buffer(&me, &buffer.pubkey(), &me, rent, size).map_err(|error| error.to_string())?;
        self.call(&create, &[&faucet, &buffer])?;
        for (index, chunk) in bytecode.chunks(CHUNK).enumerate() {
            let offset = u32::try_from(index * CHUNK).map_err(|_| "the bytecode is too long".to_owned())?;
            self.call(&[loader::write(&buffer.pubkey(), &me, offset, chunk.to_vec())], &[&faucet])?;
        }
        let rent = self.engine.rent(UpgradeableLoaderState::size_of_program());
        let deploy =
            loader::deploy_with_max_program_len(&me, &program.pubkey(), &buffer.pubkey(), &me, rent, size, true)
                .map_err(|error| error.to_string())?;
        self.call(&deploy, &[&faucet, program])?;
        self.call(&[loader::set_upgrade_authority(&program.pubkey(), &me, Some(authority))], &[&faucet])?;
        Ok(())
    }

    fn write_program(&mut self, program: &Address, bytecode: &[u8], authority: &Address) -> Result<(), String> {
        let at = get_program_data_address(program);
        let head =
            UpgradeableLoaderState::ProgramData { slot: self.newest(), upgrade_authority_address: Some(*authority) };
        let pointer = UpgradeableLoaderState::Program { programdata_address: at };
        let encode = |state: &UpgradeableLoaderState| wincode::serialize(state).map_err(|error| error.to_string());
        let data = [encode(&head)?, bytecode.to_vec()].concat();
        let accounts = [(at, data, false), (*program, encode(&pointer)?, true)];
        let accounts = accounts.map(|(address, data, executable)| {
            let lamports = self.engine.rent(data.len());
            let account =
                Account { lamports, data, owner: bpf_loader_upgradeable::ID, executable, ..Account::default() };
            (address, AccountSharedData::from(account))
        });
        self.write(accounts.to_vec())
    }
}
