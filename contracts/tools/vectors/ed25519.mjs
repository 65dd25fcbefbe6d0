import { ed25519 } from '@noble/curves/ed25519.js';
import { createHash } from 'node:crypto';

import { bytes, cut, flip, hex, join, label, must, same, text } from './form.mjs';
import {
  B, L, O, P, challenge, decode, encode, encodeY, fromLe, holds, key, le, mod, scalar, sign, smallOrder, times, torsion,
  torsionOrder, verdict,
} from './ed.mjs';

const cases = [];

/** Adds a case; the intended verdict must be what the arithmetic says. */
function add(name, publicKey, message, signature, expected) {
  const found = verdict(publicKey, message, signature);
  same(found, expected, name);
  cases.push({ name, public: publicKey, message, signature, verdict: found });
}

/** Tries numbered messages until one suits. */
function grind(name, suits) {
  for (let i = 0; i < 10_000; i += 1) {
    const message = text(`${name} ${i}`);
    if (suits(message)) return message;
  }
  throw new Error(`${name}: no message found`);
}

/** A signature by the secret scalar `a` for the encoded key, with R = [r]B + extra in the given encoding. */
function forge(a, publicKey, message, r, rEncoding) {
  return join(rEncoding, le(mod(r + challenge(rEncoding, publicKey, message) * a)));
}

