// How the bytecode came to where it stands. Only the code of a program writes its accounts, and nothing in them shows
// whether that was always the same. So the transactions are read in which the loader put code there; they are those
// that `williw deploy verify` reads, and what follows from them is the same: node/chain/src/solana/inspect/origin.rs.
import { base58 as alphabet } from '@scure/base';

import { base58, number } from './bytes.mjs';
import { WELL_KNOWN } from './keys.mjs';
import { OUTSIDE, Refused } from './refused.mjs';

const LISTED = 1_000;
const LIST_CAP = 100_000;
const READ_CAP = 1_000;

// Loaders that programs had before, or were to have. Whatever they did there, it was other code.
const OTHER_LOADERS = [
  'BPFLoader1111111111111111111111111111111111',
  'BPFLoader2111111111111111111111111111111111',
  'LoaderV411111111111111111111111111111111111',
];
const LOADER = base58(WELL_KNOWN.loader);

// `{ deployed: slot }` if one deployment is all that ever was, `{ replaced: slot }` if other code could stand there
// until then, none if the endpoint does not show how the bytecode came there. `standsSince` is what its account says.
export async function originOf(rpc, addresses, standsSince, commitment = 'finalized') {
  const acts = await actsOn(rpc, addresses, { standsSince, commitment });
  const last = (...kinds) => Math.max(-1, ...acts.filter(({ act }) => kinds.includes(act)).map(({ slot }) => slot));
  const deployments = acts.filter(({ act }) => act === 'deployed').length;
  if (deployments > 1 || last('other') >= 0) return { replaced: last('other', 'deployed') };
  const isWhole = deployments === 1 && last('deployed', 'extended') === standsSince;
  return isWhole ? { deployed: last('deployed') } : null;
}

// Whether any code ever stood at an address where none does.
export async function wasUsed(rpc, addresses) {
  return (await actsOn(rpc, addresses, { standsSince: Infinity, commitment: 'confirmed' })).length > 0;
}

// What loaders did with a program, newest first: of the program's own address only what came before its deployment, for
// every call of the program names it.
async function actsOn(rpc, { program, programData }, { standsSince, commitment }) {
  const places = { program: base58(program), programData: base58(programData) };
  const listed = await named(rpc, places.programData, { standsSince, commitment });
  const acts = await read(rpc, listed, places, commitment);
  const first = acts.findLast(({ act }) => act === 'deployed');
  if (!first && standsSince !== Infinity) return acts;
  const before = await named(rpc, places.program, { standsSince, commitment, before: first?.signature });
  const known = new Set(listed.map(({ signature }) => signature));
  const rest = before.filter(({ signature }) => !known.has(signature));
  return [...acts, ...(await read(rpc, rest, places, commitment))];
}

// The transactions without an error that name an address, newest first.
async function named(rpc, address, { standsSince, commitment, before }) {
  const kept = [];
  for (let seen = 0, last = before; ; seen += LISTED) {
    const options = { commitment, limit: LISTED, ...(last && { before: last }) };
    const page = await rpc.call('getSignaturesForAddress', [address, options]);
    const isOne = (it) => typeof it?.signature === 'string' && Number.isSafeInteger(it.slot);
    if (!Array.isArray(page) || !page.every(isOne)) throw unusable('lists no transactions');
    kept.push(...page.filter(({ err, slot }) => !err && slot <= standsSince));
    if (kept.length > READ_CAP || seen >= LIST_CAP) throw unusable(`lists too many transactions for ${address}`);
    if (page.length < LISTED) return kept;
    last = page.at(-1).signature;
  }
}

async function read(rpc, listed, places, commitment) {
  const acts = [];
  for (const { signature, slot } of listed) {
    const options = { commitment, encoding: 'json', maxSupportedTransactionVersion: 0 };
    const found = await rpc.call('getTransaction', [signature, options]);
    const kinds = found?.slot === slot ? readable(found, places) : null;
    if (kinds === null) throw unusable('lists a transaction, and does not show what it did');
    acts.push(...kinds.map((act) => ({ act, slot, signature })));
  }
  return acts;
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
    if (keys[programIdIndex] === LOADER) return act(data, addresses, places);
    return OTHER_LOADERS.includes(keys[programIdIndex]) && isAmong(addresses, places) ? 'other' : null;
  });
  return acts.filter((it) => it !== null);
}

// What the loader is told counts at the places where it counts: it takes more accounts than it needs, whosesoever.
function act(data, addresses, places) {
  const bytes = alphabet.decode(data);
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
      return isAmong(addresses, places) ? 'other' : null;
  }
}

const isAmong = (addresses, { program, programData }) => addresses.includes(program) || addresses.includes(programData);

function unusable(what) {
  return new Refused(`the endpoint ${what}`, 'try another endpoint of the cluster', OUTSIDE);
}
