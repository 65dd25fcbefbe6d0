// The bytecode goes into a buffer in many small writes. What is missing is read from the buffer itself, so whoever
// was interrupted goes on where it broke off. The key of the buffer is kept in a file until the program stands.
import { existsSync, rmSync } from 'node:fs';

import { address, base58, equal } from './bytes.mjs';
import { UNITS } from './deploy.mjs';
import { writeWhole } from './files.mjs';
import { fileOf, newKey, readKey, WELL_KNOWN } from './keys.mjs';
import * as loader from './loader.mjs';
import { OUTSIDE, Refused, misused } from './refused.mjs';
import { pause } from './rpc.mjs';
import { accounts } from './site.mjs';
import { PACKET_BYTES, budget, patience, reached, recentBlockhash, signed, statuses, submit } from './transaction.mjs';

// So many transactions are on their way to the endpoint at a time.
const LANES = 8;
// So often nothing at all may come of a whole round.
const FRUITLESS = 3;
const POLL_MS = 500;
const STATUS_CAP = 256;
// The loader needs some 2,400 for a write, and each line that sets the budget 150.
const WRITE_UNITS = 4_000;

export function bufferKey(file, warn) {
  if (existsSync(file)) return readKey(file, "buffer's key", warn);
  const key = newKey();
  writeWhole(file, fileOf(key), 0o600);
  return key;
}

export const isBegun = existsSync;
export const forgetBuffer = (file) => rmSync(file, { force: true });

// What the buffer holds already; none if there is no buffer yet.
export async function held(rpc, key, deployer, length) {
  const [account] = (await accounts(rpc, [key.address])).found;
  if (account === null || (account.bytes.length === 0 && equal(account.owner, WELL_KNOWN.system))) return null;
  const buffer = loader.buffer(account);
  const isOurs = buffer && buffer.authority && equal(buffer.authority, deployer) && buffer.held.length === length;
  if (!isOurs) {
    throw misused(
      `the buffer at ${base58(key.address)} is of another deployer, or of other bytecode`,
      'run it with the deployer and the build that it was begun with, or move its key away to begin anew; ' +
        '`solana program close` gives its rent back',
    );
  }
  return buffer.held;
}

// As much as a packet takes besides everything else in it.
function pieceBytes({ deployer, buffer, price }) {
  const empty = [...budget(price, WRITE_UNITS), loader.write(buffer, deployer.address, 0, new Uint8Array())];
  // Two lengths in front of the piece take a byte more as soon as it is long.
  return PACKET_BYTES - signed([deployer], empty, new Uint8Array(32)).bytes.length - 2;
}

export function piecesOf(bytecode, size) {
  const pieces = [];
  for (let offset = 0; offset < bytecode.length; offset += size) {
    pieces.push({ offset, bytes: bytecode.subarray(offset, offset + size) });
  }
  return pieces;
}

// A new buffer is zeros, and so are pieces of nothing else: those need not be written.
export function missing(pieces, found) {
  return pieces.filter(({ offset, bytes }) => !equal(found.subarray(offset, offset + bytes.length), bytes));
}

// Writes until the buffer holds the bytecode.
export async function fill(rpc, { deployer, key, bytecode, price, say }) {
  const pieces = piecesOf(bytecode, pieceBytes({ deployer, buffer: key.address, price }));
  let [before, fruitless] = [Infinity, 0];
  for (;;) {
    const found = await held(rpc, key, deployer.address, bytecode.length);
    if (found === null) throw new Refused('the buffer is not there any more', 'run the same again', OUTSIDE);
    const left = missing(pieces, found);
    say(`${pieces.length - left.length} of ${pieces.length} pieces are written`);
    if (left.length === 0) return;
    fruitless = left.length < before ? 0 : fruitless + 1;
    if (fruitless === FRUITLESS) {
      throw new Refused(
        `none of ${left.length} pieces was written in ${FRUITLESS} rounds`,
        'the cluster may be busy: pay for the way with --priority, or run the same again later',
        OUTSIDE,
      );
    }
    before = left.length;
    await round(rpc, { deployer, buffer: key.address, left, price });
  }
}

// The transactions that are still to be sent, for what they cost; `begins` if a network is begun.
export function steps(buffer, begins) {
  const begin = { count: begins ? 1 : 0, signatures: 1, units: UNITS.initialize };
  if (buffer === null) return [begin];
  const { bytecode, written, deployer, price } = buffer;
  const pieces = piecesOf(bytecode, pieceBytes({ deployer, buffer: WELL_KNOWN.loader, price }));
  const writes = missing(pieces, written ?? new Uint8Array(bytecode.length)).length;
  return [
    { count: written === null ? 1 : 0, signatures: 2, units: UNITS.buffer },
    { count: writes, signatures: 1, units: WRITE_UNITS },
    { count: 1, signatures: 2, units: UNITS.deploy },
    begin,
  ];
}

// Sends all that is missing once, and waits until each is in a block or never can be.
async function round(rpc, { deployer, buffer, left, price }) {
  const { bytes: blockhash, last } = await recentBlockhash(rpc, address);
  const open = new Set();
  const queue = left.values();
  const lane = async () => {
    for (const { offset, bytes } of queue) {
      const write = loader.write(buffer, deployer.address, offset, bytes);
      const transaction = signed([deployer], [...budget(price, WRITE_UNITS), write], blockhash);
      await submit(rpc, transaction, { isTried: false });
      open.add(transaction.signature);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  for (const wait = patience(); open.size; wait()) {
    const height = await rpc.call('getBlockHeight', [{ commitment: 'confirmed' }]);
    const asked = [...open];
    for (let at = 0; at < asked.length; at += STATUS_CAP) {
      const some = asked.slice(at, at + STATUS_CAP);
      const found = await statuses(rpc, some);
      // A write that failed is missing in the next round, which sees why nothing comes of it.
      some.forEach((signature, place) => {
        const status = found[place];
        if (!status || !(status.err || reached(status.confirmationStatus, 'confirmed'))) return;
        if (!status.err) rpc.saw('confirmed', status.slot);
        open.delete(signature);
      });
    }
    if (height > last) return;
    if (open.size) await pause(POLL_MS);
  }
}
