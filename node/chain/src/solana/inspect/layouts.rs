//! What the loader and the token programs keep in their accounts, as far as it says whether a network is sound.

use anchor_lang::prelude::{Pubkey, pubkey};
use sha2::{Digest, Sha256};
use williw_core::cycle::Height;
use williw_core::hash::Hash;
use williw_core::identity::Account;

use super::super::derive::account_of;

/// Who owns programs that can be upgraded.
pub(super) const LOADER: Pubkey = pubkey!("BPFLoaderUpgradeab1e11111111111111111111111");

const TOKEN: Pubkey = pubkey!("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
const TOKEN_2022: Pubkey = pubkey!("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb");

/// The first number of an account of the loader.
const PROGRAM_KIND: [u8; 4] = [2, 0, 0, 0];
const PROGRAM_DATA_KIND: [u8; 4] = [3, 0, 0, 0];

/// What stands before the bytecode.
const PROGRAM_DATA_HEAD: usize = 45;

const MINT_LEN: usize = 82;
const TOKENS_LEN: usize = 165;

/// With extensions, a mint first has as much room as a token account needs; then it is said which of the two this is.
const KIND_AT: usize = TOKENS_LEN;
const MINT_KIND: u8 = 1;
const TOKENS_KIND: u8 = 2;

/// Extensions of a mint that only describe it, by the names that the program has for them.
const HARMLESS: [(u16, &str); 6] = [
    (18, "MetadataPointer"),
    (19, "TokenMetadata"),
    (20, "GroupPointer"),
    (21, "TokenGroup"),
    (22, "GroupMemberPointer"),
    (23, "TokenGroupMember"),
];

/// The extension of a token account that can stop nothing: its owner never changes (`ImmutableOwner`).
const FIXED_OWNER: u16 = 7;

/// The bytecode of a program.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytecode {
    /// When it was put there, or was given room.
    pub slot: Height,
    /// Who may replace it; nobody, for ever, if none.
    pub authority: Option<Account>,
    /// How many bytes it can have where it lies, and how many there are before the zeros at the end.
    pub room: u64,
    pub used: u64,
    /// SHA-256 of as many bytes as were asked for; none if there are fewer.
    pub digest: Option<Hash>,
}

/// A token account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tokens {
    pub mint: Account,
    /// Who can move what is in it.
    pub owner: Account,
    /// Nothing can be moved, by the word of the mint's freeze authority.
    pub frozen: bool,
    /// Who else can move what is in it.
    pub delegate: Option<Account>,
    /// Who else can close it, and make it anew otherwise.
    pub closer: Option<Account>,
    /// The extensions that do something: demand a memo, refuse calls of programs.
    pub unsound: Vec<u16>,
}

/// A mint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mint {
    pub decimals: u8,
    /// Who can make more of it.
    pub minter: Option<Account>,
    /// Who can stop token accounts.
    pub freezer: Option<Account>,
    /// The extensions that do more than describe it.
    pub unsound: Vec<u16>,
}

impl Bytecode {
    /// True if who may replace it is a single key. Of an address that a program signs for nobody has the key.
    #[must_use]
    pub fn hangs_on_a_key(&self) -> bool {
        self.authority.is_some_and(|authority| Pubkey::new_from_array(authority.0).is_on_curve())
    }
}

/// Where the bytecode of the program lies that this account is.
pub(super) fn program(bytes: &[u8]) -> Option<Account> {
    let rest = bytes.strip_prefix(&PROGRAM_KIND)?;
    Some(Account(rest.try_into().ok()?))
}

pub(super) fn bytecode(bytes: &[u8], length: u64) -> Option<Bytecode> {
    let (head, held) = bytes.split_at_checked(PROGRAM_DATA_HEAD)?;
    let (slot, authority) = head.strip_prefix(&PROGRAM_DATA_KIND)?.split_first_chunk::<8>()?;
    let authority = match authority.split_first()? {
        (0, _) => None,
        (1, key) => Some(Account(key.try_into().ok()?)),
        _ => return None,
    };
    let used = held.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let asked = usize::try_from(length).ok().and_then(|length| held.get(..length));
    Some(Bytecode {
        slot: Height(u64::from_le_bytes(*slot)),
        authority,
        room: held.len() as u64,
        used: used as u64,
        digest: asked.map(|asked| Hash(Sha256::digest(asked).into())),
    })
}

/// The token account that this is, if it belongs to a token program.
pub(super) fn tokens(owner: Pubkey, bytes: &[u8]) -> Option<Tokens> {
    const DELEGATE_AT: usize = 72;
    const STATE_AT: usize = 108;
    const CLOSER_AT: usize = 129;
    const FROZEN: u8 = 2;
    is_token_account(owner, bytes, TOKENS_LEN, TOKENS_KIND).then_some(())?;
    let frozen = match bytes.get(STATE_AT)? {
        1 => false,
        &FROZEN => true,
        _ => return None,
    };
    let (delegate, closer) = (optional_key_at(bytes, DELEGATE_AT)?, optional_key_at(bytes, CLOSER_AT)?);
    let unsound = extensions(bytes, |kind| kind == FIXED_OWNER)?;
    Some(Tokens { mint: key_at(bytes, 0)?, owner: key_at(bytes, 32)?, frozen, delegate, closer, unsound })
}

