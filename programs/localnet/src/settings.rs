//! The flags.

use std::time::{SystemTime, UNIX_EPOCH};

use solana_hash::Hash;
use solana_keypair::Keypair;
use solana_signer::Signer;

use crate::face::Depths;

const FACES_CAP: usize = 16;

pub(crate) const USAGE: &str = "\
usage: williw-localnet [--port N] [--ws-port N] [--faces N] [--slot-ms N | --manual] [--time SECONDS] [--genesis HASH]
                       [--confirmed-depth N] [--finalized-depth N]

Solana on loopback, for tests and local networks. Prints one line of JSON when it can be asked, and ends when its input
does, or on SIGTERM.

  --port N             the port of the first face; 0, the default, takes free ones
  --ws-port N          its websocket's; by default the port above, as Solana's clients expect
  --faces N            endpoints in front of the one chain, each on ports of its own (default 1)
  --slot-ms N          how long a slot is, in milliseconds (default 400)
  --manual             time only passes by localnet_advance
  --time SECONDS       the Clock at the start, in seconds since 1970 (default: now)
  --genesis HASH       the genesis hash, in base 58 (default: a new one)
  --confirmed-depth N  blocks above one that is confirmed (default 1)
  --finalized-depth N  blocks above one that is final (default 32)";

#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) port: u16,
    pub(crate) ws_port: Option<u16>,
    pub(crate) faces: usize,
    pub(crate) slot_ms: u64,
    pub(crate) manual: bool,
    pub(crate) time_ms: u64,
    pub(crate) genesis: Hash,
    pub(crate) depths: Depths,
}

impl Settings {
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut settings = Self {
            port: 0,
            ws_port: None,
            faces: 1,
            slot_ms: 400,
            manual: false,
            time_ms: now_ms()?,
            genesis: Hash::new_from_array(Keypair::new().pubkey().to_bytes()),
            depths: Depths { confirmed: 1, finalized: 32 },
        };
        let mut arguments = arguments.into_iter();
        while let Some(flag) = arguments.next() {
            if flag == "--manual" {
                settings.manual = true;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("`{flag}` is unknown, or its value is missing"))?;
            settings.set(&flag, &value)?;
        }
        settings.check()?;
        Ok(settings)
    }

    fn set(&mut self, flag: &str, value: &str) -> Result<(), String> {
        match flag {
            "--port" => self.port = read(flag, value)?,
            "--ws-port" => self.ws_port = Some(read(flag, value)?),
            "--faces" => self.faces = read(flag, value)?,
            "--slot-ms" => self.slot_ms = read(flag, value)?,
            "--time" => {
                let seconds: u32 = read(flag, value)?;
                self.time_ms = u64::from(seconds) * 1_000;
            }
            "--genesis" => self.genesis = read(flag, value)?,
            "--confirmed-depth" => self.depths.confirmed = read(flag, value)?,
            "--finalized-depth" => self.depths.finalized = read(flag, value)?,
            _ => return Err(format!("`{flag}` is unknown")),
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        if self.faces == 0 || self.faces > FACES_CAP {
            return Err(format!("`--faces` is between 1 and {FACES_CAP}"));
        }
        if self.faces > 1 && (self.port != 0 || self.ws_port.is_some_and(|port| port != 0)) {
            return Err("several faces have free ports; leave `--port` and `--ws-port` out".to_owned());
        }
        if self.slot_ms == 0 || self.slot_ms > 60_000 {
            return Err("`--slot-ms` is between 1 and 60000".to_owned());
        }
        if self.depths.confirmed >= self.depths.finalized || self.depths.finalized > 60 {
            return Err("`--confirmed-depth` is below `--finalized-depth`, which is at most 60".to_owned());
        }
        Ok(())
    }
}

fn read<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("`{flag}` cannot be `{value}`"))
}

fn now_ms() -> Result<u64, String> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| "the clock is before 1970".to_owned())?;
    u64::try_from(since.as_millis()).map_err(|_| "the clock is far from today".to_owned())
}
