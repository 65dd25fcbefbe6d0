// Writes the ABI of what is deployed to contracts/abi, compact and sorted, or with --check compares what is there with
// the build. Run `forge build` before.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const contracts = ['RewardPool', 'StakeVault'];
const checking = process.argv.includes('--check');

// The entries in the order of their kind, name and inputs, so that only a change of the interface changes the file.
function sorted(abi) {
  const key = (entry) => [entry.type, entry.name ?? '', JSON.stringify(entry.inputs ?? [])].join(' ');
  return abi.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

// `internalType` is the compiler's word for a type; no reader of the ABI needs it.
function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'internalType')
      .map(([name, inner]) => [name, plain(inner)]),
  );
}

let failed = 0;
for (const name of contracts) {
  const built = JSON.parse(readFileSync(join(root, `out/${name}.sol/${name}.json`), 'utf8'));
  const text = `[\n${sorted(plain(built.abi)).map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`;
  const path = join(root, `abi/${name}.json`);
  if (!checking) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`abi/${name}.json differs from the build; run \`node contracts/tools/abi.mjs\` and commit it`);
    failed += 1;
  }
}
if (checking) console.log(`${contracts.length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
