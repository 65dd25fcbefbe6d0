// How the bytecode came to where it stands. Only the code of a program writes its accounts, and nothing in them shows
// whether that was always the same. So the transactions are read in which the loader put code there. What follows from
// them is the same as for `williw deploy verify`, which gives up earlier where strangers name the addresses:
// node/chain/src/solana/inspect/origin.rs.
import { base58, concat, number } from './bytes.mjs';
import { WELL_KNOWN } from './keys.mjs';
import { OUTSIDE, Refused } from './refused.mjs';

const LISTED = 1_000;
// Everybody can name these addresses, and pays for each time. All of it is read, however long that takes, up to where
// it would have cost about as much as a deployment does.
const LIST_CAP = 1_000_000;
// So many transactions are read at a time.
const LANES = 8;

// Loaders that programs had before, or were to have. Whatever they did there, it was other code.
const OTHER_LOADERS = [
  'BPFLoader1111111111111111111111111111111111',
  'BPFLoader2111111111111111111111111111111111',
  'LoaderV411111111111111111111111111111111111',
];
const LOADER = base58(WELL_KNOWN.loader);

const LETTERS = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
// The most that 10 KiB have: no program can be told more by another one.
const LETTERS_CAP = 14_000;
// So many letters are worth a number that is still exact.
const AT_ONCE = 9;

// `{ deployed: slot }` if one deployment is all that ever was, `{ replaced: slot }` if other code could stand there
// until then, none if the endpoint does not show how the bytecode came there. `standsSince` is what its account says.
// `say` hears of what takes long.
export async function originOf(rpc, addresses, { standsSince, commitment, say }) {
  const acts = await actsOn(rpc, addresses, { standsSince, commitment, say });
  const last = (...kinds) => Math.max(-1, ...acts.filter(({ act }) => kinds.includes(act)).map(({ slot }) => slot));
  const deployments = acts.filter(({ act }) => act === 'deployed').length;
  if (deployments > 1 || last('other') >= 0) return { replaced: last('other', 'deployed') };
  const isWhole = deployments === 1 && last('deployed', 'extended') === standsSince;
  return isWhole ? { deployed: last('deployed') } : null;
}

// Whether any code ever stood at an address where none does.
export async function wasUsed(rpc, addresses, { say }) {
  return (await actsOn(rpc, addresses, { standsSince: Infinity, commitment: 'confirmed', say })).length > 0;
}

// What loaders did with a program, newest first: of the program's own address only what came before its deployment, for
// every call of the program names it.
async function actsOn(rpc, { program, programData }, asked) {
  const places = { program: base58(program), programData: base58(programData) };
  const acts = await actsNaming(rpc, places.programData, places, asked);
  const first = acts.findLast(({ act }) => act === 'deployed');
  if (!first && asked.standsSince !== Infinity) return acts;
  const before = await actsNaming(rpc, places.program, places, { ...asked, before: first?.signature });
  return [...acts, ...before];
}

// What was done in the transactions without an error that name an address, newest first.
async function actsNaming(rpc, address, places, { standsSince, commitment, before, say }) {
  const acts = [];
  for (let seen = 0, last = before; ; ) {
    const options = { commitment, limit: LISTED, ...(last && { before: last }) };
    const page = await rpc.call('getSignaturesForAddress', [address, options]);
    const isOne = (it) => typeof it?.signature === 'string' && Number.isSafeInteger(it.slot);
    if (!Array.isArray(page) || !page.every(isOne)) throw unusable('lists no transactions');
    const listed = page.filter(({ err, slot }) => !err && slot <= standsSince);
    acts.push(...(await read(rpc, listed, places, commitment)));
    if (page.length < LISTED) return acts;
    seen += page.length;
    say(`${seen} transactions that name ${address} are read; \`williw deploy verify\` may not read so many`);
    if (seen >= LIST_CAP) throw unusable(`lists more than ${LIST_CAP} transactions that name ${address}`);
    last = page.at(-1).signature;
  }
}

