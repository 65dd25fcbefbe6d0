// The plan as the program takes it, and what its config has to say once it did.
import { base58, equal, hex } from './bytes.mjs';
import { domainOf, networkId } from './network.mjs';
import { Refused } from './refused.mjs';

const VERSION = 1n;
const NOBODY = new Uint8Array(32);

export function networkOf(plan, { program, genesisHash }) {
  const { chainId: baseChainId, vault: baseVault } = plan.base ?? { chainId: 0n, vault: new Uint8Array(20) };
  return networkId({ name: plan.name, baseChainId, baseVault, genesisHash, program });
}

// The argument of `initialize`.
export function argument(plan, genesisHash) {
  const bounds = ({ least, most }) => ({ least, most });
  return {
    name: plan.name,
    base_chain_id: plan.base?.chainId ?? 0n,
    base_vault: plan.base?.vault ?? new Uint8Array(20),
    solana_genesis_hash: genesisHash,
    genesis: plan.genesis,
    cycle_length: plan.cycle_length,
    governor: plan.governor,
    guardian: plan.guardian,
    vault: plan.vault.parameters,
    vault_bounds: bounds(plan.vault),
    pool: plan.pool.parameters,
    pool_bounds: bounds(plan.pool),
  };
}

// Every field that the plan decides.
function wanted(plan, { addresses, network, tokenProgram }) {
  return {
    version: VERSION,
    network,
    domain: domainOf(network),
    genesis: plan.genesis,
    cycle_length: plan.cycle_length,
    mint: plan.mint,
    token_program: tokenProgram,
    stake_tokens: addresses.stakeTokens,
    reward_tokens: addresses.rewardTokens,
    decimals: plan.token_decimals,
    governor: plan.governor,
    guardian: plan.guardian,
    offered: NOBODY,
    vault: plan.vault.parameters,
    vault_bounds: { least: plan.vault.least, most: plan.vault.most },
    pool: plan.pool.parameters,
    pool_bounds: { least: plan.pool.least, most: plan.pool.most },
  };
}

function* differences(found, expected, path = '') {
  for (const [key, value] of Object.entries(expected)) {
    const here = found[key];
    if (value instanceof Uint8Array) {
      if (!equal(here, value)) yield [`${path}${key}`, shown(key, here), shown(key, value)];
    } else if (typeof value === 'object') {
      yield* differences(here, value, `${path}${key}.`);
    } else if (here !== value) {
      yield [`${path}${key}`, here, value];
    }
  }
}

// What is zero while nobody has done anything.
const UNTOUCHED = ['paused', 'vetoes', 'operators', 'deposited', 'funded', 'has_active', 'has_pending'];

// A network that has just begun holds nothing: what is there already was not put there by its verbs.
export function checkFresh(found) {
  const counts = UNTOUCHED.map((key) => [key, found[key]]);
  const changes = ['vault_proposal', 'pool_proposal'].map((key) => [`${key}.effective`, found[key].effective]);
  const wrong = [...counts, ...changes].filter(([, value]) => value !== 0n);
  if (wrong.length === 0) return;
  throw new Refused(
    `the network has just begun, and is not empty: ${wrong.map(([key, value]) => `\`${key}\` is ${value}`).join('; ')}`,
    'look at its transactions before anything else: if others were as quick as that, run the same again',
  );
}

const shown = (key, bytes) => (['network', 'domain'].includes(key) ? hex(bytes) : base58(bytes));

// The config is that of the plan, field by field.
export function compare(found, plan, site) {
  const all = [...differences(found, wanted(plan, site))];
  if (all.length === 0) return;
  const lines = all.map(([key, here, there]) => `\`${key}\` is ${here} on the chain, and ${there} by the plan`);
  throw new Refused(
    `the network stands and is not the one of the plan: ${lines.join('; ')}`,
    'name the plan that it was made of. What governance changed since stands in the plan as it is now; ' +
      'anything else is another network, with another program',
  );
}
