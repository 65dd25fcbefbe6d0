//! The named fields of a body, as the files write them: a struct per shape.

use serde::Deserialize;
use serde_json::Value;
use williw_core::amount::{Amount, Bps};
use williw_core::cycle::{Cycle, Seconds, UnixSeconds};
use williw_core::ed25519::PeerSignature;
use williw_core::fact::{Body, BodyKind, PoolParameters, Slashed, VaultParameters};
use williw_core::hash::Hash;
use williw_core::identity::{Account, PeerId, Signer};
use williw_core::link::LinkTerms;
use williw_core::offence::Evidence;
use williw_core::statement::RewardRoot;

use super::super::exact::{Bytes, Exact};
use super::super::parse;

/// Declares a struct of exact fields that refuses any other.
macro_rules! shape {
    ($name:ident { $($field:ident: $of:ty),+ $(,)? }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            $($field: $of),+
        }
    };
}

shape!(LinkShape { peer: Exact<PeerId>, signer: Exact<Signer>, nonce: Exact<u64>, peer_signature: Exact<PeerSignature> });
shape!(RegisteredShape { owner: Exact<Account>, index: Exact<u64>, active: Exact<u128>, link: LinkShape });
shape!(StakedShape { owner: Exact<Account>, active: Exact<u128> });
shape!(UnstakedShape {
    owner: Exact<Account>,
    active: Exact<u128>,
    queued: Exact<u128>,
    amount: Exact<u128>,
    maturity: Exact<u64>,
});
shape!(RestakedShape { owner: Exact<Account>, active: Exact<u128>, queued: Exact<u128> });
shape!(WithdrawnShape { owner: Exact<Account>, queued: Exact<u128>, amount: Exact<u128> });
shape!(RotatedShape { owner: Exact<Account>, link: LinkShape });
shape!(SlashedShape {
    owner: Exact<Account>,
    active: Exact<u128>,
    queued: Exact<u128>,
    taken: Exact<u128>,
    bounty: Exact<u128>,
    beneficiary: Exact<Account>,
    evidence: Exact<Bytes>,
});
shape!(UnjailedShape { owner: Exact<Account>, active: Exact<u128>, link: LinkShape });
shape!(VaultShape {
    min_stake: Exact<u128>,
    min_deposit: Exact<u128>,
    unstaking_period: Exact<u64>,
    slash_bps: Exact<u16>,
    evidence_cycles: Exact<u64>,
});
shape!(VaultProposedShape {
    min_stake: Exact<u128>,
    min_deposit: Exact<u128>,
    unstaking_period: Exact<u64>,
    slash_bps: Exact<u16>,
    evidence_cycles: Exact<u64>,
    effective: Exact<u64>,
});
shape!(PoolShape { min_quorum: Exact<u128>, delay: Exact<u64>, max_per_cycle: Exact<u128> });
shape!(PoolProposedShape {
    min_quorum: Exact<u128>,
    delay: Exact<u64>,
    max_per_cycle: Exact<u128>,
    effective: Exact<u64>,
});
shape!(FundedShape { funded: Exact<u128> });
shape!(RootPendingShape {
    cycle: Exact<u64>,
    root: Exact<Hash>,
    total_base: Exact<u128>,
    total_solana: Exact<u128>,
    blob_hash: Exact<Hash>,
    activates: Exact<u64>,
});
shape!(RootVetoedShape { cycle: Exact<u64> });

impl LinkShape {
    fn terms(&self) -> LinkTerms {
        LinkTerms {
            peer: self.peer.0,
            signer: self.signer.0,
            nonce: self.nonce.0,
            peer_signature: self.peer_signature.0,
        }
    }
}

impl VaultShape {
    fn parameters(&self) -> Result<VaultParameters, String> {
        Ok(VaultParameters {
            min_stake: Amount(self.min_stake.0),
            min_deposit: Amount(self.min_deposit.0),
            unstaking_period: Seconds(self.unstaking_period.0),
            slash: Bps::try_from(self.slash_bps.0).map_err(|fault| fault.to_string())?,
            evidence_cycles: self.evidence_cycles.0,
        })
    }
}

