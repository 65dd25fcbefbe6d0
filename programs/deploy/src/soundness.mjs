// What makes a plan one that nobody should stake in, though the program would take it, and what the program would
// refuse only after everything was paid for. Bounds are held to it, not only what is in force at first: a governor
// may go wherever the bounds allow. The numbers are those of contracts/script/Soundness.sol.
import { equal } from './bytes.mjs';
import { hasKey } from './keys.mjs';
import { POOL_TERMS, VAULT_TERMS } from './plan.mjs';
import { misused } from './refused.mjs';

const MINUTE = 60n;
const HOUR = 60n * MINUTE;
const DAY = 24n * HOUR;
const WHOLE_BPS = 10_000n;
// How many cycles stake stays slashable beyond the life of evidence, at the least.
const EVIDENCE_MARGIN = 2n;

export const DEMANDS = {
  localnet: {
    leastCycle: 2n,
    mostCycle: 365n * DAY,
    leastUnstaking: 0n,
    mostUnstaking: (1n << 64n) - 1n,
    leastEvidence: 0n,
    leastDelay: 0n,
    leastSlashBps: 0n,
    quorumStakes: 1n,
  },
  devnet: {
    leastCycle: 5n * MINUTE,
    mostCycle: 30n * DAY,
    leastUnstaking: HOUR,
    mostUnstaking: 365n * DAY,
    leastEvidence: 30n * MINUTE,
    leastDelay: 0n,
    leastSlashBps: 1n,
    quorumStakes: 1n,
  },
  'mainnet-beta': {
    leastCycle: HOUR,
    mostCycle: 30n * DAY,
    leastUnstaking: 7n * DAY,
    mostUnstaking: 90n * DAY,
    leastEvidence: 3n * DAY,
    leastDelay: HOUR,
    leastSlashBps: 1n,
    quorumStakes: 10n,
  },
};

function demand(holds, key, why) {
  if (!holds) throw misused(`\`${key}\` of the plan is unsound: ${why}`, 'correct it in the plan; nothing was sent');
}

// `now` is the time of the chain.
export function check(plan, now) {
  const demands = DEMANDS[plan.cluster];
  checkRoles(plan);
  checkClock(plan, now, demands);
  checkVault(plan, demands);
  checkPool(plan, demands);
}

function checkRoles({ governor, governor_is: kind, guardian }) {
  const isZero = (account) => account.every((byte) => byte === 0);
  demand(!isZero(governor), '.governor', 'it is zero: nobody could resume deposits or change a parameter');
  demand(!isZero(guardian), '.guardian', 'it is zero: nobody could strike out a wrong root');
  demand(!equal(guardian, governor), '.guardian', 'it is the governor: one stolen key would have both roles');
  if (kind === 'key')
    demand(hasKey(governor), '.governor', 'nobody can have its key, and governor_is says it is a key');
  else demand(!hasKey(governor), '.governor', 'somebody can have its key, and governor_is says it is a vault');
}

function checkClock({ genesis, cycle_length: cycle }, now, demands) {
  demand(genesis <= now, '.genesis', 'it lies in the future: deploy after it');
  demand(cycle >= demands.leastCycle, '.cycle_length', 'it is too short for this cluster');
  demand(cycle <= demands.mostCycle, '.cycle_length', 'it is too long for this cluster');
}

function checkVault({ vault: { parameters: first, least, most }, cycle_length: cycle }, demands) {
  demand(most.slash_bps <= WHOLE_BPS, '.vault.most.slash_bps', 'it is more than the whole');
  demand(
    least.unstaking_period >= demands.leastUnstaking,
    '.vault.least.unstaking_period',
    'it is too short for this cluster',
  );
  demand(
    most.unstaking_period <= demands.mostUnstaking,
    '.vault.most.unstaking_period',
    'a governor could keep stake from leaving for longer than this cluster allows',
  );
  demand(
    least.evidence_cycles * cycle >= demands.leastEvidence,
    '.vault.least.evidence_cycles',
    'evidence could live too short to be brought',
  );
  demand(least.slash_bps >= demands.leastSlashBps, '.vault.least.slash_bps', 'a slash could take nothing');
  for (const key of VAULT_TERMS) inside(`.vault.parameters.${key}`, first[key], least[key], most[key]);
  demand(first.min_stake > 0n, '.vault.parameters.min_stake', 'it is zero');
  demand(
    first.unstaking_period >= (first.evidence_cycles + EVIDENCE_MARGIN) * cycle,
    '.vault.parameters.unstaking_period',
    `it is shorter than evidence lives, and ${EVIDENCE_MARGIN} cycles more`,
  );
}

function checkPool({ pool: { parameters: first, least, most }, vault, cycle_length: cycle }, demands) {
  demand(
    least.min_quorum >= demands.quorumStakes * vault.parameters.min_stake,
    '.pool.least.min_quorum',
    'fewer of the smallest stakes could decide than this cluster demands',
  );
  demand(least.delay >= demands.leastDelay, '.pool.least.delay', 'the guardian could have too little time for a veto');
  for (const key of POOL_TERMS) inside(`.pool.parameters.${key}`, first[key], least[key], most[key]);
  demand(first.delay <= cycle / 2n, '.pool.parameters.delay', 'it is longer than half a cycle');
}

function inside(key, value, least, most) {
  demand(least <= value && value <= most, key, 'it is outside of least and most');
}
