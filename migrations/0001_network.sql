-- Whose record this is.
--
-- Facts of one deployment are worth nothing in another, so a file belongs to one network for good, and a node refuses any
-- other. Only what identifies the network is here, apart from what changes, because it is read before the file is
-- migrated: these two tables never change their shape.
--
-- In all tables: numbers that the chains count in 64 or 128 bits are big-endian blobs of 8 or 16 bytes, because integers
-- of SQLite stop at 2^63. They are exact and sort as numbers do; `select hex(height)` shows them.

pragma application_id = 2003397751; -- "wilw"

create table network (
    one          integer not null primary key check (one = 1),
    id           blob    not null check (length(id) = 32),
    genesis      blob    not null check (length(genesis) = 8),
    cycle_length blob    not null check (length(cycle_length) = 8)
) strict;

-- Where each chain of the network keeps its journals. 1 is Base, 2 is Solana, here and in every other table.
create table site (
    chain  integer not null primary key check (chain in (1, 2)),
    vault  blob check (length(vault) = 32),
    pool   blob check (length(pool) = 32),  -- none if the network has no rewards
    config blob check (length(config) = 32),
    check (case chain
        when 1 then vault is not null and config is null
        else vault is null and pool is null and config is not null
    end)
) strict;