function published() {
  // RFC 8032, section 7.1: the secret keys and messages; noble must arrive at the published keys and signatures.
  const abc = `0x${createHash('sha512').update('abc').digest('hex')}`;
  const vectors = [
    ['RFC 8032 test 1', '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', '0x', 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
    ['RFC 8032 test 2', '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', '0x72', '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
    ['RFC 8032 test 3', 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7', '0xaf82', 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
    ['RFC 8032 test SHA(abc)', '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42', abc, 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf', 'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704'],
  ];
  for (const [name, secret, message, publicKey, signature] of vectors) {
    same(hex(ed25519.getPublicKey(bytes(`0x${secret}`))), `0x${publicKey}`, name);
    same(sign(`0x${secret}`, message), `0x${signature}`, name);
    add(name, `0x${publicKey}`, message, `0x${signature}`, 'Ok');
  }
}

function honest() {
  const a = key('ed25519 honest');
  const other = key('ed25519 other');
  const message = text('a message of no importance');
  const signature = sign(a.seed, message);
  add('an honest signature', a.public, message, signature, 'Ok');
  const long = label('a long message', 1023);
  add('an honest signature over 1023 bytes', a.public, long, sign(a.seed, long), 'Ok');
  add('another message', a.public, text('another message'), signature, 'Mismatch');
  add('the message cut short', a.public, cut(message, 0, 25), signature, 'Mismatch');
  add('another key', other.public, message, signature, 'Mismatch');
  add('the key with its sign bit changed', flip(a.public, 7), message, signature, 'Mismatch');
  const r = cut(signature, 0, 32);
  const s = fromLe(cut(signature, 32));
  add('R with its sign bit changed', a.public, message, join(flip(r, 7), le(s)), 'Mismatch');
  add('S one larger', a.public, message, join(r, le(mod(s + 1n))), 'Mismatch');
  add('S negated', a.public, message, join(r, le(L - s)), 'Mismatch');
  add('all zero signature', a.public, message, `0x${'00'.repeat(64)}`, 'SmallOrderR');

  add('S = 0', a.public, message, join(r, le(0n)), 'Mismatch');
  add('S = 1', a.public, message, join(r, le(1n)), 'Mismatch');
  add('S = L - 1', a.public, message, join(r, le(L - 1n)), 'Mismatch');
  add('S = 2^252', a.public, message, join(r, le(2n ** 252n)), 'Mismatch');
  add('S = L', a.public, message, join(r, le(L)), 'BadS');
  add('S = L + 1', a.public, message, join(r, le(L + 1n)), 'BadS');
  add('S = 2^253 - 1', a.public, message, join(r, le(2n ** 253n - 1n)), 'BadS');
  add('S = 2^253', a.public, message, join(r, le(2n ** 253n)), 'BadS');
  add('S = 2^256 - 1', a.public, message, join(r, le(2n ** 256n - 1n)), 'BadS');
  for (let i = 1n; s + i * L < 2n ** 256n; i *= 2n) {
    add(`the honest S plus ${i} times L`, a.public, message, join(r, le(s + i * L)), 'BadS');
  }
  for (const bit of [253n, 254n, 255n]) {
    add(`the honest S with bit ${bit} set`, a.public, message, join(r, le(s | (1n << bit))), 'BadS');
  }
  // S above 2^252 that does hold: it needs luck of about 2^-125, so no such case exists here.
}

function torsionPoints() {
  const a = scalar('torsion key');
  const publicKey = encode(times(a, B));
  const r = scalar('torsion nonce');
  const rEncoding = encode(times(r, B));
  torsion.forEach((point, i) => {
    const encoding = encode(point);
    const order = BigInt(torsionOrder[i]);
    // With A of small order [h]A vanishes when its order divides h: then S = r holds for anybody.
    const message = grind(`small-order key ${i}`, (m) => challenge(rEncoding, encoding, m) % order === 0n);
    const signature = join(rEncoding, le(r));
    must(holds(encoding, message, signature, 1n), 'the small-order key does not hold');
    add(`A of order ${order} (${i} of 8), and the equation holds`, encoding, message, signature, 'SmallOrderA');
    const plainly = forge(a, publicKey, message, 0n, encoding);
    must(holds(publicKey, message, plainly, 8n), 'the small-order R does not hold');
    must(holds(publicKey, message, plainly, 1n) === (i === 0), 'the small-order R holds without the cofactor');
    const how = i === 0 ? 'and the equation holds' : 'and the equation holds with the cofactor';
    add(`R of order ${order} (${i} of 8), ${how}`, publicKey, message, plainly, 'SmallOrderR');
  });
  const identity = encode(O);
  add('A and R are the identity and S = 0', identity, text('anything'), join(identity, le(0n)), 'SmallOrderA');

  // x = 0 with the sign bit set: y = 1 and y = -1 have one root only, and the sign is ignored.
  for (const [y, what] of [[1n, 'y = 1'], [P - 1n, 'y = -1']]) {
    const encoding = encodeY(y, 1);
    const message = grind(`sign of zero ${what}`, (m) => challenge(rEncoding, encoding, m) % 2n === 0n);
    const signature = join(rEncoding, le(r));
    must(holds(encoding, message, signature, 1n), 'the key with x = 0 does not hold');
    add(`A with x = 0 and the sign bit set, ${what}`, encoding, message, signature, 'SmallOrderA');
    add(`R with x = 0 and the sign bit set, ${what}`, publicKey, message, forge(a, publicKey, message, 0n, encoding), 'SmallOrderR');
  }
}

function nonCanonical() {
  const a = scalar('canonical key');
  const publicKey = encode(times(a, B));
  const r = scalar('canonical nonce');
  const rEncoding = encode(times(r, B));
  const message = text('y is not reduced');
  let points = 0;
  for (let k = 0n; k <= 18n; k += 1n) {
    for (const sign of [0, 1]) {
      const encoding = encodeY(P + k, sign);
      const point = decode(encoding);
      points += point === null ? 0 : 1;
      const kind = point === null ? 'not a point' : smallOrder(point) ? 'a point of small order' : 'a point';
      const what = `y = p + ${k}, sign ${sign} (${kind} after reduction)`;
      const identity = point !== null && point.is0();
      const forA = join(rEncoding, le(r));
      const forR = forge(a, publicKey, message, 0n, encoding);
      if (identity) must(holds(encoding, message, forA, 1n) && holds(publicKey, message, forR, 1n), 'the identity does not hold');
      add(`A with ${what}`, encoding, message, forA, 'NonCanonicalA');
      add(`R with ${what}`, publicKey, message, forR, 'NonCanonicalR');
    }
  }
  must(points > 0, 'no non-canonical encoding is a point');
  add('A with the largest y below p', encodeY(P - 1n, 0), message, join(rEncoding, le(r)), 'SmallOrderA');
}

function notPoints() {
  const { seed, public: publicKey } = key('ed25519 honest');
  const message = text('not on the curve');
  const signature = sign(seed, message);
  let found = 0;
  for (let y = 2n; found < 3; y += 1n) {
    if (decode(encodeY(y, 0)) !== null) continue;
    found += 1;
    for (const sign of [0, 1]) {
      const encoding = encodeY(y, sign);
      add(`A with y = ${y}, sign ${sign}, is not a point`, encoding, message, signature, 'NotAPoint');
      add(`R with y = ${y}, sign ${sign}, is not a point`, publicKey, message, join(encoding, cut(signature, 32)), 'NotAPoint');
    }
  }
  let y = P - 2n;
  while (decode(encodeY(y, 0)) !== null) y -= 1n;
  add('A with the largest y that is not a point', encodeY(y, 0), message, signature, 'NotAPoint');
  add('R with the largest y that is not a point', publicKey, message, join(encodeY(y, 0), cut(signature, 32)), 'NotAPoint');
}

function mixedOrder() {
  const a = scalar('mixed key');
  const r = scalar('mixed nonce');
  const pure = encode(times(a, B));
  const rPure = encode(times(r, B));
  for (let i = 1; i < 8; i += 1) {
    const order = BigInt(torsionOrder[i]);
    const mixed = encode(times(a, B).add(torsion[i]));
    const made = (message) => forge(a, mixed, message, r, rPure);
    const h = (message) => challenge(rPure, mixed, message);

    const bad = grind(`mixed key cofactored ${i}`, (m) => h(m) % order !== 0n);
    must(holds(mixed, bad, made(bad), 8n), 'the mixed key does not hold with the cofactor');
    add(`A of mixed order (torsion ${i} of order ${order}) that holds only with the cofactor`, mixed, bad, made(bad), 'Mismatch');

    const good = grind(`mixed key cofactorless ${i}`, (m) => h(m) % order === 0n);
    add(`A of mixed order (torsion ${i} of order ${order}) that holds without the cofactor`, mixed, good, made(good), 'Ok');

    const rMixed = encode(times(r, B).add(torsion[i]));
    const message = text(`mixed R ${i}`);
    const signature = forge(a, pure, message, r, rMixed);
    must(holds(pure, message, signature, 8n), 'the mixed R does not hold with the cofactor');
    add(`R of mixed order (torsion ${i} of order ${order}) that holds only with the cofactor`, pure, message, signature, 'Mismatch');

    // Both mixed: the torsion of R cancels that of [h]A.
    const cancels = grind(`both mixed ${i}`, (m) => (challenge(rMixed, mixed, m) + 1n) % order === 0n);
    add(`A and R of mixed order (torsion ${i}) that cancel`, mixed, cancels, forge(a, mixed, cancels, r, rMixed), 'Ok');
    const stays = grind(`both mixed, not cancelling ${i}`, (m) => (challenge(rMixed, mixed, m) + 1n) % order !== 0n);
    add(`A and R of mixed order (torsion ${i}) that do not cancel`, mixed, stays, forge(a, mixed, stays, r, rMixed), 'Mismatch');
  }
}

/** Several faults at once: the first in the order of checks is the answer. */
function order() {
  const { public: publicKey } = key('ed25519 honest');
  const message = text('several faults');
  const small = encode(torsion[1]);
  const unreduced = encodeY(P + 3n, 0);
  let y = 2n;
  while (decode(encodeY(y, 0)) !== null) y += 1n;
  const nowhere = encodeY(y, 0);
  let k = 0n;
  while (decode(encodeY(P + k, 0)) !== null) k += 1n;
  const both = encodeY(P + k, 0);
  const zero = le(0n);
  add('S too large before A not canonical', unreduced, message, join(small, le(L)), 'BadS');
  add('S too large before A not a point', nowhere, message, join(small, le(L)), 'BadS');
  add('A not canonical before A not a point', both, message, join(small, zero), 'NonCanonicalA');
  add('A not canonical before R not canonical', unreduced, message, join(unreduced, zero), 'NonCanonicalA');
  add('A not a point before R not canonical', nowhere, message, join(unreduced, zero), 'NotAPoint');
  add('A of small order before R not canonical', small, message, join(unreduced, zero), 'SmallOrderA');
  add('A of small order before R not a point', small, message, join(nowhere, zero), 'SmallOrderA');
  add('A of small order before R of small order', small, message, join(small, zero), 'SmallOrderA');
  add('R not canonical before R not a point', publicKey, message, join(both, zero), 'NonCanonicalR');
}

export default function make() {
  for (const part of [published, honest, torsionPoints, nonCanonical, notPoints, mixedOrder, order]) part();
  return {
    about:
      'Strict ed25519: the verdict is Ok or the first fault in the order BadS (S >= L), NonCanonicalA (y >= p), NotAPoint (A), SmallOrderA, NonCanonicalR, NotAPoint (R), SmallOrderR, Mismatch (equation without the cofactor). The sign bit of x = 0 is ignored when decoding. Points of mixed order are allowed.',
    cases,
    refused: [],
  };
}
