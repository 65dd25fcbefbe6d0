//! Whose record a file is. These two tables keep their shape for ever, so any version can read them before it migrates.

use sqlx::SqliteConnection;
use williw_core::cycle::{CycleClock, Seconds, UnixSeconds};
use williw_core::identity::ChainId;
use williw_core::journal::Site;
use williw_core::ledger::Ledger;
use williw_core::network::NetworkId;

use crate::error::{StoreError, failed};
use crate::row::{Row, number};

/// What a file says of itself.
pub(super) struct Identity {
    network: NetworkId,
    genesis: UnixSeconds,
    cycle: Seconds,
    sites: Vec<Site>,
}

impl Identity {
    /// How the network divides time.
    pub(super) fn clock(&self) -> Result<CycleClock, StoreError> {
        let row = Row { table: "network", key: 1 };
        CycleClock::new(self.genesis, self.cycle).map_err(|fault| row.corrupt(fault))
    }

    /// Refuses any ledger but the one that the file was founded for.
    pub(super) fn check(&self, blank: &Ledger) -> Result<(), StoreError> {
        if self.network != blank.network() {
            return Err(StoreError::OtherNetwork { found: self.network, wanted: blank.network() });
        }
        if (self.genesis, self.cycle) != (blank.clock().genesis(), blank.clock().length()) {
            return Err(StoreError::OtherClock);
        }
        let stored = |chain| self.sites.iter().find(|site| site.chain() == chain);
        let wanted = |chain| blank.chain(chain).map(|books| &books.site);
        match ChainId::ALL.into_iter().find(|&chain| stored(chain) != wanted(chain)) {
            Some(chain) => Err(StoreError::OtherSite { chain }),
            None => Ok(()),
        }
    }
}

/// Reads whose file this is; none if it was not founded yet.
pub(super) async fn read(connection: &mut SqliteConnection) -> Result<Option<Identity>, StoreError> {
    let doing = "reading whose database this is";
    let network = sqlx::query!("select id, genesis, cycle_length from network");
    let network = network.fetch_optional(&mut *connection).await.map_err(failed(doing))?;
    let Some(network) = network else { return Ok(None) };
    let row = Row { table: "network", key: 1 };
    let sites = sqlx::query!("select chain, vault, pool, config from site");
    let sites = sites.fetch_all(connection).await.map_err(failed(doing))?;
    let site = |chain: i64, vault: Option<Vec<u8>>, pool: Option<Vec<u8>>, config: Option<Vec<u8>>| {
        let row = Row { table: "site", key: chain };
        let account = |column, bytes: Option<Vec<u8>>| bytes.map(|bytes| row.account(column, &bytes)).transpose();
        let (vault, pool) = (account("vault", vault)?, account("pool", pool)?);
        match (row.chain(chain)?, vault, account("config", config)?) {
            (ChainId::Base, Some(vault), None) => Ok(Site::Base { vault, pool }),
            (ChainId::Solana, None, Some(config)) => Ok(Site::Solana { config }),
            (ChainId::Base | ChainId::Solana, _, _) => Err(row.corrupt("it names the journals of another chain")),
        }
    };
    let sites = sites.into_iter().map(|columns| site(columns.chain, columns.vault, columns.pool, columns.config));
    Ok(Some(Identity {
        network: NetworkId(row.bytes("id", &network.id)?),
        genesis: row.time("genesis", &network.genesis)?,
        cycle: row.span("cycle_length", &network.cycle_length)?,
        sites: sites.collect::<Result<_, _>>()?,
    }))
}

/// Writes into a new file whose it is.
pub(super) async fn write(connection: &mut SqliteConnection, blank: &Ledger) -> Result<(), sqlx::Error> {
    let (network, clock) = (blank.network(), blank.clock());
    let id = &network.0[..];
    let (genesis, length) = (&clock.genesis().0.to_be_bytes()[..], &clock.length().0.to_be_bytes()[..]);
    let row =
        sqlx::query!("insert into network (one, id, genesis, cycle_length) values (1, ?, ?, ?)", id, genesis, length);
    row.execute(&mut *connection).await?;
    for (chain, books) in blank.chains() {
        let (vault, pool, config) = match books.site {
            Site::Base { vault, pool } => (Some(vault), pool, None),
            Site::Solana { config } => (None, None, Some(config)),
        };
        let chain = number(chain);
        let vault = vault.as_ref().map(|account| &account.0[..]);
        let pool = pool.as_ref().map(|account| &account.0[..]);
        let config = config.as_ref().map(|account| &account.0[..]);
        let row = sqlx::query!(
            "insert into site (chain, vault, pool, config) values (?, ?, ?, ?)",
            chain,
            vault,
            pool,
            config
        );
        row.execute(&mut *connection).await?;
    }
    Ok(())
}
