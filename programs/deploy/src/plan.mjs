// The plan: a file that says everything, and in which nothing has a default. What a person has to decide begins with
// "fill in" and is refused by the name of its key; so is a key too many or too few.
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import { address, hex } from './bytes.mjs';
import { parse } from './json.mjs';
import { misused, quoted } from './refused.mjs';

const FILE_CAP = 1024 * 1024;
const MOST = { u64: (1n << 64n) - 1n, u16: (1n << 16n) - 1n, u8: 255n };

export const VAULT_TERMS = ['min_stake', 'min_deposit', 'unstaking_period', 'slash_bps', 'evidence_cycles'];
export const POOL_TERMS = ['min_quorum', 'delay', 'max_per_cycle'];
const RANGES = ['parameters', 'least', 'most'];

const integer = (kind) => (key, value) => {
  const isNumber = typeof value === 'string' && /^(0|[1-9][0-9]{0,38})$/.test(value);
  if (!isNumber) throw wrong(key, 'it is no whole number in quotation marks');
  if (BigInt(value) > MOST[kind]) throw wrong(key, `it is more than ${MOST[kind]}`);
  return BigInt(value);
};
const oneOf =
  (...words) =>
  (key, value) => {
    if (!words.includes(value)) throw wrong(key, `it is none of ${words.join(', ')}`);
    return value;
  };
const account = (key, value) => {
  const bytes = address(value);
  if (bytes === null) throw wrong(key, 'it is no address: 32 bytes in base 58 are needed');
  return bytes;
};
const name = (key, value) => {
  if (typeof value !== 'string' || !/^[a-z0-9-]{1,32}$/.test(value)) {
    throw wrong(key, 'it is not 1 to 32 of a-z, 0-9 and `-`');
  }
  return value;
};
const path = (key, value) => {
  if (typeof value !== 'string' || value === '') throw wrong(key, 'it names no file');
  return value;
};

const record = (fields) => (key, value) => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw wrong(key, 'it is no object');
  const extra = Object.keys(value).find((inner) => !Object.hasOwn(fields, inner));
  if (extra !== undefined) throw wrong(`${key}.${quoted(extra, 40)}`, 'there is no such key');
  const read = ([inner, kind]) => {
    const inside = `${key}.${inner}`;
    if (!Object.hasOwn(value, inner)) throw wrong(inside, 'it is missing');
    if (typeof value[inner] === 'string' && value[inner].startsWith('fill in')) {
      throw wrong(inside, `it has to be decided: ${quoted(value[inner])}`);
    }
    return [inner, kind(inside, value[inner])];
  };
  return Object.fromEntries(Object.entries(fields).map(read));
};

const terms = (names) => record(Object.fromEntries(names.map((it) => [it, integer('u64')])));
const ranged = (names) => record(Object.fromEntries(RANGES.map((range) => [range, terms(names)])));

const PLAN = record({
  cluster: oneOf('localnet', 'devnet', 'mainnet-beta'),
  name,
  base: path,
  mint: account,
  token_decimals: integer('u8'),
  governor: account,
  governor_is: oneOf('key', 'vault'),
  guardian: account,
  genesis: integer('u64'),
  cycle_length: integer('u64'),
  vault: ranged(VAULT_TERMS),
  pool: ranged(POOL_TERMS),
});

function wrong(key, why) {
  return misused(
    `\`${key}\` of the plan: ${why}`,
    'correct it in the plan; programs/README.md says what each key means',
  );
}

export function readJson(file, what, hint = `name ${what} as JSON`) {
  try {
    const found = statSync(file);
    if (!found.isFile() || found.size > FILE_CAP) throw misused(`${file} is no file of ${what}`, hint);
    const twice = (key) =>
      misused(`${file} has \`${quoted(key, 40)}\` twice in one place`, 'which of the two is meant?');
    return parse(readFileSync(file, 'utf8'), twice);
  } catch (fault) {
    if (fault.hint) throw fault;
    if (fault.code) throw misused(`${file} cannot be read: ${fault.code}`, hint);
    throw misused(`${file} is not JSON`, hint);
  }
}

export function readPlan(file, cluster) {
  const plan = PLAN('', readJson(file, 'a plan'));
  if (plan.cluster !== cluster) {
    throw misused(
      `the plan is for ${plan.cluster}, and --cluster says ${cluster}`,
      'take the plan of the cluster you mean',
    );
  }
  plan.base = plan.base === 'none' ? null : readBase(resolve(dirname(file), plan.base));
  return plan;
}

// The other half of the network, as the script for Base wrote it. It was deployed with the id of this program.
function readBase(file) {
  const found = readJson(file, 'a deployment on Base');
  const fits =
    /^[0-9]{1,20}$/.test(String(found?.chain_id)) &&
    /^0x[0-9a-fA-F]{40}$/.test(found.vault) &&
    [found.network_id, found.solana_genesis_hash, found.solana_program_id].every((it) =>
      /^0x[0-9a-fA-F]{64}$/.test(it),
    ) &&
    typeof found.name === 'string' &&
    [found.deployed?.genesis, found.deployed?.cycle_length].every((it) => /^[0-9]{1,20}$/.test(String(it)));
  if (!fits)
    throw misused(`${file} is no deployment on Base`, 'name a file of contracts/deployments in `base`, or none');
  return {
    chainId: BigInt(found.chain_id),
    vault: Uint8Array.from(Buffer.from(found.vault.slice(2), 'hex')),
    name: found.name,
    networkId: found.network_id.toLowerCase(),
    genesisHash: found.solana_genesis_hash.toLowerCase(),
    program: found.solana_program_id.toLowerCase(),
    genesis: BigInt(found.deployed.genesis),
    cycleLength: BigInt(found.deployed.cycle_length),
  };
}

// Both halves say the same of what they have in common.
export function checkBase(plan, { program, genesisHash, networkId }) {
  const { base } = plan;
  if (base === null) return;
  const pairs = [
    ['.name', plan.name, base.name],
    ['.genesis', plan.genesis, base.genesis],
    ['.cycle_length', plan.cycle_length, base.cycleLength],
    ['the program', hex(program), base.program],
    ["the cluster's genesis hash", hex(genesisHash), base.genesisHash],
    ["the network's id", hex(networkId), base.networkId],
  ];
  const differing = pairs.find(([, here, there]) => here !== there);
  if (differing) {
    const [what, here, there] = differing;
    throw misused(
      `${what} is ${here} here, and ${quoted(String(there))} on Base`,
      'both halves are one network, which was fixed when the vault was deployed',
    );
  }
}