impl VaultProposedShape {
    fn body(self) -> Result<Body, String> {
        let effective = UnixSeconds(self.effective.0);
        let Self { min_stake, min_deposit, unstaking_period, slash_bps, evidence_cycles, .. } = self;
        let shape = VaultShape { min_stake, min_deposit, unstaking_period, slash_bps, evidence_cycles };
        Ok(Body::VaultParametersProposed { parameters: shape.parameters()?, effective })
    }
}

impl PoolShape {
    fn parameters(&self) -> PoolParameters {
        PoolParameters {
            min_quorum: Amount(self.min_quorum.0),
            delay: Seconds(self.delay.0),
            max_per_cycle: Amount(self.max_per_cycle.0),
        }
    }
}

impl PoolProposedShape {
    fn body(self) -> Body {
        let effective = UnixSeconds(self.effective.0);
        let Self { min_quorum, delay, max_per_cycle, .. } = self;
        Body::PoolParametersProposed {
            parameters: PoolShape { min_quorum, delay, max_per_cycle }.parameters(),
            effective,
        }
    }
}

impl SlashedShape {
    fn body(&self) -> Result<Body, String> {
        Ok(Body::Slashed(Box::new(Slashed {
            account: self.owner.0,
            active: Amount(self.active.0),
            queued: Amount(self.queued.0),
            taken: Amount(self.taken.0),
            bounty: Amount(self.bounty.0),
            beneficiary: self.beneficiary.0,
            evidence: Evidence::decode(&self.evidence.0.0).map_err(|fault| fault.to_string())?,
        })))
    }
}

impl RootPendingShape {
    fn body(&self) -> Body {
        let root = RewardRoot {
            root: self.root.0,
            total_base: Amount(self.total_base.0),
            total_solana: Amount(self.total_solana.0),
            blob_hash: self.blob_hash.0,
        };
        Body::RootPending { cycle: Cycle(self.cycle.0), root, activates: UnixSeconds(self.activates.0) }
    }
}

/// The body that the named fields describe.
pub(super) fn read(kind: BodyKind, fields: &Value) -> Result<Body, String> {
    Ok(match kind {
        BodyKind::Registered => {
            let RegisteredShape { owner, index, active, link } = parse(fields)?;
            Body::Registered { account: owner.0, index: index.0, active: Amount(active.0), link: link.terms() }
        }
        BodyKind::Staked => {
            let StakedShape { owner, active } = parse(fields)?;
            Body::Staked { account: owner.0, active: Amount(active.0) }
        }
        BodyKind::Unstaked => {
            let UnstakedShape { owner, active, queued, amount, maturity } = parse(fields)?;
            let [active, queued, amount] = [active, queued, amount].map(|number| Amount(number.0));
            Body::Unstaked { account: owner.0, active, queued, amount, maturity: UnixSeconds(maturity.0) }
        }
        BodyKind::Restaked => {
            let RestakedShape { owner, active, queued } = parse(fields)?;
            Body::Restaked { account: owner.0, active: Amount(active.0), queued: Amount(queued.0) }
        }
        BodyKind::Withdrawn => {
            let WithdrawnShape { owner, queued, amount } = parse(fields)?;
            Body::Withdrawn { account: owner.0, queued: Amount(queued.0), amount: Amount(amount.0) }
        }
        BodyKind::Rotated => {
            let RotatedShape { owner, link } = parse(fields)?;
            Body::Rotated { account: owner.0, link: link.terms() }
        }
        BodyKind::Slashed => parse::<SlashedShape>(fields)?.body()?,
        BodyKind::Unjailed => {
            let UnjailedShape { owner, active, link } = parse(fields)?;
            Body::Unjailed { account: owner.0, active: Amount(active.0), link: link.terms() }
        }
        BodyKind::VaultParameters => Body::VaultParameters(parse::<VaultShape>(fields)?.parameters()?),
        BodyKind::VaultParametersProposed => parse::<VaultProposedShape>(fields)?.body()?,
        BodyKind::PoolParameters => Body::PoolParameters(parse::<PoolShape>(fields)?.parameters()),
        BodyKind::PoolParametersProposed => parse::<PoolProposedShape>(fields)?.body(),
        BodyKind::Funded => Body::Funded { funded: Amount(parse::<FundedShape>(fields)?.funded.0) },
        BodyKind::RootPending => parse::<RootPendingShape>(fields)?.body(),
        BodyKind::RootVetoed => Body::RootVetoed { cycle: Cycle(parse::<RootVetoedShape>(fields)?.cycle.0) },
    })
}
