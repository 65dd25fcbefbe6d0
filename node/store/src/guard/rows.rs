//! The rows of the guard, and the sum that holds them together.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::SqliteConnection;
use williw_core::cycle::Cycle;
use williw_core::guard::{History, Taken};
use williw_core::hash::{Hash, keccak};
use williw_core::identity::Signer;
use williw_core::network::NetworkId;
use williw_core::secp256k1::Signature;
use williw_core::statement::{ConflictKey, Kind, Statement};

use super::error::{GuardError, failed};
use super::site::FileSite;
use crate::row::Hex;

/// The one row that says which guard this is and how far it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) id: [u8; 16],
    pub(super) network: NetworkId,
    pub(super) boot: u64,
    pub(super) noted: u64,
    pub(super) seq: u64,
    pub(super) sum: Sum,
    pub(super) site: FileSite,
    pub(super) moved: bool,
}

/// The hashes of all signers, floors and positions taken, added without carry; not of signatures, which can be made again,
/// nor of the bytes behind, which their digests vouch for. It is the same in whatever order they came, and a row that went
/// takes its hash along. It is there against accidents; whoever can write the file could also write the sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum(pub(super) [u8; 32]);

impl Sum {
    /// Adds a row, or takes it away.
    fn toggle(&mut self, row: Hash) {
        self.0.iter_mut().zip(row.0).for_each(|(sum, byte)| *sum ^= byte);
    }

    fn signer(&mut self, signer: Signer) {
        self.toggle(keccak(&[b"signer", &signer.0]));
    }

    fn floor(&mut self, signer: Signer, kind: Kind, through: u64) {
        self.toggle(keccak(&[b"floor", &signer.0, &[kind.byte()], &through.to_be_bytes()]));
    }

    fn taken(&mut self, signer: Signer, key: ConflictKey, taken: Taken) {
        let place = (&[key.kind().byte()], &key.position().to_be_bytes());
        self.toggle(match taken {
            Taken::By(statement) => keccak(&[
                b"taken",
                &signer.0,
                place.0,
                place.1,
                &statement.cycle().0.to_be_bytes(),
                &statement.digest().0,
            ]),
            Taken::Closed => keccak(&[b"closed", &signer.0, place.0, place.1]),
        });
    }
}

/// What is known of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TakenRow {
    pub(super) taken: Taken,
    pub(super) signature: Option<Signature>,
}

pub(super) async fn state(connection: &mut SqliteConnection) -> Result<Option<State>, GuardError> {
    let row = sqlx::query!("select id, network, boot, noted, seq, sum, inode, born, moved from guard");
    let Some(row) = row.fetch_optional(connection).await.map_err(failed("reading the guard"))? else { return Ok(None) };
    let at = At { table: "guard", key: &[1] };
    let site = FileSite { inode: at.number("inode", &row.inode)?, born: at.number("born", &row.born)? };
    Ok(Some(State {
        id: at.bytes("id", &row.id)?,
        network: NetworkId(at.bytes("network", &row.network)?),
        boot: at.number("boot", &row.boot)?,
        noted: at.number("noted", &row.noted)?,
        seq: at.number("seq", &row.seq)?,
        sum: Sum(at.bytes("sum", &row.sum)?),
        site,
        moved: row.moved != 0,
    }))
}

pub(super) async fn signers(connection: &mut SqliteConnection) -> Result<BTreeSet<Signer>, GuardError> {
    let rows = sqlx::query_scalar!("select signer from signer");
    let rows = rows.fetch_all(connection).await.map_err(failed("reading signers"))?;
    rows.iter().map(|bytes| At { table: "signer", key: bytes }.bytes("signer", bytes).map(Signer)).collect()
}