/// The mint that this is, if it belongs to a token program.
pub(super) fn mint(owner: Pubkey, bytes: &[u8]) -> Option<Mint> {
    const MINTER_AT: usize = 0;
    const DECIMALS_AT: usize = 44;
    const BEGUN_AT: usize = 45;
    const FREEZER_AT: usize = 46;
    is_token_account(owner, bytes, MINT_LEN, MINT_KIND).then_some(())?;
    (*bytes.get(BEGUN_AT)? == 1).then_some(())?;
    let (minter, freezer) = (optional_key_at(bytes, MINTER_AT)?, optional_key_at(bytes, FREEZER_AT)?);
    let unsound = extensions(bytes, |kind| HARMLESS.iter().any(|(harmless, _)| *harmless == kind))?;
    Some(Mint { decimals: *bytes.get(DECIMALS_AT)?, minter, freezer, unsound })
}

fn is_token_account(owner: Pubkey, bytes: &[u8], length: usize, kind: u8) -> bool {
    let is_extended = owner == TOKEN_2022 && bytes.len() > KIND_AT && bytes[KIND_AT] == kind;
    (owner == TOKEN || owner == TOKEN_2022) && bytes.len() == length || is_extended
}

fn key_at(bytes: &[u8], at: usize) -> Option<Account> {
    let key: &[u8; 32] = bytes.get(at..)?.first_chunk()?;
    Some(account_of(Pubkey::new_from_array(*key)))
}

/// What stands there in as many bytes whether or not it is set; none if it is neither.
fn optional_key_at(bytes: &[u8], at: usize) -> Option<Option<Account>> {
    match bytes.get(at..)?.split_first_chunk::<4>()? {
        ([0, 0, 0, 0], _) => Some(None),
        ([1, 0, 0, 0], _) => Some(Some(key_at(bytes, at + 4)?)),
        _ => None,
    }
}

