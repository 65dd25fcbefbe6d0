// What others need to know of the deployment: one file for each cluster. Its keys are those of contracts/deployments
// where they mean the same.
import { existsSync } from 'node:fs';

import { base58, hex } from './bytes.mjs';
import { writeWhole } from './files.mjs';
import { POOL_TERMS, VAULT_TERMS, readJson } from './plan.mjs';
import { misused, quoted } from './refused.mjs';

const texts = (names, terms) => Object.fromEntries(names.map((name) => [name, String(terms[name])]));
const bounds = (names, { least, most }) => ({ least: texts(names, least), most: texts(names, most) });

export function render({ plan, site, build, config, program, fromSlot }) {
  const { addresses, genesisHash, network } = site;
  return {
    cluster: plan.cluster,
    genesis_hash: base58(genesisHash),
    name: plan.name,
    network_id: hex(network),
    program: base58(addresses.program),
    program_data: base58(addresses.programData),
    config: base58(addresses.config),
    mint: base58(config.mint),
    token_program: base58(config.token_program),
    token_decimals: Number(config.decimals),
    stake_tokens: base58(config.stake_tokens),
    reward_tokens: base58(config.reward_tokens),
    from_slot: fromSlot,
    bytecode_sha256: build.hash,
    bytecode_bytes: build.bytecode.length,
    base_chain_id: String(plan.base?.chainId ?? 0n),
    base_vault: hex(plan.base?.vault ?? new Uint8Array(20)),
    deployed: {
      genesis: String(config.genesis),
      cycle_length: String(config.cycle_length),
      vault: bounds(VAULT_TERMS, config.vault_bounds),
      pool: bounds(POOL_TERMS, config.pool_bounds),
    },
    in_force: {
      governor: base58(config.governor),
      guardian: base58(config.guardian),
      upgrade_authority: program.authority ? base58(program.authority) : null,
      vault: texts(VAULT_TERMS, config.vault),
      pool: texts(POOL_TERMS, config.pool),
    },
  };
}

// A file that tells of another program, or another cluster, may be all that is known of it.
export function check(file, { program, genesisHash }) {
  if (!existsSync(file)) return;
  const found = readJson(file, 'a deployment');
  if (found?.program !== base58(program) || found.genesis_hash !== base58(genesisHash)) {
    throw misused(
      `${file} tells of program ${quoted(found?.program, 50)} on the cluster ${quoted(found?.genesis_hash, 50)}`,
      'name another file with --deployment, or move this one away if it is of a cluster that is gone',
    );
  }
}

// Since when the network can be there, by the file of an earlier run; `check` saw that it is of this one.
export function fromSlotOf(file) {
  const slot = existsSync(file) ? readJson(file, 'a deployment').from_slot : null;
  return Number.isSafeInteger(slot) ? slot : null;
}

// False if the file said so already.
export function write(file, content) {
  if (existsSync(file) && JSON.stringify(readJson(file, 'a deployment')) === JSON.stringify(content)) return false;
  writeWhole(file, `${JSON.stringify(content, null, 2)}\n`);
  return true;
}
