//! Where a node keeps its files.

use std::path::{Path, PathBuf};

use williw_core::identity::Signer;
use williw_daemon::settings::Settings;

use crate::exit::Failure;
use crate::flags::refuse_empty;

/// The folder of one node.
#[derive(Debug)]
pub(crate) struct Home {
    folder: PathBuf,
}

impl Home {
    /// The folder that was named, or the usual one.
    pub(crate) fn find(named: Option<PathBuf>) -> Result<Self, Failure> {
        let usual = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".williw"));
        if let Some(folder) = &named {
            refuse_empty(folder.as_os_str(), ["--home", "WILLIW_HOME"], "a folder")?;
        }
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

    /// The signer that a rotation is about to name.
    pub(crate) fn next_signer(&self) -> PathBuf {
        self.folder.join("signer.next.json")
    }

    pub(crate) fn next_signer_password(&self) -> PathBuf {
        self.folder.join("signer.next.password")
    }

    /// Where a signer is kept that was replaced: it speaks for its operator until the end of the next cycle.
    pub(crate) fn past_signer(&self, signer: Signer) -> PathBuf {
        self.folder.join(format!("signer.{signer}.json"))
    }

    pub(crate) fn past_signer_password(&self, signer: Signer) -> PathBuf {
        self.folder.join(format!("signer.{signer}.password"))
    }

    /// The signers that were replaced, as far as their keys are still here.
    pub(crate) fn past_signers(&self) -> Result<Vec<Signer>, Failure> {
        let failed = |error| Failure::usage(format_args!("{} cannot be read: {error}", self.folder.display()));
        let mut signers = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let named = |name: &str| name.strip_prefix("signer.")?.strip_suffix(".json")?.parse::<Signer>().ok();
            signers.extend(name.to_str().and_then(named));
        }
        signers.sort_unstable();
        Ok(signers)
    }

    /// What the signers signed.
    pub(crate) fn guard(&self) -> PathBuf {
        self.folder.join("guard.db")
    }

    /// What the next signer is going to sign, where the guard of the one until now is lost.
    pub(crate) fn next_guard(&self) -> PathBuf {
        self.folder.join("guard.next.db")
    }

    /// In a folder that a home is moved with: what its signers signed.
    pub(crate) fn history(&self) -> PathBuf {
        self.folder.join("guard.json")
    }

    /// The same, once a home was made of the folder.
    pub(crate) fn taken_history(&self) -> PathBuf {
        self.folder.join("guard.taken.json")
    }

    /// In a folder that a home is moved with: which home it was taken to.
    pub(crate) fn taken_by(&self) -> PathBuf {
        self.folder.join("taken-by")
    }

    /// In a home that was moved: where to.
    pub(crate) fn moved_to(&self) -> PathBuf {
        self.folder.join("moved-to")
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
