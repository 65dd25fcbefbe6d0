//! Where a node keeps its files.

use std::path::{Path, PathBuf};

use williw_daemon::settings::Settings;

use crate::exit::Failure;

/// The folder of one node.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
}

impl Home {
    /// The folder that was named, or the usual one.
    pub(crate) fn find(named: Option<PathBuf>) -> Result<Self, Failure> {
        let usual = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".williw"));
        match named.or_else(usual) {
            Some(folder) => Ok(Self { folder }),
            None => Err(Failure::usage("this user has no home folder").hint("name one with --home or WILLIW_HOME")),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.folder.join("williw.toml")
    }

    /// The peer key, as Solana's tools keep keys.
    pub(crate) fn peer(&self) -> PathBuf {
        self.folder.join("peer.json")
    }

    /// The signer, as Foundry keeps keys.
    pub(crate) fn signer(&self) -> PathBuf {
        self.folder.join("signer.json")
    }

    pub(crate) fn signer_password(&self) -> PathBuf {
        self.folder.join("signer.password")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("williw.db")
    }

    pub(crate) fn read_settings(&self) -> Result<Settings, Failure> {
        let mut environment = Vec::new();
        for (key, value) in std::env::vars_os() {
            // Variables of other programs may be any bytes; ours are text.
            let Ok(key) = key.into_string() else { continue };
            match value.into_string() {
                Ok(value) => environment.push((key, value)),
                Err(_) if key.starts_with("WILLIW_") => {
                    return Err(Failure::usage(format_args!("environment variable {key}: expected text in UTF-8")));
                }
                Err(_) => {}
            }
        }
        Ok(Settings::read(&self.settings(), environment)?)
    }
}
