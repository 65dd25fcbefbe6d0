//! Prints the IDL of the Anchor program in the folder that is named, by the library behind Anchor's command.

use std::io::Write as _;
use std::path::PathBuf;

use anchor_lang_idl::build::IdlBuilder;
use anyhow::Context as _;

fn main() -> anyhow::Result<()> {
    let program = std::env::args_os().nth(1).context("the folder of the program is missing")?;
    let mut idl = IdlBuilder::new()
        .program_path(PathBuf::from(program))
        .cargo_args(["--locked", "--lib"].map(String::from).to_vec())
        .build()?;
    // An instruction that only the IDL was told of, for the accounts that no other one requires to exist.
    let all = idl.instructions.len();
    idl.instructions.retain(|instruction| instruction.name != "layouts");
    anyhow::ensure!(idl.instructions.len() < all, "the program names no layouts for its IDL");
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &idl)?;
    writeln!(out)?;
    Ok(())
}
