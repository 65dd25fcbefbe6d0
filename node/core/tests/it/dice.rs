//! Numbers for property tests: all of a case follows from its seed, and `SEED=` replays one.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The generator splitmix64.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) const fn u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not zero.
    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.u64() % bound
    }

    /// An amount of any length in bits, often at an edge: uniform numbers would almost all have 128 bits.
    pub(crate) fn amount(&mut self) -> u128 {
        let wide = u128::from(self.u64()) << 64 | u128::from(self.u64());
        let bits = u32::try_from(self.below(129)).expect("at most 128");
        let edge = 1_u128.checked_shl(bits).unwrap_or(0);
        match self.below(6) {
            0 => edge,
            1 => edge.wrapping_sub(1),
            2 => edge.wrapping_add(1),
            3 => u128::MAX - u128::from(self.below(5)),
            _ => wide.checked_shr(bits).unwrap_or(0),
        }
    }
}

/// Runs `case` once for each of `count` seeds, or only for the one in `SEED`; a failure names its seed.
pub(crate) fn for_seeds(count: u64, case: impl Fn(&mut Dice)) {
    let seeds = match wanted() {
        // Inclusive, because the largest number is a seed too.
        Some(seed) => seed..=seed,
        None => 0..=count.checked_sub(1).expect("no case would run"),
    };
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| case(&mut Dice::new(seed)))) {
            eprintln!("replay with SEED={seed}");
            resume_unwind(panic);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever runs a test may choose its seed; the core itself reads nothing")]
fn wanted() -> Option<u64> {
    let seed = std::env::var("SEED").ok()?;
    Some(seed.parse().expect("SEED is a decimal number"))
}
