-- Where peers were last reached, so that a node that starts again need not be introduced. It gives no standing: the door
-- judges every connection anew.

create table peer (
    peer blob not null primary key check (length(peer) = 32),
    seen blob not null check (length(seen) = 8)
) strict, without rowid;

-- The ones to forget first.
create index peer_by_seen on peer (seen);

create table peer_address (
    peer    blob    not null references peer (peer) on delete cascade,
    rank    integer not null check (rank >= 0),             -- in the order in which they were told
    address text    not null,
    primary key (peer, rank)
) strict, without rowid;
