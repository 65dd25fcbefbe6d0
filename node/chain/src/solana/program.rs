//! The program's accounts, events and instructions, as its IDL has them.
//!
//! They are made from `programs/idl/williw.json` when this crate is compiled (the macro looks in a folder `idls`, a link to
//! it), so a program that lays an account out otherwise does not compile here. The address in the IDL is the one that local
//! networks have; every network has its own, so it is never used.

/// What the macro makes. Its address is not ours: see above.
#[expect(unexpected_cfgs, reason = "the macro asks for features that programs have")]
mod made {
    use anchor_lang;
    anchor_lang::declare_program!(williw);
}

pub(crate) use made::williw::{self, types};

macro_rules! plain {
    ($($name:ident { $($field:ty),* })*) => {
        $(
            // Every bit pattern is a value, and there is no room between the fields.
            const _: () = assert!(size_of::<types::$name>() == 0 $(+ size_of::<$field>())*);
            #[expect(unsafe_code, reason = "the macro derives it for accounts and leaves out what they are made of")]
            // SAFETY: integers and other such types in the order of C, without padding, as just asserted.
            unsafe impl bytemuck::Zeroable for types::$name {}
            #[expect(unsafe_code, reason = "as above")]
            // SAFETY: as above.
            unsafe impl bytemuck::Pod for types::$name {}
        )*
    };
}

plain! {
    Amount { u64, u64 }
    CycleStake { types::Amount, types::Amount, types::Amount, u64 }
    Entry { u64, types::Amount, u64 }
    Moment { u64, u64 }
    Head { [u8; 32], u64, types::Moment }
    PostedRoot { u64, [u8; 32], types::Amount, types::Amount, [u8; 32], u64 }
    VaultTerms { types::Amount, types::Amount, u64, u64, u64 }
    VaultBounds { types::VaultTerms, types::VaultTerms }
    VaultProposal { types::VaultTerms, u64 }
    PoolTerms { types::Amount, u64, types::Amount }
    PoolBounds { types::PoolTerms, types::PoolTerms }
    PoolProposal { types::PoolTerms, u64 }
}
