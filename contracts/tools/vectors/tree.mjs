import { StandardMerkleTree } from '@openzeppelin/merkle-tree';

import { cast } from './cast.mjs';
import { U128, U64, flip, label, must, padded } from './form.mjs';

const types = ['uint8', 'bytes32', 'uint256'];

const owner = (chain, i) => (chain === 1n ? padded(label(`tree owner ${i}`, 20)) : label(`tree owner ${i}`));

function value(i) {
  const chain = i % 3 === 1 ? 2n : 1n;
  const amounts = [U128, 0n, 1n, U64, 10n ** 18n, U64 + 1n];
  const cumulative = i < amounts.length ? amounts[i] : BigInt(label(`tree amount ${i}`, 11));
  return [chain, owner(chain, i), cumulative];
}

function build(values) {
  const tree = StandardMerkleTree.of(values.map(([chain, who, amount]) => [chain.toString(), who, amount.toString()]), types);
  tree.validate();
  const leaves = values.map((one) => tree.leafHash(one.map(String)));
  leaves.forEach((leaf, i) => cast.keccakAbi(types, values[i], leaf, 'a leaf', 2));
  const proofs = values.map((_, i) => tree.getProof(i));
  return { values, leaves, root: tree.root, proofs };
}

export default function make() {
  const trees = new Map();
  const add = (name, values) => trees.set(name, build(values));
  for (const count of [1, 2, 3, 4, 5, 7, 8, 33]) {
    add(count === 1 ? 'one leaf' : `${count} leaves`, Array.from({ length: count }, (_, i) => value(i)));
  }
  add('5 leaves in another order', [3, 0, 4, 2, 1].map(value));
  must(trees.get('5 leaves in another order').root === trees.get('5 leaves').root, 'the order of values changes the root');
  const bare = label('tree owner of two chains');
  add('one Solana owner whose bytes are an EVM owner as well', [
    [1n, padded(label('tree twin', 20)), 5n],
    [2n, padded(label('tree twin', 20)), 5n],
    [2n, bare, 0n],
  ]);

  const refused = [];
  const refuse = (name, root, [chain, who, cumulative], proof) => {
    const holds = StandardMerkleTree.verify(root, types, [chain.toString(), who, cumulative.toString()], proof);
    must(!holds, `${name}: the proof holds`);
    refused.push({ name, root, chain, owner: who, cumulative, proof, refused: 'BadProof' });
  };
  for (const [size, at] of [['one leaf', 0], ['2 leaves', 1], ['5 leaves', 3], ['33 leaves', 17]]) {
    const { values, root, proofs, leaves } = trees.get(size);
    const [chain, who, amount] = values[at];
    const proof = proofs[at];
    const stranger = label('tree stranger');
    refuse(`${size}: one unit more`, root, [chain, who, amount === U128 ? amount - 1n : amount + 1n], proof);
    refuse(`${size}: another owner`, root, [chain, flip(who, 0), amount], proof);
    refuse(`${size}: the other chain`, root, [3n - chain, who, amount], proof);
    refuse(`${size}: another root`, flip(root, 0), values[at], proof);
    refuse(`${size}: an extra element at the end`, root, values[at], [...proof, stranger]);
    refuse(`${size}: an extra element at the start`, root, values[at], [stranger, ...proof]);
    refuse(`${size}: the leaf itself as an extra element`, root, values[at], [leaves[at], ...proof]);
    if (proof.length > 0) {
      refuse(`${size}: a changed first element`, root, values[at], [flip(proof[0], 7), ...proof.slice(1)]);
      refuse(`${size}: a changed last element`, root, values[at], [...proof.slice(0, -1), flip(proof.at(-1), 255)]);
      refuse(`${size}: the first element missing`, root, values[at], proof.slice(1));
      refuse(`${size}: the last element missing`, root, values[at], proof.slice(0, -1));
      refuse(`${size}: no proof`, root, values[at], []);
      refuse(`${size}: the proof of another leaf`, root, values[at], proofs[at === 0 ? 1 : 0]);
    }
    if (proof.length > 1) refuse(`${size}: the proof backwards`, root, values[at], [...proof].reverse());
  }
  return {
    about:
      'Reward trees: leaf hashes, root and proofs, leaves and proofs in the order of `values`, each value being [chain, owner, cumulative]. Built by the JavaScript library of OpenZeppelin (StandardMerkleTree); the refused proofs do not lead from the leaf to the root.',
    cases: [...trees].map(([name, tree]) => ({ name, ...tree })),
    refused,
  };
}