/// What each of these signers signed.
pub(super) async fn histories(
    connection: &mut SqliteConnection,
    signers: &BTreeSet<Signer>,
) -> Result<BTreeMap<Signer, History>, GuardError> {
    let doing = "reading what was signed";
    let mut histories = BTreeMap::new();
    for signer in signers {
        let of = &signer.0[..];
        let at = At { table: "floor", key: of };
        let rows = sqlx::query!("select kind, through from floor where signer = ?", of);
        let rows = rows.fetch_all(&mut *connection).await.map_err(failed(doing))?;
        let floor = |kind, through: &[u8]| Ok((at.kind(kind)?, at.number("through", through)?));
        let floors = rows.iter().map(|row| floor(row.kind, &row.through)).collect::<Result<_, GuardError>>()?;
        let rows = sqlx::query!("select kind, position, cycle, digest from taken where signer = ?", of);
        let rows = rows.fetch_all(&mut *connection).await.map_err(failed(doing))?;
        let at = At { table: "taken", key: of };
        let mut taken = BTreeMap::new();
        for row in rows {
            let key = ConflictKey::at(at.kind(row.kind)?, at.number("position", &row.position)?);
            taken.insert(key, at.taken(key, row.cycle.as_deref(), row.digest.as_deref())?);
        }
        histories.insert(*signer, History::new(floors, taken));
    }
    Ok(histories)
}

/// The sum over what these histories hold.
pub(super) fn sum_of(histories: &BTreeMap<Signer, History>) -> Sum {
    let mut sum = Sum::default();
    for (signer, history) in histories {
        sum.signer(*signer);
        history.floors().for_each(|(kind, through)| sum.floor(*signer, kind, through));
        history.taken().for_each(|(key, taken)| sum.taken(*signer, key, taken));
    }
    sum
}

pub(super) async fn floor(
    connection: &mut SqliteConnection,
    signer: Signer,
    kind: Kind,
) -> Result<Option<u64>, GuardError> {
    let (of, number) = (&signer.0[..], i64::from(kind.byte()));
    let row = sqlx::query_scalar!("select through from floor where signer = ? and kind = ?", of, number);
    let row = row.fetch_optional(connection).await.map_err(failed("reading a floor"))?;
    row.map(|through| At { table: "floor", key: of }.number("through", &through)).transpose()
}

pub(super) async fn taken(
    connection: &mut SqliteConnection,
    signer: Signer,
    key: ConflictKey,
) -> Result<Option<TakenRow>, GuardError> {
    let (of, kind, position) = (&signer.0[..], i64::from(key.kind().byte()), &key.position().to_be_bytes()[..]);
    let row = sqlx::query!(
        "select cycle, digest, signature from taken where signer = ? and kind = ? and position = ?",
        of,
        kind,
        position
    );
    let row = row.fetch_optional(connection).await.map_err(failed("reading what was signed"))?;
    let Some(row) = row else { return Ok(None) };
    let at = At { table: "taken", key: position };
    let signature = row.signature.map(|bytes| at.bytes("signature", &bytes).map(Signature)).transpose()?;
    Ok(Some(TakenRow { taken: at.taken(key, row.cycle.as_deref(), row.digest.as_deref())?, signature }))
}

/// Keeps a signature beside what it signs.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    signer: Signer,
    key: ConflictKey,
    signature: Signature,
) -> Result<(), GuardError> {
    let (of, kind, position) = (&signer.0[..], i64::from(key.kind().byte()), &key.position().to_be_bytes()[..]);
    let bytes = &signature.0[..];
    let row = sqlx::query!(
        "update taken set signature = ? where signer = ? and kind = ? and position = ? and signature is null",
        bytes,
        of,
        kind,
        position
    );
    row.execute(connection).await.map_err(failed("keeping a signature"))?;
    Ok(())
}

/// A transaction that is being put together.
pub(super) struct Change<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) state: State,
}

