// Bytes and the texts that stand for them.
import { sha256 as hash256 } from '@noble/hashes/sha2.js';
import { base58 as alphabet } from '@scure/base';

export const sha256 = (...parts) => hash256(concat(...parts));

export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const equal = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
export const text = (letters) => new TextEncoder().encode(letters);
export const hex = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`;
export const base58 = (bytes) => alphabet.encode(bytes);

// An integer of so many bytes, the lowest first.
export function little(number, length) {
  let rest = BigInt(number);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1, rest >>= 8n) bytes[at] = Number(rest & 255n);
  if (rest !== 0n) throw new RangeError(`${number} has more than ${length} bytes`);
  return bytes;
}

export function number(bytes) {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

// The 32 bytes of an address; none if the text is not one.
export function address(letters) {
  if (typeof letters !== 'string' || letters.length > 44) return null;
  try {
    const bytes = alphabet.decode(letters);
    return bytes.length === 32 ? bytes : null;
  } catch {
    return null;
  }
}
