import { encodeAbiParameters, keccak256 } from 'viem';

import { cast } from './cast.mjs';
import { U128, U64, ZERO32, label } from './form.mjs';

const types = ['bytes32', 'uint256', 'uint256', 'bytes32'];

export function rootVoteDigest({ root, total_base, total_solana, blob_hash }) {
  const values = [root, total_base, total_solana, blob_hash];
  const digest = keccak256(encodeAbiParameters(types.map((type) => ({ type })), values));
  cast.keccakAbi(types, values, digest, 'a root vote');
  return digest;
}

export default function make() {
  const root = label('root');
  const blob_hash = label('blob');
  const ones = `0x${'ff'.repeat(32)}`;
  const totals = [
    ['usual totals', 1_250_000n * 10n ** 18n, 730_000n * 10n ** 9n],
    ['no totals', 0n, 0n],
    ['one unit on Base', 1n, 0n],
    ['one unit on Solana', 0n, 1n],
    ['largest 64-bit totals', U64, U64],
    ['one above 64 bits on Base', U64 + 1n, 0n],
    ['one above 64 bits on Solana', 0n, U64 + 1n],
    ['largest total on Base', U128, 0n],
    ['largest total on Solana', 0n, U128],
    ['largest totals', U128, U128],
  ];
  const cases = totals.map(([name, total_base, total_solana]) => ({ name, root, total_base, total_solana, blob_hash }));
  cases.push({ name: 'root and blob hash exchanged', root: blob_hash, total_base: 1n, total_solana: 2n, blob_hash: root });
  cases.push({ name: 'all zero', root: ZERO32, total_base: 0n, total_solana: 0n, blob_hash: ZERO32 });
  cases.push({ name: 'all ones', root: ones, total_base: U128, total_solana: U128, blob_hash: ones });
  return {
    about:
      'The digest of statements of kind 3 (root vote) and 4 (proposal): keccak of the ABI encoding of (bytes32 root, uint256 totalBase, uint256 totalSolana, bytes32 blobHash). Nothing of this shape is refused.',
    cases: cases.map((one) => ({ ...one, digest: rootVoteDigest(one) })),
  };
}
