// secp256k1 signatures of 65 bytes, r || s || v: made by viem, checked by noble, with a verdict that names the first
// fault. viem carries an older noble of its own, so the two are separate code.
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak256, recoverAddress } from 'viem';
import { privateKeyToAddress, sign as viemSign } from 'viem/accounts';

import { big, bytes, cut, hex, join, label, must, same, size, u256, u8 } from './form.mjs';

const { Point } = secp256k1;
export const N = Point.Fn.ORDER;
export const G = Point.BASE;
export const HALF = N / 2n;

export const inverse = (value) => Point.Fn.inv(value);
export const mod = (value) => ((value % N) + N) % N;

export function key(name) {
  const private_key = label(`signer ${name}`);
  return { private_key, address: privateKeyToAddress(private_key).toLowerCase() };
}

export const addressOf = (point) => cut(keccak256(cut(hex(point.toBytes(false)), 1)), 12);
export const signature = (r, s, v) => join(u256(r), u256(s), u8(v));
export const parts = (value) => ({ r: big(cut(value, 0, 32)), s: big(cut(value, 32, 64)), v: Number(cut(value, 64, 65)) });

/** The point with x = r and the parity that v says, or null. */
export function pointAt(r, v) {
  try {
    return Point.fromBytes(bytes(join(v === 27 ? '0x02' : '0x03', u256(r))));
  } catch {
    return null;
  }
}

/** Signs a 32-byte hash; viem and noble must agree on every byte. */
export async function sign(hash, privateKey) {
  const made = await viemSign({ hash, privateKey, to: 'hex' });
  const raw = secp256k1.sign(bytes(hash), bytes(privateKey), { prehash: false, format: 'recovered' });
  same(made, join(hex(raw.slice(1)), u8(27 + raw[0])), 'viem and noble sign alike');
  same((await judge(hash, made)).address, privateKeyToAddress(privateKey).toLowerCase(), 'the signer recovers');
  return made;
}

/** `{ address }` of whoever signed, or `{ fault }`. */
export async function judge(hash, value) {
  must(size(hash) === 32 && size(value) === 65, 'wrong length');
  const { r, s, v } = parts(value);
  if (v !== 27 && v !== 28) return { fault: 'BadV' };
  if (r === 0n || r >= N || s === 0n || s >= N) return { fault: 'BadScalar' };
  if (s > HALF) return { fault: 'HighS' };
  const point = pointAt(r, v);
  if (point === null) return { fault: 'Unrecoverable' };
  // The public key is (s R - z G) / r, written out, and then by the two libraries.
  const [a, b] = [mod(s * inverse(r)), mod(-big(hash) * inverse(r))];
  const publicKey = point.multiplyUnsafe(a).add(G.multiplyUnsafe(b));
  if (publicKey.is0()) {
    const theirs = await recoverAddress({ hash, signature: value }).catch(() => null);
    must(theirs === null, 'viem recovers an address from the point at infinity');
    return { fault: 'Unrecoverable' };
  }
  const address = addressOf(publicKey);
  const noble = new secp256k1.Signature(r, s, v - 27).recoverPublicKey(bytes(hash));
  same(addressOf(noble), address, 'noble recovers');
  same((await recoverAddress({ hash, signature: value })).toLowerCase(), address, 'viem recovers');
  return { address };
}

/** The twin with n - s and the other v, which recovers the same key. */
export function twin(value) {
  const { r, s, v } = parts(value);
  return signature(r, N - s, v === 27 ? 28 : 27);
}

/** A low-s signature of `hash` that recovers the point at infinity. */
export function infinite(hash) {
  for (let k = 1n; ; k += 1n) {
    const point = G.multiplyUnsafe(k).toAffine();
    const s = mod(big(hash) * inverse(k));
    if (s !== 0n && s <= HALF) return signature(mod(point.x), s, point.y % 2n === 0n ? 27 : 28);
  }
}

/** The smallest r that is no x coordinate. */
export function nowhere() {
  let r = 1n;
  while (pointAt(r, 27) !== null) r += 1n;
  return r;
}

/** Every way to spoil a good signature of `hash`: [what, signature, fault]. */
export async function spoiled(hash, good) {
  const { r, s, v } = parts(good);
  const top = 2n ** 256n - 1n;
  const list = [
    ['s above n/2, the twin with n - s and the other v', twin(good), 'HighS'],
    ['s above n/2, the v of the low s', signature(r, N - s, v), 'HighS'],
    ['s = n/2 + 1', signature(r, HALF + 1n, v), 'HighS'],
    ['s = n - 1', signature(r, N - 1n, v), 'HighS'],
    ...[0, 1, 26, 29, 30, 255].map((wrong) => [`v = ${wrong}`, signature(r, s, wrong), 'BadV']),
    ['r = 0', signature(0n, s, v), 'BadScalar'],
    ['s = 0', signature(r, 0n, v), 'BadScalar'],
    ['r = n', signature(N, s, v), 'BadScalar'],
    ['s = n', signature(r, N, v), 'BadScalar'],
    ['r = n + 1', signature(N + 1n, s, v), 'BadScalar'],
    ['r = 2^256 - 1', signature(top, s, v), 'BadScalar'],
    ['s = 2^256 - 1', signature(r, top, v), 'BadScalar'],
    ['all zero but v', signature(0n, 0n, 27), 'BadScalar'],
    ['r is not an x coordinate', signature(nowhere(), s, v), 'Unrecoverable'],
    ['the recovered key is the point at infinity', infinite(hash), 'Unrecoverable'],
    ['v is wrong before r = 0', signature(0n, s, 26), 'BadV'],
    ['v is wrong before s above n/2', signature(r, N - s, 29), 'BadV'],
    ['r = 0 before s above n/2', signature(0n, N - s, v), 'BadScalar'],
    ['s above n/2 before r is not an x coordinate', signature(nowhere(), N - s, v), 'HighS'],
  ];
  for (const [what, value, fault] of list) same((await judge(hash, value)).fault, fault, what);
  return list;
}