impl Change<'_> {
    pub(super) async fn signer(&mut self, signer: Signer) -> Result<(), GuardError> {
        let of = &signer.0[..];
        let row = sqlx::query!("insert into signer (signer) values (?)", of);
        row.execute(&mut *self.connection).await.map_err(failed("noting a signer"))?;
        self.state.sum.signer(signer);
        Ok(())
    }

    /// Writes what is going to be signed, and the bytes that it stands for.
    pub(super) async fn take(&mut self, signer: Signer, statement: Statement, bytes: &[u8]) -> Result<(), GuardError> {
        self.keep(statement, bytes).await?;
        self.state.noted = self.state.noted.checked_add(1).ok_or(GuardError::Exhausted)?;
        self.insert(signer, statement.conflict_key(), Taken::By(statement)).await
    }

    /// Writes the bytes that a statement stands for, if they are not there yet.
    pub(super) async fn keep(&mut self, statement: Statement, bytes: &[u8]) -> Result<(), GuardError> {
        let digest = &statement.digest().0[..];
        let row =
            sqlx::query!("insert into behind (digest, bytes) values (?, ?) on conflict do nothing", digest, bytes);
        row.execute(&mut *self.connection).await.map_err(failed("keeping the bytes behind a statement"))?;
        Ok(())
    }

    async fn insert(&mut self, signer: Signer, key: ConflictKey, taken: Taken) -> Result<(), GuardError> {
        let (of, kind, position) = (&signer.0[..], i64::from(key.kind().byte()), &key.position().to_be_bytes()[..]);
        let (cycle, digest) = columns(taken);
        let (cycle, digest) = (cycle.as_ref().map(|bytes| &bytes[..]), digest.as_ref().map(|bytes| &bytes[..]));
        let row = sqlx::query!(
            "insert into taken (signer, kind, position, cycle, digest) values (?, ?, ?, ?, ?)",
            of,
            kind,
            position,
            cycle,
            digest
        );
        row.execute(&mut *self.connection).await.map_err(failed("noting what is signed"))?;
        self.state.sum.taken(signer, key, taken);
        Ok(())
    }

    /// Writes what `after` knows more than `before`.
    pub(super) async fn history(
        &mut self,
        signer: Signer,
        before: &History,
        after: &History,
    ) -> Result<(), GuardError> {
        let (floors, known): (BTreeMap<_, _>, BTreeMap<_, _>) = (before.floors().collect(), before.taken().collect());
        let of = &signer.0[..];
        for (kind, through) in after.floors() {
            let old = floors.get(&kind).copied();
            if old == Some(through) {
                continue;
            }
            let (number, bytes) = (i64::from(kind.byte()), &through.to_be_bytes()[..]);
            let row = sqlx::query!(
                "insert into floor (signer, kind, through) values (?, ?, ?)
                 on conflict do update set through = excluded.through",
                of,
                number,
                bytes
            );
            row.execute(&mut *self.connection).await.map_err(failed("raising a floor"))?;
            if let Some(old) = old {
                self.state.sum.floor(signer, kind, old);
            }
            self.state.sum.floor(signer, kind, through);
        }
        for (key, taken) in after.taken() {
            match known.get(&key) {
                None => self.insert(signer, key, taken).await?,
                Some(old) if *old == taken => {}
                Some(old) => {
                    let (kind, position) = (i64::from(key.kind().byte()), &key.position().to_be_bytes()[..]);
                    let row = sqlx::query!(
                        "update taken set cycle = null, digest = null where signer = ? and kind = ? and position = ?",
                        of,
                        kind,
                        position
                    );
                    row.execute(&mut *self.connection).await.map_err(failed("closing a position"))?;
                    self.state.sum.taken(signer, key, *old);
                    self.state.sum.taken(signer, key, taken);
                }
            }
        }
        Ok(())
    }

    /// Forgets what lies at or below these positions of their kinds, with the bytes that nothing else stands for. Returns how
    /// many statements that were. The floors have to be there already.
    pub(super) async fn forget(
        &mut self,
        signer: Signer,
        before: &History,
        through: &BTreeMap<Kind, u64>,
    ) -> Result<u64, GuardError> {
        let of = &signer.0[..];
        for (kind, through) in through {
            let (number, bytes) = (i64::from(kind.byte()), &through.to_be_bytes()[..]);
            let rows =
                sqlx::query!("delete from taken where signer = ? and kind = ? and position <= ?", of, number, bytes);
            rows.execute(&mut *self.connection).await.map_err(failed("forgetting statements"))?;
        }
        let mut forgotten: u64 = 0;
        for (key, taken) in before.taken() {
            if through.get(&key.kind()).is_some_and(|through| key.position() <= *through) {
                self.state.sum.taken(signer, key, taken);
                forgotten = forgotten.saturating_add(1);
            }
        }
        let bytes =
            sqlx::query!("delete from behind where digest not in (select digest from taken where digest not null)");
        bytes.execute(&mut *self.connection).await.map_err(failed("forgetting bytes"))?;
        Ok(forgotten)
    }

    /// Writes how far the guard came by this.
    pub(super) async fn settle(mut self) -> Result<State, GuardError> {
        self.state.seq = self.state.seq.checked_add(1).ok_or(GuardError::Exhausted)?;
        let State { boot, noted, seq, sum, site, moved, .. } = &self.state;
        let (boot, noted) = (&boot.to_be_bytes()[..], &noted.to_be_bytes()[..]);
        let (seq, sum) = (&seq.to_be_bytes()[..], &sum.0[..]);
        let (inode, born) = (&site.inode.to_be_bytes()[..], &site.born.to_be_bytes()[..]);
        let row = sqlx::query!(
            "update guard set boot = ?, noted = ?, seq = ?, sum = ?, inode = ?, born = ?, moved = ?",
            boot,
            noted,
            seq,
            sum,
            inode,
            born,
            moved
        );
        row.execute(&mut *self.connection).await.map_err(failed("writing how far the guard came"))?;
        Ok(self.state)
    }
}

