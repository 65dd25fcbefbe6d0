-- What the facts add up to, written in the transaction that writes the facts, so that a restart need not fold the whole
-- journal. Folding it from the first fact gives these rows again.

-- A chain as a whole, and the cursor: every fact through (through_height, through_time) is in the journal.
create table books (
    chain          integer not null primary key references site (chain),
    through_height blob    not null check (length(through_height) = 8),
    through_time   blob    not null check (length(through_time) = 8),
    last_height    blob    not null check (length(last_height) = 8),   -- the block of the last fact
    last_time      blob    not null check (length(last_time) = 8),
    operators      blob    not null check (length(operators) = 8),
    total          blob    not null check (length(total) = 16),
    floor          blob    not null check (length(floor) = 16),
    floor_prev     blob    not null check (length(floor_prev) = 16),
    cycle          blob    not null check (length(cycle) = 8),
    funded         blob    not null check (length(funded) = 16),
    closed         blob    check (length(closed) = 8)                   -- the last cycle that had a root
) strict;

-- No row before the chain said which parameters it has.
create table vault_parameters (
    chain            integer not null primary key references books (chain),
    min_stake        blob    not null check (length(min_stake) = 16),
    min_deposit      blob    not null check (length(min_deposit) = 16),
    unstaking_period blob    not null check (length(unstaking_period) = 8),
    slash_bps        integer not null check (slash_bps between 0 and 10000),
    evidence_cycles  blob    not null check (length(evidence_cycles) = 8)
) strict;

create table pool_parameters (
    chain         integer not null primary key references books (chain),
    min_quorum    blob    not null check (length(min_quorum) = 16),
    delay         blob    not null check (length(delay) = 8),
    max_per_cycle blob    not null check (length(max_per_cycle) = 16)
) strict;

-- `posted` is the last root that was not vetoed, `settled` the one whose delay was over when that was posted.
create table posted_root (
    chain        integer not null references books (chain),
    rank         text    not null check (rank in ('posted', 'settled')),
    cycle        blob    not null check (length(cycle) = 8),
    root         blob    not null check (length(root) = 32),
    total_base   blob    not null check (length(total_base) = 16),
    total_solana blob    not null check (length(total_solana) = 16),
    blob_hash    blob    not null check (length(blob_hash) = 32),
    activates    blob    not null check (length(activates) = 8),
    primary key (chain, rank)
) strict, without rowid;

create table operator (
    chain         integer not null references books (chain),
    account       blob    not null check (length(account) = 32),
    idx           blob    not null check (length(idx) = 8),
    journal       blob    not null check (length(journal) = 32),
    active        blob    not null check (length(active) = 16),
    queued        blob    not null check (length(queued) = 16),
    link_peer     blob    check (length(link_peer) = 32),               -- none if the peer half of the link is bad
    link_signer   blob    check (length(link_signer) = 20),
    signer        blob    not null check (length(signer) = 20),
    nonce         blob    not null check (length(nonce) = 8),
    term          blob    not null check (length(term) = 8),
    jailed_height blob    check (length(jailed_height) = 8),            -- none while it is free
    jailed_time   blob    check (length(jailed_time) = 8),
    counted       blob    not null check (length(counted) = 16),
    floor         blob    not null check (length(floor) = 16),
    floor_prev    blob    not null check (length(floor_prev) = 16),
    cycle         blob    not null check (length(cycle) = 8),
    changed       blob    not null check (length(changed) = 8),
    primary key (chain, account),
    check ((link_peer is null) = (link_signer is null)),
    check ((jailed_height is null) = (jailed_time is null))
) strict, without rowid;

-- The one interval that each signer ever has on a chain.
create table tenure (
    chain         integer not null references books (chain),
    signer        blob    not null check (length(signer) = 20),
    account       blob    not null check (length(account) = 32),
    from_cycle    blob    not null check (length(from_cycle) = 8),
    through_cycle blob    check (length(through_cycle) = 8),            -- none while it serves
    term          blob    not null check (length(term) = 8),
    primary key (chain, signer),
    foreign key (chain, account) references operator (chain, account)
) strict, without rowid;

-- How far each journal was folded.
create table head (
    chain   integer not null references books (chain),
    journal blob    not null check (length(journal) = 32),
    seq     blob    not null check (length(seq) = 8),
    hash    blob    not null check (length(hash) = 32),
    primary key (chain, journal)
) strict, without rowid;
