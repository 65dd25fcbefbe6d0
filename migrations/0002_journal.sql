-- What the chains said, once final. Stake is a fold over it, so it is only ever appended to: the triggers stop whoever
-- tries anything else, a bug of ours or a person with a shell.

create table fact (
    chain   integer not null references site (chain),
    place   integer not null,                                -- in the order in which they happened; the first is 1
    journal blob    not null check (length(journal) = 32),
    seq     blob    not null check (length(seq) = 8),        -- its number in that journal
    time    blob    not null check (length(time) = 8),
    height  blob    not null check (length(height) = 8),     -- block on Base, slot on Solana
    kind    integer not null check (kind between 1 and 255),
    account blob    check (length(account) = 32),            -- whom it happened to; none if to the whole chain
    body    blob    not null,                                -- packed, as it is hashed into the head of its journal
    primary key (chain, place),
    unique (chain, journal, seq)                             -- a fact replayed is a fact refused
) strict, without rowid;

-- Explaining a standing asks for everything that happened to one owner.
create index fact_of_account on fact (chain, account, place) where account is not null;

-- `insert or replace` deletes without a delete trigger; no row but the next one can be inserted, so it cannot replace.
create trigger fact_goes_to_the_end before insert on fact
when new.place <> (select coalesce(max(place), 0) + 1 from fact where chain = new.chain)
begin
    select raise(abort, 'a fact goes to the end of the journal');
end;

create trigger fact_is_never_changed before update on fact
begin
    select raise(abort, 'a fact is never changed');
end;

create trigger fact_is_never_deleted before delete on fact
begin
    select raise(abort, 'a fact is never deleted');
end;
