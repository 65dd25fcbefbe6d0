// The network's id and the domain of what is signed for it: docs/decisions/0001-encodings.md.
import { keccak_256 } from '@noble/hashes/sha3.js';

import { concat, text } from './bytes.mjs';

const TAG = text('williw-v1');
const DOMAIN_TYPE = text('EIP712Domain(string name,string version,bytes32 salt)');

// One word of 32 bytes: a number, or bytes behind zeros.
function word(value) {
  const bytes = new Uint8Array(32);
  if (value instanceof Uint8Array) bytes.set(value, 32 - value.length);
  else for (let at = 31, rest = BigInt(value); rest > 0n; at -= 1, rest >>= 8n) bytes[at] = Number(rest & 255n);
  return bytes;
}

function padded(bytes) {
  const words = new Uint8Array(Math.ceil(bytes.length / 32) * 32);
  words.set(bytes);
  return concat(word(bytes.length), words);
}

// As `abi.encode` of six words, of which the first two are texts that stand behind the others.
export function networkId({ name, baseChainId, baseVault, genesisHash, program }) {
  const [tag, letters] = [padded(TAG), padded(text(name))];
  const begins = [192, 192 + tag.length].map(word);
  return keccak_256(concat(...begins, word(baseChainId), word(baseVault), genesisHash, program, tag, letters));
}

export function domainOf(network) {
  const hashes = [DOMAIN_TYPE, text('williw'), text('1')].map((part) => keccak_256(part));
  return keccak_256(concat(...hashes, network));
}