/// The columns that say what was signed.
fn columns(taken: Taken) -> (Option<[u8; 8]>, Option<[u8; 32]>) {
    match taken {
        Taken::By(statement) => (Some(statement.cycle().0.to_be_bytes()), Some(statement.digest().0)),
        Taken::Closed => (None, None),
    }
}

/// A row, for errors.
struct At<'a> {
    table: &'static str,
    key: &'a [u8],
}

impl At<'_> {
    fn corrupt(&self, fault: impl std::fmt::Display) -> GuardError {
        GuardError::Corrupt { table: self.table, key: Hex(self.key).to_string(), fault: fault.to_string() }
    }

    fn bytes<const N: usize>(&self, column: &str, bytes: &[u8]) -> Result<[u8; N], GuardError> {
        let wrong = |_| self.corrupt(format_args!("{column} has {} bytes instead of {N}", bytes.len()));
        bytes.try_into().map_err(wrong)
    }

    fn number(&self, column: &str, bytes: &[u8]) -> Result<u64, GuardError> {
        self.bytes(column, bytes).map(u64::from_be_bytes)
    }

    fn kind(&self, number: i64) -> Result<Kind, GuardError> {
        let kind = u8::try_from(number).ok().and_then(Kind::from_byte);
        kind.ok_or_else(|| self.corrupt(format_args!("{number} is no kind")))
    }

    fn taken(&self, key: ConflictKey, cycle: Option<&[u8]>, digest: Option<&[u8]>) -> Result<Taken, GuardError> {
        let (Some(cycle), Some(digest)) = (cycle, digest) else { return Ok(Taken::Closed) };
        let slot = match key {
            ConflictKey::Slot { slot, .. } => slot,
            ConflictKey::Cycle { .. } => 0,
        };
        let (cycle, digest) = (Cycle(self.number("cycle", cycle)?), Hash(self.bytes("digest", digest)?));
        let statement = Statement::new(key.kind(), cycle, slot, digest).map_err(|fault| self.corrupt(fault))?;
        if statement.conflict_key() != key {
            return Err(self.corrupt(format_args!("its cycle is {cycle}")));
        }
        Ok(Taken::By(statement))
    }
}
