-- How members behaved towards this node, and what they were shown to have signed. It is nobody else's business and no
-- chain can give it back.

create table reputation (
    chain   integer not null check (chain in (1, 2)),
    account blob    not null check (length(account) = 32),
    score   integer not null,                               -- millionths
    as_of   blob    not null check (length(as_of) = 8),     -- it decays from then on
    primary key (chain, account)
) strict, without rowid;

-- Two statements of one signer that contradict each other, for which nobody was slashed yet.
create table evidence (
    chain   integer not null check (chain in (1, 2)),
    account blob    not null check (length(account) = 32),
    packed  blob    not null check (length(packed) = 228),  -- as both chains take it
    primary key (chain, account)
) strict, without rowid;