async function read(rpc, listed, places, commitment) {
  const acts = listed.map(() => []);
  const queue = [...listed.entries()].reverse();
  const lane = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const [at, { signature, slot }] = next;
      const kinds = await actsIn(rpc, { signature, slot }, places, commitment);
      acts[at] = kinds.map((act) => ({ act, slot, signature }));
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    // The other lanes have nothing to do any more.
    queue.length = 0;
  }
  return acts.flat();
}

async function actsIn(rpc, { signature, slot }, places, commitment) {
  // Of any version: a stranger who sends a newer one is not to stop what is read.
  const options = { commitment, encoding: 'json', maxSupportedTransactionVersion: 255 };
  const found = await rpc.call('getTransaction', [signature, options]);
  const kinds = found?.slot === slot ? readable(found, places) : null;
  if (kinds === null) throw unusable('lists a transaction, and does not show what it did');
  return kinds;
}

function readable(found, places) {
  try {
    return actsOf(found, places);
  } catch {
    // It is not what transactions are like.
    return null;
  }
}

// What loaders did with the program in a transaction; none if it does not say what all of them were told.
export function actsOf({ transaction, meta }, places) {
  const { accountKeys, instructions } = transaction?.message ?? {};
  if (!Array.isArray(accountKeys) || !Array.isArray(instructions) || !meta || meta.err) return null;
  const keys = [...accountKeys, ...(meta.loadedAddresses?.writable ?? []), ...(meta.loadedAddresses?.readonly ?? [])];
  // Whoever is called is named.
  if (!keys.some((key) => key === LOADER || OTHER_LOADERS.includes(key))) return [];
  if (!Array.isArray(meta.innerInstructions)) return null;
  const told = [...instructions, ...meta.innerInstructions.flatMap((inner) => inner.instructions)];
  const acts = told.map(({ programIdIndex, accounts, data }) => {
    const addresses = accounts.map((place) => keys[place]);
    // What is not about the program may be as long and as strange as it likes.
    if (!isAmong(addresses, places)) return null;
    if (keys[programIdIndex] === LOADER) return act(data, addresses, places);
    return OTHER_LOADERS.includes(keys[programIdIndex]) ? 'other' : null;
  });
  return acts.filter((it) => it !== null);
}

// What the loader is told counts at the places where it counts: it takes more accounts than it needs, whosesoever.
function act(data, addresses, places) {
  const bytes = decoded(data);
  switch (bytes.length < 4 ? null : Number(number(bytes.subarray(0, 4)))) {
    // A buffer is begun and written, and an authority changes.
    case 0:
    case 1:
    case 4:
    case 7:
      return null;
    case 2:
      return addresses[2] === places.program ? 'deployed' : null;
    // It is replaced, and closed.
    case 3:
    case 5:
      return addresses[0] === places.programData ? 'other' : null;
    // It has more room, and its slot is that one.
    case 6:
    case 9:
      return addresses[0] === places.programData ? 'extended' : null;
    // Nobody here has heard of it.
    default:
      return 'other';
  }
}

// Base 58 of any length that there can be: the alphabet of addresses ends long before.
function decoded(letters) {
  if (letters.length > LETTERS_CAP) throw new RangeError('too many letters');
  const value = valueOf(letters);
  const [{ length: zeros }] = /^1*/.exec(letters);
  const digits = value ? value.toString(16) : '';
  return concat(new Uint8Array(zeros), Buffer.from(digits.length % 2 ? `0${digits}` : digits, 'hex'));
}

// By halves: letter by letter, the time would grow with the square of their number, and strangers send many.
function valueOf(letters) {
  if (letters.length > AT_ONCE) {
    const half = letters.length >> 1;
    return valueOf(letters.slice(0, half)) * 58n ** BigInt(letters.length - half) + valueOf(letters.slice(half));
  }
  let value = 0;
  for (const letter of letters) {
    const digit = LETTERS.indexOf(letter);
    if (digit < 0) throw new RangeError('no letter of base 58');
    value = value * 58 + digit;
  }
  return BigInt(value);
}

const isAmong = (addresses, { program, programData }) => addresses.includes(program) || addresses.includes(programData);

function unusable(what) {
  return new Refused(`the endpoint ${what}`, 'try another endpoint of the cluster', OUTSIDE);
}
