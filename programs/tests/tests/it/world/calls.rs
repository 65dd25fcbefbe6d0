//! The instructions of the program, with the accounts that an honest caller names.
//!
//! A test that wants another account in a place writes it there: `instruction.accounts` has the order of the IDL.

use anchor_lang::prelude::Pubkey;
use anchor_lang::{InstructionData, ToAccountMetas};
use solana_instruction::{AccountMeta, Instruction};
use solana_sdk_ids::system_program;
use williw_core::cycle::Cycle;
use williw_core::identity::Signer;
use williw_core::link;
use williw_core::merkle::Proof;
use williw_core::secp256k1::Signature;
use williw_core::statement;
use williw_program::rules::links::LinkTerms;
use williw_program::rules::roots::RewardRoot;
use williw_program::rules::terms::{PoolTerms, VaultTerms};
use williw_program::{ID, Plan, accounts, instruction};

use super::{deployment, tokens};

/// What instructions need to know about the world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// Pays fees, and the rent of accounts.
    pub(crate) payer: Pubkey,
    /// May upgrade the program, and so initialises it.
    pub(crate) authority: Pubkey,
    pub(crate) mint: Pubkey,
    pub(crate) token_program: Pubkey,
}

pub(crate) fn pda(seeds: &[&[u8]]) -> Pubkey {
    Pubkey::find_program_address(seeds, &ID).0
}

pub(crate) fn config() -> Pubkey {
    pda(&[b"config"])
}

pub(crate) fn stake_tokens() -> Pubkey {
    pda(&[b"stake"])
}

pub(crate) fn reward_tokens() -> Pubkey {
    pda(&[b"rewards"])
}

pub(crate) fn operator(owner: Pubkey) -> Pubkey {
    pda(&[b"operator", owner.as_ref()])
}

pub(crate) fn tenure(signer: Signer) -> Pubkey {
    pda(&[b"signer", &signer.0])
}

pub(crate) fn bounty(beneficiary: Pubkey) -> Pubkey {
    pda(&[b"bounty", beneficiary.as_ref()])
}

pub(crate) fn claimant(owner: Pubkey) -> Pubkey {
    pda(&[b"claimant", owner.as_ref()])
}

pub(crate) fn tally(cycle: Cycle, root: &statement::RewardRoot) -> Pubkey {
    pda(&[b"tally", &cycle.0.to_le_bytes(), &root.digest().0])
}

pub(crate) fn event_authority() -> Pubkey {
    pda(&[b"__event_authority"])
}

fn call(accounts: &impl ToAccountMetas, arguments: &impl InstructionData) -> Instruction {
    Instruction { program_id: ID, accounts: accounts.to_account_metas(None), data: arguments.data() }
}

fn terms(link: &link::LinkTerms) -> LinkTerms {
    LinkTerms { peer: link.peer.0, signer: link.signer.0, nonce: link.nonce, peer_signature: link.peer_signature.0 }
}

pub(crate) fn posted(root: &statement::RewardRoot) -> RewardRoot {
    RewardRoot {
        root: root.root.0,
        total_base: root.total_base.0,
        total_solana: root.total_solana.0,
        blob_hash: root.blob_hash.0,
    }
}

/// Accounts that nearly every instruction ends with are not worth writing out each time.
macro_rules! accounts {
    ($name:ident { $($field:ident $(: $value:expr)?),* $(,)? }) => {
        accounts::$name {
            $($field $(: $value)?,)*
            event_authority: event_authority(),
            program: ID,
        }
    };
}

impl Site {
    /// The token account in which a wallet keeps the stake's token.
    pub(crate) fn purse(&self, wallet: Pubkey) -> Pubkey {
        tokens::home(wallet, self.mint, self.token_program)
    }

    pub(crate) fn initialize(&self, plan: Plan) -> Instruction {
        let accounts = accounts!(Initialize {
            payer: self.payer,
            authority: self.authority,
            config: config(),
            mint: self.mint,
            stake_tokens: stake_tokens(),
            reward_tokens: reward_tokens(),
            program_data: deployment::program_data(),
            token_program: self.token_program,
            system_program: system_program::ID,
        });
        call(&accounts, &instruction::Initialize { plan })
    }

    // The vault.

