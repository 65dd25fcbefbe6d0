// ed25519 by hand on top of noble's point arithmetic: keys, signatures with chosen nonces, and a verdict that names the
// first fault. OpenSSL (through Node) is asked as well wherever its rules and ours must agree.
import { createHash, createPublicKey, verify as opensslVerify } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';

import { bytes, cut, hex, join, label, must, size } from './form.mjs';

const { Point } = ed25519;
export const L = Point.Fn.ORDER;
export const P = Point.Fp.ORDER;
export const B = Point.BASE;
export const O = Point.ZERO;

const reversed = (value) => hex(bytes(value).reverse());
export const le = (value) => reversed(`0x${value.toString(16).padStart(64, '0')}`);
export const fromLe = (value) => BigInt(reversed(value));
export const mod = (value) => ((value % L) + L) % L;

/** scalar * point for any scalar, the group order included, which noble's own method refuses. */
export function times(scalar, point) {
  let sum = O;
  for (const bit of scalar.toString(2)) {
    sum = sum.double();
    if (bit === '1') sum = sum.add(point);
  }
  return sum;
}

export const encode = (point) => hex(point.toBytes());
export const yOf = (encoding) => fromLe(encoding) & (2n ** 255n - 1n);
export const encodeY = (y, sign) => le(y | (BigInt(sign) << 255n));

/** The point of an encoding, y taken modulo p and the sign of x = 0 ignored; null when there is none. */
export function decode(encoding) {
  const y = yOf(encoding) % P;
  try {
    return Point.fromBytes(bytes(encodeY(y, fromLe(encoding) >> 255n)), true);
  } catch {
    return null;
  }
}

export const smallOrder = (point) => times(8n, point).is0();

/** The eight points of order dividing 8, multiples of one of order 8: index i has i times the generator. */
export const torsion = (() => {
  for (let y = 2n; ; y += 1n) {
    const point = decode(encodeY(y, 0));
    const generator = point && times(L, point);
    if (generator && !times(4n, generator).is0()) {
      must(times(8n, generator).is0(), 'the torsion generator has a wrong order');
      return Array.from({ length: 8 }, (_, i) => times(BigInt(i), generator));
    }
  }
})();
export const torsionOrder = [1, 8, 4, 8, 2, 8, 4, 8];

const sha512 = (data) => `0x${createHash('sha512').update(bytes(data)).digest('hex')}`;
export const challenge = (r, a, message) => mod(fromLe(sha512(join(r, a, message))));
/** A scalar below L that depends on a label. */
export const scalar = (name) => mod(fromLe(label(name, 64)));

export function key(name) {
  const seed = label(`peer ${name}`);
  return { seed, public: hex(ed25519.getPublicKey(bytes(seed))) };
}

export function sign(seed, message) {
  const signature = hex(ed25519.sign(bytes(message), bytes(seed)));
  must(verdict(hex(ed25519.getPublicKey(bytes(seed))), message, signature) === 'Ok', 'a made signature does not hold');
  return signature;
}

function openssl(publicKey, message, signature) {
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes(publicKey)]);
  const imported = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return opensslVerify(null, bytes(message), imported, bytes(signature));
}

/** Does the equation hold, with or without the cofactor? Both points must decode. */
export function holds(publicKey, message, signature, cofactor) {
  const r = cut(signature, 0, 32);
  const [a, point] = [decode(publicKey), decode(r)];
  const rest = times(fromLe(cut(signature, 32)), B)
    .subtract(times(challenge(r, publicKey, message), a))
    .subtract(point);
  return times(cofactor, rest).is0();
}

/** 'Ok' or the first fault. */
export function verdict(publicKey, message, signature) {
  must(size(publicKey) === 32 && size(signature) === 64, 'wrong length');
  const found = judge(publicKey, message, signature);
  const theirs = openssl(publicKey, message, signature);
  if (found === 'Ok') must(theirs, 'OpenSSL refuses what holds');
  if (found === 'BadS' || found === 'Mismatch' || found === 'NonCanonicalR') must(!theirs, `OpenSSL accepts ${found}`);
  return found;
}

function judge(publicKey, message, signature) {
  const r = cut(signature, 0, 32);
  if (fromLe(cut(signature, 32)) >= L) return 'BadS';
  if (yOf(publicKey) >= P) return 'NonCanonicalA';
  const a = decode(publicKey);
  if (a === null) return 'NotAPoint';
  if (smallOrder(a)) return 'SmallOrderA';
  if (yOf(r) >= P) return 'NonCanonicalR';
  const point = decode(r);
  if (point === null) return 'NotAPoint';
  if (smallOrder(point)) return 'SmallOrderR';
  const ours = holds(publicKey, message, signature, 1n);
  // noble's own strict mode knows no small-order rule for R, but past the checks above it must agree.
  const noble = ed25519.verify(bytes(signature), bytes(message), bytes(publicKey), { zip215: true });
  must(noble === holds(publicKey, message, signature, 8n), 'noble disagrees on the equation with the cofactor');
  return ours ? 'Ok' : 'Mismatch';
}
