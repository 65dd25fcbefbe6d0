import { encodeAbiParameters, keccak256 } from 'viem';

import { cast } from './cast.mjs';
import { U64, ZERO20, ZERO32, label, must, text, size } from './form.mjs';

const types = ['string', 'string', 'uint256', 'address', 'bytes32', 'bytes32'];

export function networkId({ name, base_chain_id, vault, solana_genesis, solana_program }) {
  const values = ['williw-v1', name, base_chain_id, vault, solana_genesis, solana_program];
  const id = keccak256(encodeAbiParameters(types.map((type) => ({ type })), values));
  cast.keccakAbi(types, values, id, `network id of ${name}`);
  return id;
}

const base = { base_chain_id: 8453n, vault: label('vault', 20) };
const noBase = { base_chain_id: 0n, vault: ZERO20 };
const solana = { solana_genesis: label('solana genesis'), solana_program: label('solana program') };
const noSolana = { solana_genesis: ZERO32, solana_program: ZERO32 };

/** The networks that the other files use. */
export const networks = {
  both: { name: 'vectors', ...base, ...solana },
  other: { name: 'vectors-2', ...base, ...solana },
  base: { name: 'vectors-base', ...base, ...noSolana },
  solana: { name: 'vectors-solana', ...noBase, ...solana },
};

/** The names are the variants of the error; checked in this order. */
function verdict({ name, base_chain_id, vault, solana_genesis, solana_program }) {
  const length = size(text(name));
  if (length < 1 || length > 32) return 'NameLength';
  if (!/^[a-z0-9-]+$/.test(name)) return 'NameCharacter';
  if ((base_chain_id === 0n) !== (vault === ZERO20)) return 'HalfAbsent';
  if ((solana_genesis === ZERO32) !== (solana_program === ZERO32)) return 'HalfAbsent';
  if (base_chain_id === 0n && solana_genesis === ZERO32) return 'NoChain';
  return null;
}

export default function make() {
  const accepted = [
    ['both chains', networks.both],
    ['both chains, another name', networks.other],
    ['Base only', networks.base],
    ['Solana only', networks.solana],
    ['a name of one byte', { ...networks.both, name: 'w' }],
    ['a name of one hyphen', { ...networks.both, name: '-' }],
    ['a name of 32 bytes', { ...networks.both, name: 'abcdefghijklmnopqrstuvwxyz-01234' }],
    ['every character at the edge of its range', { ...networks.both, name: '0-9-a-z' }],
    ['chain id 1', { ...networks.both, base_chain_id: 1n }],
    ['the largest chain id', { ...networks.both, base_chain_id: U64 }],
    ['the largest chain id, Base only', { ...networks.base, base_chain_id: U64 }],
    ['a vault with one bit', { ...networks.both, vault: `0x${'00'.repeat(19)}01` }],
    ['a genesis hash with one bit', { ...networks.both, solana_genesis: `0x${'00'.repeat(31)}01` }],
    ['a program with one bit', { ...networks.both, solana_program: `0x01${'00'.repeat(31)}` }],
    [
      'everything at its largest',
      {
        name: 'z'.repeat(32),
        base_chain_id: U64,
        vault: `0x${'ff'.repeat(20)}`,
        solana_genesis: `0x${'ff'.repeat(32)}`,
        solana_program: `0x${'ff'.repeat(32)}`,
      },
    ],
  ];
  const refusals = [
    ['an empty name', { ...networks.both, name: '' }],
    ['a name of 33 bytes', { ...networks.both, name: 'a'.repeat(33) }],
    ['a name of 17 characters in 34 bytes', { ...networks.both, name: 'é'.repeat(17) }],
    ['an upper-case letter', { ...networks.both, name: 'Vectors' }],
    ['an underscore', { ...networks.both, name: 'vectors_2' }],
    ['a space', { ...networks.both, name: 'vectors 2' }],
    ['a character beyond ASCII', { ...networks.both, name: 'vectörs' }],
    ['the character after z', { ...networks.both, name: 'vectors{' }],
    ['the character before a', { ...networks.both, name: 'vectors`' }],
    ['the character after 9', { ...networks.both, name: 'vectors:' }],
    ['the character before 0', { ...networks.both, name: 'vectors/' }],
    ['a zero byte', { ...networks.both, name: 'vectors\0' }],
    ['a chain id without a vault, Solana present', { ...networks.both, vault: ZERO20 }],
    ['a vault without a chain id, Solana present', { ...networks.both, base_chain_id: 0n }],
    ['a genesis hash without a program, Base present', { ...networks.both, solana_program: ZERO32 }],
    ['a program without a genesis hash, Base present', { ...networks.both, solana_genesis: ZERO32 }],
    ['a chain id without a vault, no Solana', { ...networks.base, vault: ZERO20 }],
    ['a vault without a chain id, no Solana', { ...networks.base, base_chain_id: 0n }],
    ['a genesis hash without a program, no Base', { ...networks.solana, solana_program: ZERO32 }],
    ['a program without a genesis hash, no Base', { ...networks.solana, solana_genesis: ZERO32 }],
    ['neither chain', { name: 'vectors', ...noBase, ...noSolana }],
  ];
  return {
    about:
      'The network id from its six inputs. `name` is UTF-8; an absent chain has zeros in both of its fields. Refusals are checked in the order NameLength (in bytes), NameCharacter, HalfAbsent, NoChain.',
    cases: accepted.map(([name, network]) => {
      must(verdict(network) === null, `${name}: ${verdict(network)}`);
      return { name, network, network_id: networkId(network) };
    }),
    refused: refusals.map(([name, network]) => {
      must(verdict(network) !== null, `${name} is not refused`);
      return { name, network, refused: verdict(network) };
    }),
  };
}
