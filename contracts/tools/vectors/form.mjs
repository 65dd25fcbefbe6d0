// What every maker of vectors needs: bytes, integers, labels, and the shape of a file.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { bytesToHex, concat, hexToBytes, numberToHex, stringToHex } from 'viem';

const require = createRequire(import.meta.url);
const { version } = require('viem/package.json');

export const U64 = 2n ** 64n - 1n;
export const U128 = 2n ** 128n - 1n;
export const ZERO20 = `0x${'00'.repeat(20)}`;
export const ZERO32 = `0x${'00'.repeat(32)}`;

export const hex = bytesToHex;
export const bytes = hexToBytes;
export const join = (...parts) => (parts.length === 0 ? '0x' : concat(parts));
export const text = stringToHex;
export const size = (value) => (value.length - 2) / 2;

const sized = (width) => (value) => numberToHex(BigInt(value), { size: width });
export const u8 = sized(1);
export const u16 = sized(2);
export const u64 = sized(8);
export const u128 = sized(16);
export const u256 = sized(32);

/** The value of big-endian hex. */
export const big = (value) => BigInt(value);
/** Big-endian bytes `from..to` of a hex string. */
export const cut = (value, from, to) => `0x${value.slice(2 + 2 * from, to === undefined ? undefined : 2 + 2 * to)}`;
/** An EVM address as the 32 bytes of an owner on Base. */
export const padded = (address) => `0x${'00'.repeat(12)}${address.slice(2)}`;

/** Bytes that depend on nothing but a label. */
export const label = (name, length = 32) => {
  let out = '';
  for (let i = 0; out.length < 2 * length; i += 1) {
    out += createHash('sha256').update(i === 0 ? `williw vectors: ${name}` : `williw vectors: ${name} #${i}`).digest('hex');
  }
  return `0x${out.slice(0, 2 * length)}`;
};

/** The same bytes with one bit changed; bit 0 is the lowest bit of the last byte. */
export const flip = (value, bit) => {
  const raw = bytes(value);
  raw[raw.length - 1 - Math.floor(bit / 8)] ^= 1 << (bit % 8);
  return hex(raw);
};

export function must(holds, what) {
  if (!holds) throw new Error(what);
}

export const same = (a, b, what) => must(a === b, `${what}: ${a} is not ${b}`);

/** Integers become decimal strings, so that no reader of JSON rounds them. */
function plain(value) {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') {
    must(Number.isSafeInteger(value), `not an integer: ${value}`);
    return value.toString();
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  must(value !== undefined, 'a field is undefined');
  if (typeof value === 'string' && value.startsWith('0x')) must(/^0x([0-9a-f]{2})*$/.test(value), `not plain hex: ${value}`);
  return value;
}

/** Checks the names and gives a file its final shape. */
export function seal(file, { about, cases, refused = [] }) {
  const names = new Set();
  for (const { name } of [...cases, ...refused]) {
    must(typeof name === 'string' && name.length > 0, `${file}: a case has no name`);
    must(!names.has(name), `${file}: two cases are called "${name}"`);
    names.add(name);
  }
  return {
    about,
    made_by: `node contracts/tools/vectors.mjs (viem ${version})`,
    cases: plain(cases),
    refused: plain(refused),
  };
}
