-- What was signed, so that nothing is signed that contradicts it.
--
-- This is a file of its own, `guard.db`: it must never be thrown away to read the chains again, as the other one may.
-- Numbers are big-endian blobs here too, and kinds are numbered as statements number them: 1 update, 2 checkpoint, 3 root
-- vote, 4 proposal.

-- The first table is read before the file is migrated, so it never changes its shape.

pragma application_id = 2003397735; -- "wilg"

create table guard (
    one     integer not null primary key check (one = 1),
    id      blob    not null check (length(id) = 16),       -- drawn when it was founded
    network blob    not null check (length(network) = 32),
    boot    blob    not null check (length(boot) = 8),      -- how often it was started, from wherever it began to count
    noted   blob    not null check (length(noted) = 8),     -- how many statements were, from wherever it began to count
    seq     blob    not null check (length(seq) = 8),       -- how often it was written; `guard.mark` knows this number too
    sum     blob    not null check (length(sum) = 32),      -- the hashes of all rows below, added without carry
    inode   blob    not null check (length(inode) = 8),     -- which file this is, and
    born    blob    not null check (length(born) = 8),      -- since when: a copy is another one
    moved   integer not null check (moved in (0, 1))        -- to another home; nothing is signed here any more
) strict;

-- The signers whose whole history is here.
create table signer (
    signer blob not null primary key check (length(signer) = 20)
) strict, without rowid;

-- Everything of a kind through this position counts as signed.
create table floor (
    signer  blob    not null references signer (signer),
    kind    integer not null check (kind between 1 and 4),
    through blob    not null check (length(through) = 8),
    primary key (signer, kind)
) strict, without rowid;

-- What was signed at each position: the slot of an update or checkpoint, the cycle of a vote or proposal. Without a digest
-- it is not known what, or it was more than one thing. Without a signature it was about to be signed, here or, if it was
-- imported, elsewhere.
create table taken (
    signer    blob    not null references signer (signer),
    kind      integer not null check (kind between 1 and 4),
    position  blob    not null check (length(position) = 8),
    cycle     blob    check (length(cycle) = 8),
    digest    blob    check (length(digest) = 32),
    signature blob    check (length(signature) = 65),
    primary key (signer, kind, position),
    check ((cycle is null) = (digest is null))
) strict, without rowid;

-- The bytes that digests stand for.
create table behind (
    digest blob not null primary key check (length(digest) = 32),
    bytes  blob not null
) strict;

-- What no bug and no shell may do either.

create trigger guard_stays before delete on guard begin select raise(abort, 'the guard stays'); end;
create trigger guard_grows before update on guard
when new.id <> old.id or new.network <> old.network or new.boot < old.boot or new.noted < old.noted
    or new.seq <= old.seq or new.moved < old.moved
begin select raise(abort, 'the guard does not go back'); end;

create trigger signer_stays before delete on signer begin select raise(abort, 'a signer stays'); end;
create trigger signer_keeps before update on signer begin select raise(abort, 'a signer stays'); end;

create trigger floor_stays before delete on floor begin select raise(abort, 'a floor stays'); end;
create trigger floor_rises before update on floor
when new.signer <> old.signer or new.kind <> old.kind or new.through < old.through
begin select raise(abort, 'a floor does not sink'); end;

create trigger taken_keeps before update on taken
when new.signer <> old.signer or new.kind <> old.kind or new.position <> old.position
    or (new.digest is not null and (new.digest is not old.digest or new.cycle is not old.cycle))
    or (old.signature is not null and new.signature is not old.signature)
begin select raise(abort, 'what was signed stays as it was'); end;
create trigger taken_stays before delete on taken
when not exists (
    select 1 from floor where signer = old.signer and kind = old.kind and through >= old.position
)
begin select raise(abort, 'only what lies below a floor is forgotten'); end;

create trigger behind_keeps before update on behind begin select raise(abort, 'bytes stay as they were'); end;
