// Transactions: made, signed, sent until they are in a block or never can be.
import { base58, concat, hex, little } from './bytes.mjs';
import { WELL_KNOWN } from './keys.mjs';
import { OUTSIDE, Refused, quoted } from './refused.mjs';
import { RpcRefusal, pause } from './rpc.mjs';

// No packet of the network holds more.
export const PACKET_BYTES = 1232;
const POLL_MS = 400;
// After so long without a word of it the endpoint is asked to pass it on again.
const RESEND_MS = 4_000;
const STILL_MS = 300_000;

export const writable = (address) => ({ address, isWritable: true, isSigner: false });
export const readable = (address) => ({ address, isWritable: false, isSigner: false });
export const signing = (meta) => ({ ...meta, isSigner: true });

// Lengths, seven bits in each byte.
function compact(length) {
  const bytes = [];
  let rest = length;
  for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128);
  return Uint8Array.of(...bytes, rest);
}

// Everybody once, with all that any instruction asks of them: who signs first, who pays before all others.
function roles(payer, instructions) {
  const found = new Map();
  const add = ({ address, isSigner, isWritable }) => {
    const id = hex(address);
    const known = found.get(id) ?? { address, isSigner: false, isWritable: false };
    found.set(id, { address, isSigner: known.isSigner || isSigner, isWritable: known.isWritable || isWritable });
  };
  add({ address: payer, isSigner: true, isWritable: true });
  for (const { program, accounts } of instructions) {
    accounts.forEach(add);
    add(readable(program));
  }
  const rank = ({ isSigner, isWritable }) => (isSigner ? 0 : 2) + (isWritable ? 0 : 1);
  return [...found.values()].sort((a, b) => rank(a) - rank(b));
}

export function message(payer, instructions, blockhash) {
  const accounts = roles(payer, instructions);
  const place = new Map(accounts.map(({ address }, at) => [hex(address), at]));
  const count = (holds) => accounts.filter(holds).length;
  const header = [
    count((it) => it.isSigner),
    count((it) => it.isSigner && !it.isWritable),
    count((it) => !it.isSigner && !it.isWritable),
  ];
  const packed = instructions.map(({ program, accounts: named, data }) =>
    concat(
      Uint8Array.of(place.get(hex(program))),
      compact(named.length),
      Uint8Array.from(named, ({ address }) => place.get(hex(address))),
      compact(data.length),
      data,
    ),
  );
  return concat(
    Uint8Array.from(header),
    compact(accounts.length),
    ...accounts.map(({ address }) => address),
    blockhash,
    compact(packed.length),
    ...packed,
  );
}

// The bytes of the transaction, and the signature by which it is known.
export function signed(keys, instructions, blockhash) {
  const words = message(keys[0].address, instructions, blockhash);
  const signatures = keys.map((key) => key.sign(words));
  const bytes = concat(compact(signatures.length), ...signatures, words);
  if (bytes.length > PACKET_BYTES) throw new RangeError(`a transaction of ${bytes.length} bytes`);
  return { bytes, signature: base58(signatures[0]) };
}

// What is paid above the base fee for each transaction, and how much it may compute.
export function budget(price, units) {
  if (price === 0n) return [];
  const program = WELL_KNOWN.computeBudget;
  return [
    { program, accounts: [], data: concat(Uint8Array.of(2), little(units, 4)) },
    { program, accounts: [], data: concat(Uint8Array.of(3), little(price, 8)) },
  ];
}

export async function submit(rpc, { bytes }, { isTried }) {
  const options = { encoding: 'base64', skipPreflight: !isTried, preflightCommitment: 'confirmed', maxRetries: 5 };
  await rpc.call('sendTransaction', [Buffer.from(bytes).toString('base64'), options]);
}

export async function recentBlockhash(rpc, decode) {
  const { value } = await rpc.call('getLatestBlockhash', [{ commitment: 'confirmed' }]);
  const bytes = decode(value?.blockhash);
  if (bytes === null || !Number.isSafeInteger(value.lastValidBlockHeight)) {
    throw new Refused('the endpoint names no blockhash', 'try another endpoint of the cluster', OUTSIDE);
  }
  return { bytes, last: value.lastValidBlockHeight };
}

// Sends it and waits until the chain has it at `commitment`. False if it can never be in a block any more.
export async function land(rpc, transaction, last, { isTried = true, commitment = 'confirmed' } = {}) {
  await submit(rpc, transaction, { isTried });
  let sent = Date.now();
  for (const wait = patience(); ; wait()) {
    // In this order: a height that was read before says nothing about a status that is read later.
    const height = await rpc.call('getBlockHeight', [{ commitment: 'confirmed' }]);
    const [status] = await statuses(rpc, [transaction.signature]);
    if (status?.err) throw refusal(status.err, []);
    if (status && reached(status.confirmationStatus, commitment)) {
      rpc.saw(commitment, status.slot);
      return true;
    }
    if (!status && height > last) return false;
    if (!status && Date.now() - sent > RESEND_MS) {
      await submit(rpc, transaction, { isTried: false });
      sent = Date.now();
    }
    await pause(POLL_MS);
  }
}

// What became of transactions of the last minutes; none of those that nobody has seen.
export async function statuses(rpc, signatures) {
  const answer = await rpc.call('getSignatureStatuses', [signatures]);
  const isOne = (it) => it === null || typeof it === 'object';
  if (!Array.isArray(answer?.value) || answer.value.length !== signatures.length || !answer.value.every(isOne)) {
    throw new Refused('the endpoint leaves transactions out', 'try another endpoint of the cluster', OUTSIDE);
  }
  return answer.value;
}

// A chain that stands still keeps nobody waiting for ever.
export function patience() {
  const until = Date.now() + STILL_MS;
  return () => {
    if (Date.now() < until) return;
    throw new Refused(
      `nothing was heard of it in ${STILL_MS / 60_000} minutes`,
      'does the cluster make progress? run the same again later; what is done already is taken up',
      OUTSIDE,
    );
  };
}

const LEVELS = ['processed', 'confirmed', 'finalized'];
export const reached = (found, wanted) => LEVELS.indexOf(found) >= LEVELS.indexOf(wanted);

// Why the chain refuses a transaction, in the words of the program that does.
export function refusal(error, logs) {
  const named = logs.map((line) => /Error Code: (\w+)\. .*Error Message: (.*?)\.?$/.exec(line)).find(Boolean);
  const said = named ? `${named[1]}, ${named[2]}` : JSON.stringify(error);
  return new Refused(`the chain refuses the transaction: ${quoted(said)}`, 'nothing of it was done', OUTSIDE);
}

// The same for what an endpoint refuses when it tries the transaction before it passes it on.
export function explained(fault) {
  const tried = fault instanceof RpcRefusal ? fault.reason.data : null;
  return tried?.err ? refusal(tried.err, Array.isArray(tried.logs) ? tried.logs.map(String) : []) : fault;
}
