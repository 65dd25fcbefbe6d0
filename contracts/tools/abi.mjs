// Writes what is checked in of every build that is deployed, or with --check compares what is there. Run `forge build`
// before. Of each contract:
//
//   abi/     its interface, which Rust reads
//   layout/  where it keeps what, which storage proofs depend on
//   code/    the code that creates it, from which its address follows, and a hash of the code that then stands there
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keccak256 } from 'viem';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const contracts = ['RewardPool', 'StakeVault'];
const checking = process.argv.includes('--check');

const lines = (entries) => `[\n${entries.map((entry) => JSON.stringify(entry)).join(',\n')}\n]\n`;

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

// One line for each variable, and below it what is inside. Slots are those of the contract; inside of `[]`, of which there
// are many, they are counted from where each begins. The compiler's own ids of types change with every file that is
// compiled along, so types go by their labels.
function layout({ storage, types }) {
  const inside = (type, name, base) => {
    const { value, base: element, members = [] } = types[type];
    if (value ?? element) return inside(value ?? element, `${name}[]`, 0);
    return members.flatMap((member) => place(member, `${name}.`, base));
  };
  const place = ({ label, slot, offset, type }, path, base) => {
    const [name, at] = [`${path}${label}`, base + Number(slot)];
    const { label: kind, numberOfBytes } = types[type];
    return [{ name, slot: at, offset, bytes: Number(numberOfBytes), type: kind }, ...inside(type, name, at)];
  };
  return lines(storage.flatMap((variable) => place(variable, '', 0)));
}

// Immutables are written into the code when it is created; the hash has zeros in their place.
function code({ bytecode, deployedBytecode }) {
  const immutables = Object.values(deployedBytecode.immutableReferences)
    .flat()
    .map(({ start, length }) => [start, length])
    .toSorted(([a], [b]) => a - b);
  const runtime = Buffer.from(deployedBytecode.object.slice(2), 'hex');
  for (const [start, length] of immutables) runtime.fill(0, start, start + length);
  const fields = { runtime_hash: keccak256(runtime), immutables, creation: bytecode.object };
  const text = Object.entries(fields).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  return `{\n${text.join(',\n')}\n}\n`;
}

let [compared, failed] = [0, 0];
function put(path, text) {
  compared += 1;
  const file = join(root, path);
  if (!checking) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${path} differs from the build; run \`node contracts/tools/abi.mjs\` and commit it`);
    failed += 1;
  }
}

for (const name of contracts) {
  const built = JSON.parse(readFileSync(join(root, `out/${name}.sol/${name}.json`), 'utf8'));
  put(`abi/${name}.json`, lines(sorted(plain(built.abi))));
  put(`layout/${name}.json`, layout(built.storageLayout));
  put(`code/${name}.json`, code(built));
}
if (checking) console.log(`${compared - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
