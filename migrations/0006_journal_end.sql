-- Where each journal ends, beside what it ends with.
--
-- On Solana every operator has a journal of its own, and an endpoint may show one of them as it was earlier than the rest.
-- What it left out is told later and happened before facts that are here, so the next fact of a journal is compared with the
-- last one of that journal, and `place` in `fact` is the order in which facts were folded.

create table journal_end (
    chain       integer not null references books (chain),
    journal     blob    not null check (length(journal) = 32),
    seq         blob    not null check (length(seq) = 8),
    hash        blob    not null check (length(hash) = 32),
    last_height blob    not null check (length(last_height) = 8),
    last_time   blob    not null check (length(last_time) = 8),
    primary key (chain, journal)
) strict, without rowid;

insert into journal_end (chain, journal, seq, hash, last_height, last_time)
select head.chain, head.journal, head.seq, head.hash, fact.height, fact.time
from head join fact on fact.chain = head.chain and fact.journal = head.journal and fact.seq = head.seq;

drop table head;