/// The extensions of a whole account that are not harmless; none if they cannot be read to their end.
fn extensions(account: &[u8], is_harmless: impl Fn(u16) -> bool) -> Option<Vec<u16>> {
    let mut bytes = account.get(KIND_AT + 1..).unwrap_or_default();
    let mut unsound = Vec::new();
    while let Some((kind, rest)) = bytes.split_first_chunk::<2>() {
        let kind = u16::from_le_bytes(*kind);
        // What follows the last one is room.
        if kind == 0 {
            break;
        }
        let (length, rest) = rest.split_first_chunk::<2>()?;
        bytes = rest.get(usize::from(u16::from_le_bytes(*length))..)?;
        if !is_harmless(kind) {
            unsound.push(kind);
        }
    }
    Some(unsound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extended(extensions: &[(u16, usize)], room: usize) -> Vec<u8> {
        let mut bytes = vec![0; KIND_AT];
        (bytes[44], bytes[45]) = (9, 1);
        bytes.push(MINT_KIND);
        for (kind, length) in extensions {
            bytes.extend(kind.to_le_bytes());
            bytes.extend(u16::try_from(*length).unwrap().to_le_bytes());
            bytes.resize(bytes.len() + length, 7);
        }
        bytes.resize(bytes.len() + room, 0);
        bytes
    }

    #[test]
    fn extensions_that_only_describe_are_those_of_the_program() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../programs/williw/src/tokens.rs");
        let source = std::fs::read_to_string(path).unwrap();
        let list = source.split("const HARMLESS").nth(1).unwrap().split("];").next().unwrap();
        let theirs: Vec<_> =
            list.split("ExtensionType::").skip(1).map(|name| name.split(',').next().unwrap()).collect();
        assert_eq!(HARMLESS.map(|(_, name)| name).to_vec(), theirs);
    }

    #[test]
    fn whatever_else_a_mint_can_do_is_named() {
        let unsound = |bytes: &[u8]| mint(TOKEN_2022, bytes).map(|mint| mint.unsound);
        assert_eq!(unsound(&extended(&HARMLESS.map(|(kind, _)| (kind, 64)), 0)), Some(vec![]));
        assert_eq!(unsound(&extended(&[(18, 64), (12, 32), (19, 5), (900, 0)], 9)), Some(vec![12, 900]));
        assert_eq!(unsound(&extended(&[(18, 64)], 3)), Some(vec![]));
        // One that says it is longer than the account, and one whose length is cut off.
        let whole = extended(&[(18, 64)], 0);
        assert_eq!(unsound(&whole[..whole.len() - 1]), None);
        assert_eq!(unsound(&whole[..KIND_AT + 4]), None);
        // The old program has no extensions.
        assert_eq!(mint(TOKEN, &whole), None);
        assert_eq!(mint(LOADER, &whole[..MINT_LEN]), None);
        assert_eq!(mint(TOKEN, &whole[..MINT_LEN]).map(|mint| mint.decimals), Some(9));
    }

    #[test]
    fn who_can_mint_is_seen() {
        let mut bytes = extended(&[], 0)[..MINT_LEN].to_vec();
        assert_eq!(mint(TOKEN, &bytes).unwrap().minter, None);
        bytes[0] = 1;
        bytes[4..36].fill(5);
        assert_eq!(mint(TOKEN, &bytes).unwrap().minter, Some(Account([5; 32])));
        bytes[1] = 1;
        assert_eq!(mint(TOKEN, &bytes), None);
    }

    #[test]
    fn who_can_freeze_is_seen() {
        let mut bytes = extended(&[], 0)[..MINT_LEN].to_vec();
        assert_eq!(mint(TOKEN, &bytes).unwrap().freezer, None);
        bytes[46] = 1;
        bytes[50..].fill(5);
        assert_eq!(mint(TOKEN, &bytes).unwrap().freezer, Some(Account([5; 32])));
        bytes[46] = 2;
        assert_eq!(mint(TOKEN, &bytes), None);
    }

    #[test]
    fn bytecode_ends_where_only_zeros_follow() {
        let mut bytes = PROGRAM_DATA_KIND.to_vec();
        bytes.extend(77_u64.to_le_bytes());
        bytes.push(0);
        bytes.extend([9; 32]);
        bytes.extend(b"abc\0\0");
        let found = bytecode(&bytes, 3).unwrap();
        assert_eq!((found.slot, found.authority, found.room, found.used), (Height(77), None, 5, 3));
        // Of FIPS 180-2.
        let known = "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(found.digest.unwrap().to_string(), known);
        assert_eq!(bytecode(&bytes, 6).unwrap().digest, None);
        assert_eq!(bytecode(&bytes, u64::MAX).unwrap().digest, None);
        bytes[12] = 1;
        assert_eq!(bytecode(&bytes, 3).unwrap().authority, Some(Account([9; 32])));
        let hangs = |authority: Option<Pubkey>| {
            let authority = authority.map(account_of);
            Bytecode { authority, ..bytecode(&bytes, 3).unwrap() }.hangs_on_a_key()
        };
        // The base point of the curve has a key like every other one.
        let mut base = [0x66; 32];
        base[0] = 0x58;
        assert!(hangs(Some(Pubkey::new_from_array(base))));
        assert!(!hangs(Some(Pubkey::find_program_address(&[b"vault"], &LOADER).0)) && !hangs(None));
        bytes[12] = 2;
        assert_eq!(bytecode(&bytes, 3), None);
        assert_eq!(bytecode(&bytes[..44], 0), None);
        assert_eq!(bytecode(&PROGRAM_KIND, 0), None);
    }

    #[test]
    fn whatever_others_can_do_to_a_token_account_is_seen() {
        let mut bytes = vec![0; TOKENS_LEN];
        bytes[..32].fill(1);
        bytes[32..64].fill(2);
        assert_eq!(tokens(TOKEN, &bytes), None, "nobody began it");
        bytes[108] = 2;
        let (delegate, closer, unsound) = (None, None, vec![]);
        let frozen =
            Tokens { mint: Account([1; 32]), owner: Account([2; 32]), frozen: true, delegate, closer, unsound };
        assert_eq!(tokens(TOKEN, &bytes), Some(frozen.clone()));
        bytes.push(TOKENS_KIND);
        assert_eq!((tokens(TOKEN, &bytes), tokens(TOKEN_2022, &bytes)), (None, Some(frozen)));
        let mut other = bytes.clone();
        other[72] = 1;
        other[76..108].fill(3);
        other[129] = 1;
        other[133..165].fill(4);
        // Of extensions the owner that never changes, a memo with every transfer, and room.
        other.extend([7, 0, 0, 0, 8, 0, 1, 0, 1, 0, 0, 0]);
        let found = tokens(TOKEN_2022, &other).unwrap();
        assert_eq!((found.delegate, found.closer), (Some(Account([3; 32])), Some(Account([4; 32]))));
        assert_eq!(found.unsound, [8]);
        for (at, wrong) in [(72, 2), (132, 1), (168, 9)] {
            let mut broken = other.clone();
            broken[at] = wrong;
            assert_eq!(tokens(TOKEN_2022, &broken), None, "{at}");
        }
        bytes[KIND_AT] = MINT_KIND;
        assert_eq!(tokens(TOKEN_2022, &bytes), None);
    }
}
