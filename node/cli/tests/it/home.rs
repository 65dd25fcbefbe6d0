//! A home of its own for each test, and the binary in it. Nothing that it prints may hold a secret, whatever a test is
//! about.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;
use williw_core::hash::Hash;
use williw_core::network::{BaseSite, Network};

use crate::world::{CHAIN_ID, World};

/// In the path of every endpoint of these tests, as a provider's key would be.
pub(crate) const RPC_KEY: &str = "a-secret-key";

/// Nobody listens on the discard port.
pub(crate) const NOBODY: &str = "http://127.0.0.1:9/a-secret-key";

pub(crate) struct Home {
    root: TempDir,
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// The one line that says what is wrong, without its label, of a command that has printed no result.
    pub(crate) fn error(&self, code: i32) -> &str {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{}", self.stderr);
        let errors: Vec<_> = self.stderr.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
        assert_eq!(errors.len(), 1, "{}", self.stderr);
        let others = self.stderr.lines().filter(|line| !line.starts_with("error: "));
        for line in others {
            let known = ["hint: ", "warning: ", "sending: ", "waiting: ", "keeping ", "made; "];
            assert!(known.iter().any(|label| line.starts_with(label)), "{}", self.stderr);
        }
        errors[0]
    }
}

/// What a node reads of what the deployment script writes.
pub(crate) fn deployment(chain_id: u64, vault: [u8; 20], from_height: u64) -> Value {
    let network = Network::new("anvil", Some(BaseSite { chain_id, vault }), None).unwrap();
    let nobody = "0x00000000000000000000000000000000000000cc";
    json!({
        "chain_id": chain_id,
        "from_height": from_height,
        "name": "anvil",
        "network_id": network.id(),
        "pool": nobody,
        "reward_token": nobody,
        "solana_genesis_hash": Hash([0; 32]),
        "solana_program_id": Hash([0; 32]),
        "token": nobody,
        "vault": williw_core::identity::Signer(vault),
    })
}

impl Home {
    /// A place for a home that is not made yet.
    pub(crate) fn absent() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    /// A home for a vault on a chain that nobody serves.
    pub(crate) async fn lonely() -> Self {
        Self::made(&deployment(CHAIN_ID, [0x11; 20], 1), NOBODY).await
    }

    /// A home for the vault of this world.
    pub(crate) async fn of(world: &World) -> Self {
        let deployment = deployment(CHAIN_ID, world.vault.into_array(), world.from_height.0);
        Self::made(&deployment, &format!("{}?key={RPC_KEY}", world.anvil.url)).await
    }

    pub(crate) async fn made(deployment: &Value, rpc: &str) -> Self {
        Self::made_with(deployment, ["--rpc", rpc]).await
    }

    /// A home for a deployment on whichever chain, read through the endpoint that the flag names.
    pub(crate) async fn made_with(deployment: &Value, [flag, rpc]: [&str; 2]) -> Self {
        let home = Self::absent();
        let deployment = home.note("deployment.json", &deployment.to_string());
        // Port 0 is free for every test that runs a node, and nobody answers there.
        let flags = [flag, rpc, "--http", "127.0.0.1:0", "--json"];
        home.run(&[&["init", "--deployment", &deployment][..], &flags].concat()).await.json();
        home
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join("home")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Replaces one piece of the settings.
    pub(crate) fn alter(&self, from: &str, to: &str) {
        let text = self.text("williw.toml");
        assert_eq!(text.matches(from).count(), 1, "{from}: {text}");
        std::fs::write(self.path("williw.toml"), text.replace(from, to)).unwrap();
    }

    /// Copies another home, as it is now.
    pub(crate) fn copy(&self, other: &Self) {
        std::fs::create_dir(self.folder()).unwrap();
        for entry in other.folder().read_dir().unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), self.path(entry.file_name().to_str().unwrap())).unwrap();
        }
    }

    /// A private file beside the home; its path.
    pub(crate) fn note(&self, name: &str, text: &str) -> String {
        let path = self.root.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_williw"));
        command.env_clear().env("HOME", self.root.path()).env("WILLIW_HOME", self.folder());
        command.args(arguments).envs(variables.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    pub(crate) async fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[]).await
    }

    /// Runs a command to its end. What it says of its folder is cut down to the names, which are the same in every run.
    pub(crate) async fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
        let output = self.command(arguments, variables).output().await.unwrap();
        let read = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            self.assert_no_secret(&text);
            text.replace(self.root.path().to_str().unwrap(), "~")
        };
        let code = output.status.code().expect("no signal ends it");
        Ended { code, stdout: read(output.stdout), stderr: read(output.stderr) }
    }

    /// The secret files' contents, and what is in addresses of endpoints, are never repeated.
    pub(crate) fn assert_no_secret(&self, text: &str) {
        let mut secrets = vec![RPC_KEY.to_owned()];
        let read = |name: &str| std::fs::read_to_string(self.path(name)).unwrap_or_default();
        secrets.push(read("signer.password").trim().to_owned());
        let numbers = read("peer.json");
        secrets.extend(numbers.match_indices(',').nth(3).map(|(at, _)| numbers[1..at].to_owned()));
        if let Ok(keystore) = serde_json::from_str::<Value>(&read("signer.json")) {
            secrets.push(keystore["crypto"]["ciphertext"].as_str().unwrap().to_owned());
        }
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            assert!(!text.contains(secret.as_str()), "a secret is shown: {text}");
        }
    }
}

pub(crate) fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
