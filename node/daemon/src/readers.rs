//! The readers of the chains that a network is on, and what has to be known of them before the first fact is read.

use std::path::Path;
use std::time::Duration;

use williw_chain::base::Base;
use williw_chain::solana::Solana;
use williw_chain::{Chain, Faults, Reading};
use williw_core::cycle::CycleClock;
use williw_core::identity::ChainId;
use williw_core::journal::Site;
use williw_store::Store;

use crate::error::DaemonError;
use crate::settings::Settings;

/// One for each chain that the network is on.
#[derive(Debug)]
pub(crate) struct Readers {
    pub(crate) base: Option<Follow<Base>>,
    pub(crate) solana: Option<Follow<Solana>>,
}

/// A reader, and how it is to be used.
#[derive(Debug)]
pub(crate) struct Follow<C> {
    pub(crate) chain: C,
    /// How long to wait between two readings.
    pub(crate) poll: Duration,
    /// The clock that the node goes by, while nobody has shown that this chain goes by it.
    pub(crate) unchecked: Option<CycleClock>,
}

impl Readers {
    /// Readers that have asked nobody yet.
    pub(crate) fn new(settings: &Settings) -> Result<Self, DaemonError> {
        let failed = |chain| move |source| DaemonError::Chain { chain, source };
        let base = settings.of_base().map(|base| Base::new(&base)).transpose().map_err(failed(ChainId::Base))?;
        let solana =
            settings.of_solana().map(|solana| Solana::new(&solana)).transpose().map_err(failed(ChainId::Solana))?;
        let base = base.zip(settings.base.as_ref());
        let solana = solana.zip(settings.solana.as_ref());
        Ok(Self {
            base: base.map(|(chain, section)| Follow { chain, poll: section.poll, unchecked: None }),
            solana: solana.map(|(chain, section)| Follow { chain, poll: section.poll, unchecked: None }),
        })
    }

    /// Where the chains keep the journals of the network.
    #[must_use]
    pub(crate) fn sites(&self) -> Vec<Site> {
        let base = self.base.iter().map(|reader| reader.chain.site());
        base.chain(self.solana.iter().map(|reader| reader.chain.site())).collect()
    }

    /// How the network divides time: as its database says, or, when there is none yet, the first of its chains that answers.
    /// Both divide it alike; each has still to show it to whoever reads it.
    pub(crate) async fn clock(&mut self, database: &Path) -> Result<Reading<CycleClock>, DaemonError> {
        let known = Store::clock_of(database).await.map_err(|source| DaemonError::Open { source })?;
        let clock = match known {
            Some(value) => Reading { value, faults: Faults::default() },
            None => match (deployed(self.base.as_mut()).await, self.solana.as_mut()) {
                (Some(Err(_)) | None, Some(solana)) => deployed(Some(solana)).await.expect("there is a reader"),
                (Some(answer), _) => answer,
                (None, None) => unreachable!("settings name at least one chain"),
            }?,
        };
        self.leave_unchecked(clock.value);
        Ok(clock)
    }

    fn leave_unchecked(&mut self, clock: CycleClock) {
        if let Some(base) = &mut self.base {
            base.unchecked = Some(clock);
        }
        if let Some(solana) = &mut self.solana {
            solana.unchecked = Some(clock);
        }
    }
}

/// The clock that a chain's deployment goes by; none if the network is not on that chain.
async fn deployed<C: Chain>(reader: Option<&mut Follow<C>>) -> Option<Result<Reading<CycleClock>, DaemonError>> {
    let chain = &mut reader?.chain;
    let id = chain.id();
    let deployment = chain.deployment().await.map_err(|source| DaemonError::Chain { chain: id, source });
    Some(deployment.map(|Reading { value, faults }| Reading { value: value.clock, faults }))
}