    pub(crate) fn register(&self, owner: Pubkey, amount: u64, link: &link::LinkTerms, signature: &[u8]) -> Instruction {
        let accounts = accounts!(Register {
            owner,
            payer: self.payer,
            config: config(),
            operator: operator(owner),
            tenure: tenure(link.signer),
            source: self.purse(owner),
            stake_tokens: stake_tokens(),
            mint: self.mint,
            token_program: self.token_program,
            system_program: system_program::ID,
        });
        call(&accounts, &instruction::Register { amount, link: terms(link), signature: signature.to_vec() })
    }

    /// `funder` adds to the stake of `owner`.
    pub(crate) fn stake(&self, funder: Pubkey, owner: Pubkey, amount: u64) -> Instruction {
        let accounts = accounts!(Stake {
            funder,
            config: config(),
            operator: operator(owner),
            source: self.purse(funder),
            stake_tokens: stake_tokens(),
            mint: self.mint,
            token_program: self.token_program,
        });
        call(&accounts, &instruction::Stake { amount })
    }

    pub(crate) fn unstake(&self, owner: Pubkey, amount: u64) -> Instruction {
        let accounts = accounts!(Unstake { owner, config: config(), operator: operator(owner) });
        call(&accounts, &instruction::Unstake { amount })
    }

    pub(crate) fn restake(&self, owner: Pubkey, ticket: u64) -> Instruction {
        let accounts = accounts!(Restake { owner, config: config(), operator: operator(owner) });
        call(&accounts, &instruction::Restake { ticket })
    }

    pub(crate) fn withdraw(&self, owner: Pubkey, limit: u64) -> Instruction {
        let accounts = accounts!(Withdraw {
            owner,
            config: config(),
            operator: operator(owner),
            destination: self.purse(owner),
            stake_tokens: stake_tokens(),
            mint: self.mint,
            token_program: self.token_program,
        });
        call(&accounts, &instruction::Withdraw { limit })
    }

    pub(crate) fn collect(&self, beneficiary: Pubkey) -> Instruction {
        let accounts = accounts!(Collect {
            config: config(),
            bounty: bounty(beneficiary),
            destination: self.purse(beneficiary),
            stake_tokens: stake_tokens(),
            mint: self.mint,
            token_program: self.token_program,
        });
        call(&accounts, &instruction::Collect { beneficiary })
    }

    /// `present` is who signs for the owner until now.
    pub(crate) fn rotate(
        &self,
        owner: Pubkey,
        present: Signer,
        link: &link::LinkTerms,
        signature: &[u8],
    ) -> Instruction {
        let accounts = accounts!(Rotate {
            owner,
            payer: self.payer,
            config: config(),
            operator: operator(owner),
            tenure: tenure(present),
            next: tenure(link.signer),
            system_program: system_program::ID,
        });
        call(&accounts, &instruction::Rotate { link: terms(link), signature: signature.to_vec() })
    }

    /// The accounts name the signer whose signatures the evidence holds, and the owner it served.
    pub(crate) fn slash(&self, signer: Signer, owner: Pubkey, evidence: Vec<u8>, beneficiary: Pubkey) -> Instruction {
        let accounts = accounts!(Slash {
            payer: self.payer,
            config: config(),
            tenure: tenure(signer),
            operator: operator(owner),
            bounty: bounty(beneficiary),
            system_program: system_program::ID,
        });
        call(&accounts, &instruction::Slash { evidence, beneficiary })
    }

    pub(crate) fn unjail(&self, owner: Pubkey, link: &link::LinkTerms, signature: &[u8]) -> Instruction {
        let accounts = accounts!(Unjail {
            owner,
            payer: self.payer,
            config: config(),
            operator: operator(owner),
            tenure: tenure(link.signer),
            system_program: system_program::ID,
        });
        call(&accounts, &instruction::Unjail { link: terms(link), signature: signature.to_vec() })
    }

    // Roles and parameters.

    pub(crate) fn set_paused(&self, governor: Pubkey, paused: bool) -> Instruction {
        let accounts = accounts!(Govern { governor, config: config() });
        call(&accounts, &instruction::SetPaused { paused })
    }

    pub(crate) fn offer_governor(&self, governor: Pubkey, to: Pubkey) -> Instruction {
        let accounts = accounts!(Govern { governor, config: config() });
        call(&accounts, &instruction::OfferGovernor { to })
    }

