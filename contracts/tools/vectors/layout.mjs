// Where a contract keeps what proofs read. The layout is the compiler's own word: nobody counts slots by hand here.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import solc from 'solc';

import { must, same } from './form.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

// Sources are named by their path in this folder, those of packages as imports name them.
const source = (name) => readFileSync(join(root, name.startsWith('@') ? 'node_modules' : '', name), 'utf8');

/** The state variables of a contract, each { label, slot, offset, type }. No code is made, so it takes a second. */
function layout(file, contract) {
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: source(file) } },
    settings: { outputSelection: { [file]: { [contract]: ['storageLayout'] } } },
  };
  const found = (name) => {
    try {
      return { contents: source(name) };
    } catch (error) {
      return { error: error.message };
    }
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: found }));
  const fault = output.errors?.find(({ severity }) => severity === 'error');
  must(fault === undefined, `${file}: ${fault?.formattedMessage}`);
  return output.contracts[file][contract].storageLayout.storage;
}

/** The slots of the vault's journal: its head fills one, the number of its last fact is the lowest 64 bits of another. */
export function journalSlots() {
  const variables = layout('src/StakeVault.sol', 'StakeVault');
  const slot = (label, type) => {
    const variable = variables.find((one) => one.label === label);
    must(variable !== undefined, `the vault has no ${label}`);
    same(variable.type, type, `type of ${label}`);
    same(variable.offset, 0, `bytes below ${label} in its slot`);
    return BigInt(variable.slot);
  };
  return { head_slot: slot('_head', 't_bytes32'), seq_slot: slot('_seq', 't_uint64') };
}
