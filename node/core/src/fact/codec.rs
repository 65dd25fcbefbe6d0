//! The packed bytes of every body. Field order and widths are the contract with Solidity and the Solana program.

use super::{
    Account, Amount, Body, BodyFault, BodyKind, Bps, ChainId, Cycle, Evidence, Hash, LinkTerms, PoolParameters, Reader,
    RewardRoot, Seconds, Slashed, UnixSeconds, VaultParameters,
};

impl BodyKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 15] = [
        Self::Registered,
        Self::Staked,
        Self::Unstaked,
        Self::Restaked,
        Self::Withdrawn,
        Self::Rotated,
        Self::Slashed,
        Self::Unjailed,
        Self::VaultParameters,
        Self::VaultParametersProposed,
        Self::PoolParameters,
        Self::PoolParametersProposed,
        Self::Funded,
        Self::RootPending,
        Self::RootVetoed,
    ];

    /// Its byte in encodings.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// The kind behind a byte of an encoding.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    /// True for what happens to one operator; the other kinds are about a whole chain.
    #[must_use]
    pub const fn is_about_operator(self) -> bool {
        match self {
            Self::Registered
            | Self::Staked
            | Self::Unstaked
            | Self::Restaked
            | Self::Withdrawn
            | Self::Rotated
            | Self::Slashed
            | Self::Unjailed => true,
            Self::VaultParameters
            | Self::VaultParametersProposed
            | Self::PoolParameters
            | Self::PoolParametersProposed
            | Self::Funded
            | Self::RootPending
            | Self::RootVetoed => false,
        }
    }

    /// True for what can make a standing worse before it is final. The rest waits.
    #[must_use]
    pub const fn is_bad_news(self) -> bool {
        match self {
            Self::Unstaked | Self::Slashed => true,
            Self::Registered
            | Self::Staked
            | Self::Restaked
            | Self::Withdrawn
            | Self::Rotated
            | Self::Unjailed
            | Self::VaultParameters
            | Self::VaultParametersProposed
            | Self::PoolParameters
            | Self::PoolParametersProposed
            | Self::Funded
            | Self::RootPending
            | Self::RootVetoed => false,
        }
    }

    /// How many bytes its body has.
    #[must_use]
    pub const fn body_len(self) -> usize {
        match self {
            Self::Registered => 180,
            Self::Staked => 48,
            Self::Unstaked => 88,
            Self::Restaked | Self::Withdrawn => 64,
            Self::Rotated => 156,
            Self::Slashed => 356,
            Self::Unjailed => 172,
            Self::VaultParameters => 50,
            Self::VaultParametersProposed => 58,
            Self::PoolParameters => 40,
            Self::PoolParametersProposed => 48,
            Self::Funded => 16,
            Self::RootPending => 112,
            Self::RootVetoed => 8,
        }
    }
}

/// Appends fields in order; the length is checked once at the end.
struct Writer(Vec<u8>);

impl Writer {
    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn u64(self, number: u64) -> Self {
        self.bytes(&number.to_be_bytes())
    }

    fn amount(self, amount: Amount) -> Self {
        self.bytes(&amount.0.to_be_bytes())
    }

    fn vault_parameters(self, parameters: &VaultParameters) -> Self {
        self.amount(parameters.min_stake)
            .amount(parameters.min_deposit)
            .u64(parameters.unstaking_period.0)
            .bytes(&parameters.slash.get().to_be_bytes())
            .u64(parameters.evidence_cycles)
    }

    fn pool_parameters(self, parameters: &PoolParameters) -> Self {
        self.amount(parameters.min_quorum).u64(parameters.delay.0).amount(parameters.max_per_cycle)
    }
}

impl Body {
    /// The packed fields, without the kind.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let writer = Writer(Vec::with_capacity(self.kind().body_len()));
        let bytes = match self {
            Self::Registered { account, index, active, link } => {
                writer.bytes(&account.0).u64(*index).amount(*active).bytes(&link.encode())
            }
            Self::Staked { account, active } => writer.bytes(&account.0).amount(*active),
            Self::Unstaked { account, active, queued, amount, maturity } => {
                writer.bytes(&account.0).amount(*active).amount(*queued).amount(*amount).u64(maturity.0)
            }
            Self::Restaked { account, active, queued } => writer.bytes(&account.0).amount(*active).amount(*queued),
            Self::Withdrawn { account, queued, amount } => writer.bytes(&account.0).amount(*queued).amount(*amount),
            Self::Rotated { account, link } => writer.bytes(&account.0).bytes(&link.encode()),
            Self::Slashed(slashed) => writer
                .bytes(&slashed.account.0)
                .amount(slashed.active)
                .amount(slashed.queued)
                .amount(slashed.taken)
                .amount(slashed.bounty)
                .bytes(&slashed.beneficiary.0)
                .bytes(&slashed.evidence.encode()),
            Self::Unjailed { account, active, link } => writer.bytes(&account.0).amount(*active).bytes(&link.encode()),
            Self::VaultParameters(parameters) => writer.vault_parameters(parameters),
            Self::VaultParametersProposed { parameters, effective } => {
                writer.vault_parameters(parameters).u64(effective.0)
            }
            Self::PoolParameters(parameters) => writer.pool_parameters(parameters),
            Self::PoolParametersProposed { parameters, effective } => {
                writer.pool_parameters(parameters).u64(effective.0)
            }
            Self::Funded { funded } => writer.amount(*funded),
            Self::RootPending { cycle, root, activates } => writer
                .u64(cycle.0)
                .bytes(&root.root.0)
                .amount(root.total_base)
                .amount(root.total_solana)
                .bytes(&root.blob_hash.0)
                .u64(activates.0),
            Self::RootVetoed { cycle } => writer.u64(cycle.0),
        };
        assert_eq!(bytes.0.len(), self.kind().body_len(), "the fields of {:?} fill its body", self.kind());
        bytes.0
    }

    /// Reads the body of a fact of `chain`.
    pub fn decode(chain: ChainId, kind: u8, bytes: &[u8]) -> Result<Self, BodyFault> {
        let kind = BodyKind::from_byte(kind).ok_or(BodyFault::UnknownKind(kind))?;
        let mut reader = Reader::new(bytes, kind.body_len())?;
        let body = read(chain, kind, &mut reader)?;
        reader.done();
        Ok(body)
    }
}