    pub(crate) fn accept_governor(&self, by: Pubkey) -> Instruction {
        let accounts = accounts!(Govern { governor: by, config: config() });
        call(&accounts, &instruction::AcceptGovernor {})
    }

    pub(crate) fn set_guardian(&self, governor: Pubkey, guardian: Pubkey) -> Instruction {
        let accounts = accounts!(Govern { governor, config: config() });
        call(&accounts, &instruction::SetGuardian { guardian })
    }

    pub(crate) fn propose_vault(&self, governor: Pubkey, terms: VaultTerms) -> Instruction {
        let accounts = accounts!(Propose { governor, config: config() });
        call(&accounts, &instruction::ProposeVault { terms })
    }

    pub(crate) fn propose_pool(&self, governor: Pubkey, terms: PoolTerms) -> Instruction {
        let accounts = accounts!(Propose { governor, config: config() });
        call(&accounts, &instruction::ProposePool { terms })
    }

    pub(crate) fn apply_vault(&self) -> Instruction {
        call(&accounts!(Apply { config: config() }), &instruction::ApplyVault {})
    }

    pub(crate) fn apply_pool(&self) -> Instruction {
        call(&accounts!(Apply { config: config() }), &instruction::ApplyPool {})
    }

    // The pool.

    pub(crate) fn fund(&self, funder: Pubkey, amount: u64) -> Instruction {
        let accounts = accounts!(Fund {
            funder,
            config: config(),
            source: self.purse(funder),
            reward_tokens: reward_tokens(),
            mint: self.mint,
            token_program: self.token_program,
        });
        call(&accounts, &instruction::Fund { amount })
    }

    /// A seat for each signature: the signer it should be of, and the owner whom that signer serves.
    pub(crate) fn vote(
        &self,
        cycle: u64,
        root: &statement::RewardRoot,
        signatures: &[Signature],
        seats: &[(Signer, Pubkey)],
    ) -> Instruction {
        let accounts = accounts!(Vote {
            payer: self.payer,
            config: config(),
            tally: tally(Cycle(cycle), root),
            system_program: system_program::ID,
        });
        let signatures = signatures.iter().flat_map(|signature| signature.0).collect();
        let mut instruction = call(&accounts, &instruction::Vote { cycle, root: posted(root), signatures });
        for (signer, owner) in seats {
            instruction.accounts.push(AccountMeta::new_readonly(tenure(*signer), false));
            instruction.accounts.push(AccountMeta::new(operator(*owner), false));
        }
        instruction
    }

    pub(crate) fn veto(&self, guardian: Pubkey) -> Instruction {
        let accounts = accounts!(Veto { guardian, config: config() });
        call(&accounts, &instruction::Veto {})
    }

    /// Pays what `owner` is entitled to into the purse of `recipient`.
    pub(crate) fn claim(&self, owner: Pubkey, recipient: Pubkey, cumulative: u128, proof: &Proof) -> Instruction {
        let accounts = accounts!(Claim {
            payer: self.payer,
            config: config(),
            claimant: claimant(owner),
            destination: self.purse(recipient),
            reward_tokens: reward_tokens(),
            mint: self.mint,
            token_program: self.token_program,
            system_program: system_program::ID,
        });
        let proof = proof.0.iter().flat_map(|sibling| sibling.0).collect();
        call(&accounts, &instruction::Claim { owner, cumulative, proof })
    }

    pub(crate) fn set_recipient(&self, owner: Pubkey, recipient: Pubkey) -> Instruction {
        let accounts = accounts!(SetRecipient {
            owner,
            payer: self.payer,
            claimant: claimant(owner),
            system_program: system_program::ID,
        });
        call(&accounts, &instruction::SetRecipient { recipient })
    }

    pub(crate) fn confirm_recipient(&self, recipient: Pubkey, owner: Pubkey) -> Instruction {
        let accounts = accounts!(ConfirmRecipient { recipient, claimant: claimant(owner) });
        call(&accounts, &instruction::ConfirmRecipient { owner })
    }

    /// `payer` is who paid the tally's rent and has it back.
    pub(crate) fn close_tally(&self, cycle: Cycle, root: &statement::RewardRoot, payer: Pubkey) -> Instruction {
        let accounts = accounts::CloseTally { config: config(), tally: tally(cycle, root), payer };
        call(&accounts, &instruction::CloseTally {})
    }
}
