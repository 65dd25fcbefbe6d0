// What a person reads before anything is sent.
import { base58, hex } from './bytes.mjs';
import { nameOf } from './loader.mjs';

const SOL = 1_000_000_000n;

export function sol(lamports) {
  const rest = String(lamports % SOL)
    .padStart(9, '0')
    .replace(/0+$/, '');
  return `${lamports / SOL}${rest && `.${rest}`} SOL`;
}

// In whole tokens if it is some, else in atoms: what somebody meant by it is then plain to see.
function amount(atoms, decimals) {
  const whole = 10n ** decimals;
  return atoms % whole === 0n ? String(atoms / whole) : `${atoms} atoms`;
}

function vault(terms, decimals) {
  const {
    min_stake: stake,
    min_deposit: deposit,
    unstaking_period: period,
    slash_bps: bps,
    evidence_cycles: cycles,
  } = terms;
  const amounts = `min stake ${amount(stake, decimals)}, min deposit ${amount(deposit, decimals)}`;
  return `${amounts}, unstaking ${period} s, slash ${bps} bps, evidence ${cycles} cycles`;
}

function pool({ min_quorum: quorum, delay, max_per_cycle: most }, decimals) {
  return `min quorum ${amount(quorum, decimals)}, delay ${delay} s, at most ${amount(most, decimals)} a cycle`;
}

const freezable = (freezer) => (freezer ? `; ${base58(freezer)} can freeze accounts of it, the network's too` : '');

const mintable = (minter) =>
  minter ? `${base58(minter)} can make more of it, stake that and outvote everybody` : 'nobody can make more of it';

export function planned({ options, plan, site, build, state, cost }) {
  const { addresses, genesisHash } = site;
  const upgraders = nameOf(state.program ? state.program.authority : site.deployer);
  const rows = [
    ['network', plan ? `${plan.name}  ${hex(site.network)}` : 'none yet: the bytecode alone'],
    ['cluster', `${options.cluster}  ${base58(genesisHash)}`],
    ['program', `${base58(addresses.program)}  ${standing(state)}`],
    ['bytecode', `${build.bytecode.length} bytes, sha256 ${build.hash}`],
    [
      'upgrades',
      state.program && !state.program.authority
        ? 'nobody, ever'
        : `${upgraders}, who can take and lock everything until then`,
    ],
    ...(plan ? terms(plan, site) : []),
  ];
  if (cost) {
    rows.push(['cost', `${sol(cost.stays)} that stay in accounts, ${sol(cost.fees)} of fees`]);
    rows.push(['balance', `${sol(state.balance)}; ${sol(cost.needed)} have to be there meanwhile`]);
  }
  return rows.map(([name, words]) => `${name.padEnd(10)}${words}`).join('\n');
}

// What the network will be.
function terms(plan, { token }) {
  const decimals = plan.token_decimals;
  const base = plan.base
    ? `vault ${hex(plan.base.vault)}, chain ${plan.base.chainId}`
    : 'none, and never: that would be another network';
  return [
    ['mint', `${base58(plan.mint)}  ${decimals} decimals${freezable(token.freezer)}`],
    ['', mintable(token.minter)],
    ['governor', `${base58(plan.governor)}  a ${plan.governor_is}`],
    ['guardian', base58(plan.guardian)],
    ['cycle', `${plan.cycle_length} s since ${plan.genesis}`],
    ['base', base],
    ['vault', `at first  ${vault(plan.vault.parameters, decimals)}`],
    ['', `at least  ${vault(plan.vault.least, decimals)}`],
    ['', `at most   ${vault(plan.vault.most, decimals)}`],
    ['pool', `at first  ${pool(plan.pool.parameters, decimals)}`],
    ['', `at least  ${pool(plan.pool.least, decimals)}`],
    ['', `at most   ${pool(plan.pool.most, decimals)}`],
  ];
}

function standing({ program, config }) {
  if (config) return 'stands, and its network has begun';
  return program ? 'stands, and no network has begun with it' : 'new';
}
