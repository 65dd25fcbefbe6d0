// Keys, and addresses that nobody has the key of.
import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';

import { address, equal, sha256, text } from './bytes.mjs';
import { misused } from './refused.mjs';

const FILE_CAP = 4096;
const DERIVED = text('ProgramDerivedAddress');

export const WELL_KNOWN = {
  system: address('11111111111111111111111111111111'),
  loader: address('BPFLoaderUpgradeab1e11111111111111111111111'),
  token: address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'),
  token2022: address('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb'),
  computeBudget: address('ComputeBudget111111111111111111111111111111'),
  rent: address('SysvarRent111111111111111111111111111111111'),
  clock: address('SysvarC1ock11111111111111111111111111111111'),
};

export function keyOf(seed) {
  return { address: ed25519.getPublicKey(seed), sign: (message) => ed25519.sign(message, seed), seed };
}

export const newKey = () => keyOf(new Uint8Array(randomBytes(32)));

// As Solana's tools keep it: a list of 64 numbers, the secret and then the address.
export const fileOf = (key) => `${JSON.stringify([...key.seed, ...key.address])}\n`;

// Reads the key in a file. `warn` is told if others could have read it too. What is no name of a file may be the secret
// itself, so only the flag is named behind which it stood.
export function readKey(path, what, warn, flag = null) {
  const hint = 'a key is a file as `solana-keygen new` writes it: a list of 64 numbers';
  const named = flag ? `${what}, a file that ${flag} names,` : what;
  let letters;
  try {
    letters = readSecret(path, what, warn);
  } catch (fault) {
    if (fault.hint) throw fault;
    if (fault.code === 'ENOENT') throw misused(`the ${named} is not there`, hint);
    throw misused(`the ${named} cannot be read: ${fault.code}`, hint);
  }
  let numbers = null;
  try {
    numbers = JSON.parse(letters);
  } catch {
    // What the parser says quotes what it read.
  }
  const isByte = (number) => Number.isInteger(number) && number >= 0 && number < 256;
  if (!Array.isArray(numbers) || numbers.length !== 64 || !numbers.every(isByte)) {
    throw misused(`the ${what} at ${path} is no key`, hint);
  }
  const key = keyOf(Uint8Array.from(numbers.slice(0, 32)));
  if (!equal(key.address, Uint8Array.from(numbers.slice(32)))) {
    throw misused(`the ${what} at ${path} is damaged: its two halves do not belong together`, hint);
  }
  return key;
}

// Opened without waiting, as a pipe would make us, and looked at through the open file.
function readSecret(path, what, warn) {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw misused(`the ${what} at ${path} is no file`, 'name the file that holds the key');
    if ((found.mode & 0o077) !== 0) {
      warn(`others than you can read the ${what} at ${path}`, `chmod 600 ${path}`);
    }
    const bytes = Buffer.alloc(FILE_CAP);
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, FILE_CAP, 0));
  } finally {
    closeSync(file);
  }
}

// Whether somebody can have the key of this address. Programs sign for those that are no point of the curve.
export function hasKey(bytes) {
  try {
    // As the chain looks at it: every encoding of a point counts.
    ed25519.Point.fromBytes(bytes, true);
    return true;
  } catch {
    return false;
  }
}

// The address that a program derives from seeds.
export function derived(program, ...seeds) {
  for (let bump = 255; bump >= 0; bump -= 1) {
    const found = sha256(...seeds, Uint8Array.of(bump), program, DERIVED);
    if (!hasKey(found)) return found;
  }
  throw new Error('half of all hashes are no point');
}