fn read(chain: ChainId, kind: BodyKind, reader: &mut Reader<'_>) -> Result<Body, BodyFault> {
    // Fields are read in the order in which the struct expressions name them.
    Ok(match kind {
        BodyKind::Registered => Body::Registered {
            account: account(chain, reader)?,
            index: reader.u64(),
            active: reader.amount(),
            link: LinkTerms::read(reader),
        },
        BodyKind::Staked => Body::Staked { account: account(chain, reader)?, active: reader.amount() },
        BodyKind::Unstaked => Body::Unstaked {
            account: account(chain, reader)?,
            active: reader.amount(),
            queued: reader.amount(),
            amount: reader.amount(),
            maturity: UnixSeconds(reader.u64()),
        },
        BodyKind::Restaked => {
            Body::Restaked { account: account(chain, reader)?, active: reader.amount(), queued: reader.amount() }
        }
        BodyKind::Withdrawn => {
            Body::Withdrawn { account: account(chain, reader)?, queued: reader.amount(), amount: reader.amount() }
        }
        BodyKind::Rotated => Body::Rotated { account: account(chain, reader)?, link: LinkTerms::read(reader) },
        BodyKind::Slashed => Body::Slashed(Box::new(Slashed {
            account: account(chain, reader)?,
            active: reader.amount(),
            queued: reader.amount(),
            taken: reader.amount(),
            bounty: reader.amount(),
            beneficiary: account(chain, reader)?,
            evidence: Evidence::read(reader)?,
        })),
        BodyKind::Unjailed => {
            Body::Unjailed { account: account(chain, reader)?, active: reader.amount(), link: LinkTerms::read(reader) }
        }
        BodyKind::VaultParameters => Body::VaultParameters(vault_parameters(reader)?),
        BodyKind::VaultParametersProposed => Body::VaultParametersProposed {
            parameters: vault_parameters(reader)?,
            effective: UnixSeconds(reader.u64()),
        },
        BodyKind::PoolParameters => Body::PoolParameters(pool_parameters(reader)),
        BodyKind::PoolParametersProposed => {
            Body::PoolParametersProposed { parameters: pool_parameters(reader), effective: UnixSeconds(reader.u64()) }
        }
        BodyKind::Funded => Body::Funded { funded: reader.amount() },
        BodyKind::RootPending => Body::RootPending {
            cycle: Cycle(reader.u64()),
            root: RewardRoot {
                root: Hash(reader.bytes()),
                total_base: reader.amount(),
                total_solana: reader.amount(),
                blob_hash: Hash(reader.bytes()),
            },
            activates: UnixSeconds(reader.u64()),
        },
        BodyKind::RootVetoed => Body::RootVetoed { cycle: Cycle(reader.u64()) },
    })
}

fn account(chain: ChainId, reader: &mut Reader<'_>) -> Result<Account, BodyFault> {
    let account = Account(reader.bytes());
    if account.exists_on(chain) { Ok(account) } else { Err(BodyFault::BadAddress) }
}

fn vault_parameters(reader: &mut Reader<'_>) -> Result<VaultParameters, BodyFault> {
    Ok(VaultParameters {
        min_stake: reader.amount(),
        min_deposit: reader.amount(),
        unstaking_period: Seconds(reader.u64()),
        slash: bps(reader.u16())?,
        evidence_cycles: reader.u64(),
    })
}

fn bps(bps: u16) -> Result<Bps, BodyFault> {
    Bps::try_from(bps).map_err(|_| BodyFault::Bps(bps))
}

fn pool_parameters(reader: &mut Reader<'_>) -> PoolParameters {
    PoolParameters { min_quorum: reader.amount(), delay: Seconds(reader.u64()), max_per_cycle: reader.amount() }
}
