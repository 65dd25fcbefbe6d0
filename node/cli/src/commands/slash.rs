//! What anybody can do: submit evidence, and have bounties paid.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use williw_chain::verb::Verb;
use williw_core::offence::Evidence;

use crate::chain::{Reader, carry_out, chosen, on_same};
use crate::exit::Failure;
use crate::flags;
use crate::home::Home;
use crate::keys::Sender;
use crate::printer::Printer;

/// More bytes than any evidence has, in hex and with line breaks.
const FILE_CAP: u64 = 4_096;

pub(crate) async fn slash(flags: flags::Slash, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let evidence = read(&flags.evidence)?;
    // What proves nothing need not cost gas.
    evidence
        .prove(settings.network.id())
        .map_err(|fault| Failure::usage(format_args!("this slashes nobody: {fault}")))?;
    let chain = chosen(&flags.account, &settings)?;
    let sender = Sender::open(&flags.account, chain)?;
    let beneficiary = on_same(flags.beneficiary, chain)?.unwrap_or_else(|| sender.account());
    let verb = Verb::Slash { evidence: Box::new(evidence), beneficiary };
    carry_out(&verb, &sender, Reader::new(chain, &settings)?, (home, &settings), printer).await
}

pub(crate) async fn collect(flags: flags::Collect, home: &Home, printer: &Printer) -> Result<(), Failure> {
    let settings = home.read_settings()?;
    let chain = chosen(&flags.account, &settings)?;
    let sender = Sender::open(&flags.account, chain)?;
    let beneficiary = on_same(flags.beneficiary, chain)?.unwrap_or_else(|| sender.account());
    let verb = Verb::Collect { beneficiary };
    carry_out(&verb, &sender, Reader::new(chain, &settings)?, (home, &settings), printer).await
}

fn read(path: &Path) -> Result<Evidence, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(FILE_CAP).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(FILE_CAP).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::usage(format_args!("{} cannot be read: {error}", path.display())))?;
    let bytes = from_hex(&bytes).unwrap_or(bytes);
    Evidence::decode(&bytes).map_err(|fault| {
        let wanted = Evidence::LEN;
        Failure::usage(format_args!("{} is no evidence: {fault}", path.display()))
            .hint(format_args!("expected the {wanted} bytes of two signed statements, or the same in hex after `0x`"))
    })
}

/// The bytes behind `0x` and hex; none if the text is something else.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digits = text.trim_ascii().strip_prefix(b"0x")?;
    if digits.len() % 2 != 0 {
        return None;
    }
    let digit = |byte: u8| (byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    digits.chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}
