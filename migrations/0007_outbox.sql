-- The outbox: what was asked of the chains, what was signed for it, and what became of it.
--
-- A row is here before what it speaks of can have happened: the intent before anything is signed, the bytes with their
-- pin before they are sent. So whoever finds the file after a crash sends the same bytes again or nothing. What was asked
-- and signed is never changed and never deleted; only the course of an intent is, until it is settled.

create table intent (
    id      integer not null primary key check (id >= 1),
    chain   integer not null check (chain in (1, 2)),
    account blob    not null check (length(account) = 32),  -- who pays and signs
    target  blob    not null check (length(target) = 32),
    input   blob    not null,
    value   blob    not null check (length(value) = 16),
    what    text    not null,                               -- what it does, for people
    asked   blob    not null check (length(asked) = 8)
) strict;

create index intent_by_account on intent (chain, account, id);

-- What lets at most one attempt of an intent happen. A nonce is used once, so no two intents of an account share one, ever.
create table pin (
    intent     integer not null primary key references intent (id),
    chain      integer not null,
    account    blob    not null,
    nonce      blob check (length(nonce) = 8),
    blockhash  blob check (length(blockhash) = 32),
    last_valid blob check (length(last_valid) = 8),
    unique (chain, account, nonce),
    check (case chain
        when 1 then nonce is not null and blockhash is null and last_valid is null
        else nonce is null and blockhash is not null and last_valid is not null
    end)
) strict;

create table attempt (
    intent  integer not null references pin (intent),
    nth     integer not null check (nth >= 1),
    purpose integer not null check (purpose in (1, 2)),     -- 1 does what was asked, 2 cancels it
    max_fee blob check (length(max_fee) = 16),              -- none on Solana
    tip     blob check (length(tip) = 16),
    name    blob    not null unique check (length(name) in (32, 64)), -- the hash on Base, the signature on Solana
    bytes   blob    not null,
    signed  blob    not null check (length(signed) = 8),
    primary key (intent, nth),
    check ((max_fee is null) = (tip is null))
) strict, without rowid;

create table course (
    intent    integer not null primary key references intent (id),
    -- 1 intended, 2 signed, 3 included, 4 spent; settled: 5 done, 6 failed, 7 cancelled, 8 overtaken, 9 expired, 10 not sent
    stage     integer not null check (stage between 1 and 10),
    attempt   integer,                                      -- the one that was seen in a block
    height    blob check (length(height) = 8),
    hash      blob check (length(hash) = 32),
    succeeded integer check (succeeded in (0, 1)),
    unsent    integer check (unsent between 1 and 4),
    told      integer not null check (told in (0, 1)),      -- whoever asked for it knows that it happened
    foreign key (intent, attempt) references attempt (intent, nth),
    check ((attempt is not null) = (stage in (3, 5, 6, 7))),
    check ((succeeded is not null) = (stage in (3, 5, 6, 7))),
    check ((height is not null) = (stage in (3, 4, 5, 6, 7, 8, 9))),
    check ((hash is not null) = (height is not null)),
    check ((unsent is not null) = (stage = 10))
) strict;

-- What is left to do.
create index course_unsettled on course (intent) where stage < 5;

-- `insert or replace` deletes without a delete trigger, so nothing is inserted in the place of what is there.
create trigger intent_is_new before insert on intent
when exists (select 1 from intent where id = new.id)
begin select raise(abort, 'what was asked is never replaced'); end;
create trigger pin_is_new before insert on pin
when exists (
    select 1 from pin
    where intent = new.intent or (chain = new.chain and account = new.account and nonce = new.nonce)
)
begin select raise(abort, 'a pin is never replaced, and never used twice'); end;
create trigger attempt_is_new before insert on attempt
when exists (select 1 from attempt where (intent = new.intent and nth = new.nth) or name = new.name)
begin select raise(abort, 'what was signed is never replaced'); end;
create trigger course_is_new before insert on course
when exists (select 1 from course where intent = new.intent)
begin select raise(abort, 'a course is never replaced'); end;
create trigger what_is_signed_stays_signed before update of stage on course
when new.stage = 1 and old.stage > 1
begin select raise(abort, 'what was signed stays signed'); end;

create trigger intent_stays before update on intent begin select raise(abort, 'what was asked is never changed'); end;
create trigger intent_is_kept before delete on intent begin select raise(abort, 'what was asked is never deleted'); end;
create trigger pin_stays before update on pin begin select raise(abort, 'a pin is never changed'); end;
create trigger pin_is_kept before delete on pin begin select raise(abort, 'a pin is never deleted'); end;
create trigger attempt_stays before update on attempt begin select raise(abort, 'what was signed is never changed'); end;
create trigger attempt_is_kept before delete on attempt begin select raise(abort, 'what was signed is never deleted'); end;
create trigger course_is_kept before delete on course begin select raise(abort, 'a course is never deleted'); end;

create trigger pin_is_its_intents before insert on pin
when not exists (select 1 from intent where id = new.intent and chain = new.chain and account = new.account)
begin select raise(abort, 'a pin is of the account of its intent'); end;

create trigger nothing_is_signed_after_the_end before insert on attempt
when (select stage from course where intent = new.intent) >= 5
begin select raise(abort, 'nothing is signed for an intent that has ended'); end;

create trigger settled_stays before update of intent, stage, attempt, height, hash, succeeded, unsent on course
when old.stage >= 5
begin select raise(abort, 'what is settled is never changed'); end;

create trigger what_is_signed_is_not_unsent before update of stage on course
when new.stage = 10 and exists (select 1 from attempt where intent = new.intent)
begin select raise(abort, 'something was signed for this intent, so it may have been sent'); end;
