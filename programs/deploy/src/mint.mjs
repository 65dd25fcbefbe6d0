// The token. The program refuses a mint that could move, freeze or shrink what is held of it; here it is refused
// before anything is paid for.
import { base58, equal, number } from './bytes.mjs';
import { WELL_KNOWN } from './keys.mjs';
import { Refused, misused } from './refused.mjs';

const MINT_BYTES = 82;
// Behind a mint with extensions stands first as much room as a token account needs, then what it is, then the
// extensions.
const KIND_AT = 165;
const MINT_KIND = 1;

// As the program has them: programs/williw/src/tokens.rs.
const HARMLESS = new Map([
  [18, 'MetadataPointer'],
  [19, 'TokenMetadata'],
  [20, 'GroupPointer'],
  [21, 'TokenGroup'],
  [22, 'GroupMemberPointer'],
  [23, 'TokenGroupMember'],
]);

// For people: what makes the usual ones unsound.
const HARMFUL = new Map([
  [1, 'a fee on transfers'],
  [3, 'a mint that can be closed'],
  [4, 'confidential transfers'],
  [6, 'accounts that are frozen from the start'],
  [9, 'no transfers at all'],
  [10, 'balances with interest'],
  [12, 'a permanent delegate, who can take everything'],
  [14, 'a program that is asked about every transfer'],
  [25, 'balances that are scaled'],
  [26, 'a pause'],
]);

// What the mint says of itself, if it is one that the program takes.
export function read(address, account, decimals) {
  const name = base58(address);
  const hint = 'the plan names a mint of one of the two token programs, in `mint`';
  if (!account) throw misused(`there is no account at ${name}`, hint);
  const isNew = equal(account.owner, WELL_KNOWN.token2022);
  const { bytes } = account;
  const isMint =
    (isNew || equal(account.owner, WELL_KNOWN.token)) &&
    (bytes.length === MINT_BYTES || (isNew && bytes.length > KIND_AT && bytes[KIND_AT] === MINT_KIND)) &&
    bytes[45] === 1;
  if (!isMint) throw misused(`${name} is no mint`, hint);
  if (BigInt(bytes[44]) !== decimals) {
    throw misused(
      `the mint has ${bytes[44]} decimals, and the plan says ${decimals}`,
      'every amount of the plan is in atoms: write all of them anew for the decimals that the mint has',
    );
  }
  checkExtensions(bytes.subarray(KIND_AT + 1));
  const named = (at) => (number(bytes.subarray(at, at + 4)) === 1n ? bytes.slice(at + 4, at + 36) : null);
  return { program: account.owner, minter: named(0), freezer: named(46) };
}

function checkExtensions(bytes) {
  let at = 0;
  while (at + 4 <= bytes.length) {
    const kind = Number(number(bytes.subarray(at, at + 2)));
    // What follows the last one is room.
    if (kind === 0) return;
    if (!HARMLESS.has(kind)) {
      throw new Refused(
        `the mint is unsound: it has ${HARMFUL.get(kind) ?? `the extension ${kind}`}`,
        'only extensions that describe a token are taken: metadata and groups',
      );
    }
    at += 4 + Number(number(bytes.subarray(at + 2, at + 4)));
  }
}
