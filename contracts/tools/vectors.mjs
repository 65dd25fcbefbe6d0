// Writes the shared test vectors to node/core/vectors, or with --check compares what is there with what would be
// written. Nothing here uses the project's own code: the answers come from viem, cast, noble and OpenZeppelin. Only the slots
// of the journal are the vault's own, as solc lays them out.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { cast } from './vectors/cast.mjs';
import { seal } from './vectors/form.mjs';
import cycleStake from './vectors/cycle_stake.mjs';
import ed25519 from './vectors/ed25519.mjs';
import journal from './vectors/journal.mjs';
import link from './vectors/link.mjs';
import networkId from './vectors/network_id.mjs';
import offence from './vectors/offence.mjs';
import rootVote from './vectors/root_vote.mjs';
import slash from './vectors/slash.mjs';
import statement from './vectors/statement.mjs';
import tree from './vectors/tree.mjs';

const directory = join(dirname(fileURLToPath(import.meta.url)), '../../node/core/vectors');
const sums = 'SHA256SUMS';
const makers = {
  cycle_stake: cycleStake,
  ed25519,
  journal,
  link,
  network_id: networkId,
  offence,
  root_vote: rootVote,
  slash,
  statement,
  tree,
};

async function make() {
  const files = {};
  for (const [name, maker] of Object.entries(makers)) {
    try {
      files[`${name}.json`] = `${JSON.stringify(seal(name, await maker()), null, 2)}\n`;
    } catch (error) {
      error.message = `${name}.json: ${error.message}`;
      throw error;
    }
  }
  await cast.agree();
  files[sums] = Object.keys(files)
    .sort()
    .map((name) => `${createHash('sha256').update(files[name]).digest('hex')}  ${name}\n`)
    .join('');
  return files;
}

/** The name of the first case that differs, for a message that a reader can act on. */
function firstDifference(name, have, want) {
  if (name === sums) return 'the list of hashes';
  let parsed;
  try {
    parsed = JSON.parse(have);
  } catch {
    return 'it is not JSON';
  }
  const wanted = JSON.parse(want);
  for (const list of ['cases', 'refused']) {
    const [a, b] = [parsed?.[list] ?? [], wanted[list]];
    for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
      if (JSON.stringify(a[i]) !== JSON.stringify(b[i])) {
        return `${list}[${i}] "${(b[i] ?? a[i])?.name}"`;
      }
    }
  }
  return 'the header or the white space';
}

function check(files) {
  for (const [name, want] of Object.entries(files)) {
    const path = join(directory, name);
    if (!existsSync(path)) return `${name} is missing`;
    const have = readFileSync(path, 'utf8');
    if (have !== want) return `${name} differs: ${firstDifference(name, have, want)}`;
  }
  const unknown = readdirSync(directory).filter((name) => name.endsWith('.json') && !(name in files));
  return unknown.length > 0 ? `${unknown[0]} is made by nothing` : null;
}

const checking = process.argv[2] === '--check';
if (process.argv.length > (checking ? 3 : 2)) {
  process.stderr.write('usage: node contracts/tools/vectors.mjs [--check]\n');
  process.exit(2);
}
const files = await make();
if (checking) {
  const fault = check(files);
  if (fault !== null) {
    process.stderr.write(`vectors: ${fault}\nrun: node contracts/tools/vectors.mjs\n`);
    process.exit(1);
  }
} else {
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
}
