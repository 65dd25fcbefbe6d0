// Builds large reward trees with OpenZeppelin's StandardMerkleTree and writes root and sampled proofs to
// node/core/tests/it/trees, or compares with --check. `--leaves N` prints one of any size instead.
//
// Leaf i pays keccak("owner i")'s last 20 bytes the first 11 bytes of keccak("amount i"), so whoever reads a file can build
// the whole tree anew.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StandardMerkleTree } from '@openzeppelin/merkle-tree';
import { hexToBigInt, keccak256, pad, slice, stringToBytes } from 'viem';

const directory = join(dirname(fileURLToPath(import.meta.url)), '../../node/core/tests/it/trees');
const sizes = [1, 2, 3, 1000];
const samplesCap = 20;
const types = ['uint8', 'bytes32', 'uint256'];

function leaf(i) {
  const owner = pad(slice(keccak256(stringToBytes(`owner ${i}`)), 12));
  return [1, owner, hexToBigInt(slice(keccak256(stringToBytes(`amount ${i}`)), 0, 11))];
}

/** First, last, and some in between, of which every second is odd. */
function sampled(count) {
  const last = count - 1;
  const some = Array.from({ length: samplesCap }, (_, i) => Math.floor((last * i) / (samplesCap - 1)) ^ (i % 2));
  return [...new Set([0, last, ...some])].filter((i) => i <= last).slice(0, samplesCap).sort((a, b) => a - b);
}

function build(count) {
  const leaves = Array.from({ length: count }, (_, i) => leaf(i));
  const tree = StandardMerkleTree.of(leaves, types);
  const samples = sampled(count).map((index) => {
    const [, owner, cumulative] = leaves[index];
    const proof = tree.getProof(index);
    if (!StandardMerkleTree.verify(tree.root, types, leaves[index], proof)) throw new Error(`leaf ${index} of ${count}`);
    return { index: String(index), owner, cumulative: String(cumulative), proof };
  });
  const total = leaves.reduce((sum, [, , cumulative]) => sum + cumulative, 0n);
  return { leaves: String(count), root: tree.root, total: String(total), samples };
}

const text = (count) => `${JSON.stringify(build(count), null, 2)}\n`;

const [option, count, ...rest] = process.argv.slice(2);
if (option === '--leaves' && /^[1-9][0-9]{0,6}$/.test(count ?? '') && rest.length === 0) {
  process.stdout.write(text(Number(count)));
} else if ((option === undefined || option === '--check') && count === undefined) {
  mkdirSync(directory, { recursive: true });
  for (const size of sizes) {
    const path = join(directory, `${size}.json`);
    if (option === undefined) writeFileSync(path, text(size));
    else if (readFileSync(path, 'utf8') !== text(size)) {
      process.stderr.write(`trees: ${size}.json differs\nrun: node contracts/tools/trees.mjs\n`);
      process.exitCode = 1;
    }
  }
} else {
  process.stderr.write('usage: node contracts/tools/trees.mjs [--check | --leaves N]\n');
  process.exitCode = 2;
}
