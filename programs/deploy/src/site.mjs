// The chain as it is: which cluster, and what stands of the network that is to be deployed. Everything is read at one
// commitment and, but for the bytecode, in one slot.
import { address, base58, equal, number, text } from './bytes.mjs';
import { WELL_KNOWN, derived } from './keys.mjs';
import * as loader from './loader.mjs';
import { OUTSIDE, Refused, misused } from './refused.mjs';

// Clusters that everybody means by these names.
const GENESIS_HASHES = {
  'mainnet-beta': '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d',
  testnet: '4uhcVJyU9pJkvQyUS88uRDiswHXSCkY3zQawwpjk2NsNY',
  devnet: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
};
const CLOCK_BYTES = 40;

// Lamports for each byte, and the bytes that every account has besides its own.
const RENT_MOST = 6_960;
const RENT_HEAD = 128;

// What a cluster has to have switched on: SBPF v3, which the bytecode is, and SIMD-0312, without which nobody can
// begin a network once somebody sent lamports to where its accounts will be. Local networks have what their
// validator has.
const FEATURES = [
  address('5cC3foj77CWun58pC51ebHFUWavHWKarWyR5UUik7dnC'),
  address('6sPDzwyARRExKH52LECxcGoqziH8G7SZofwuxi8Ja331'),
];
const FEATURE_OWNER = address('Feature111111111111111111111111111111111111');

// The cluster that answers is the one that is meant.
export async function checkCluster(rpc, cluster) {
  const found = await rpc.call('getGenesisHash');
  const bytes = address(found);
  if (bytes === null) throw unusable('names no genesis hash');
  const [known] = Object.entries(GENESIS_HASHES).find(([, hash]) => hash === found) ?? [];
  const fits = cluster === 'localnet' ? known === undefined : known === cluster;
  if (!fits) {
    throw misused(
      `the endpoint is of ${known ?? 'another cluster'} (genesis hash ${found}), and --cluster says ${cluster}`,
      'give an endpoint of the cluster you mean in --url',
    );
  }
  return bytes;
}

// The addresses of everything that belongs to a program.
export function addressesOf(program) {
  return {
    program,
    programData: loader.programDataOf(program),
    config: derived(program, text('config')),
    stakeTokens: derived(program, text('stake')),
    rewardTokens: derived(program, text('rewards')),
    eventAuthority: derived(program, text('__event_authority')),
  };
}

// The cluster can run the program.
export async function checkFeatures(rpc, cluster, warn) {
  if (cluster === 'localnet') return;
  const isOn = (it) => it !== null && equal(it.owner, FEATURE_OWNER) && it.bytes[0] === 1;
  const [runs, allocates] = (await accounts(rpc, FEATURES)).found.map(isOn);
  if (!runs) {
    const name = base58(FEATURES[0]);
    throw new Refused('the cluster does not run SBPF v3 yet', `wait until the feature ${name} is active there`);
  }
  if (!allocates) {
    warn(
      'whoever sends lamports to where the accounts of the network will be can keep it from beginning',
      `wait until the feature ${base58(FEATURES[1])} is active on the cluster`,
    );
  }
}

// Accounts of one slot; none where nothing is.
export async function accounts(rpc, addresses, commitment = 'confirmed') {
  const options = { encoding: 'base64', commitment };
  const answer = await rpc.call('getMultipleAccounts', [addresses.map(base58), options]);
  if (!Array.isArray(answer?.value) || answer.value.length !== addresses.length) throw unusable('leaves accounts out');
  return { slot: answer.context?.slot, found: answer.value.map(account) };
}

function account(value) {
  if (value === null) return null;
  const owner = address(value?.owner);
  const [data, encoding] = Array.isArray(value?.data) ? value.data : [];
  if (owner === null || typeof data !== 'string' || encoding !== 'base64' || !Number.isSafeInteger(value.lamports)) {
    throw unusable('describes an account that is none');
  }
  return { owner, lamports: BigInt(value.lamports), bytes: Uint8Array.from(Buffer.from(data, 'base64')) };
}

// Without a mint there is none to look at.
export async function look(rpc, addresses, { mint, deployer }) {
  const { program, programData, config } = addresses;
  const wanted = [program, programData, config, deployer, WELL_KNOWN.clock, ...(mint ? [mint] : [])];
  const { found } = await accounts(rpc, wanted);
  const [itself, data, held, purse, clock, token = null] = found;
  if (clock?.bytes.length !== CLOCK_BYTES) throw unusable('has no clock');
  const deployed = itself && loader.isProgram(itself, program) ? data && loader.programData(data) : null;
  if (itself && !deployed && !isEmpty(itself)) {
    throw new Refused(
      `something else than a program stands at ${base58(program)}`,
      'a program that was closed never comes back: make another key, and build for it',
    );
  }
  if (!deployed) checkVacant(addresses, { itself, data, deployer });
  return {
    now: number(clock.bytes.subarray(32, 40)),
    program: deployed,
    config: held && !isEmpty(held) ? held : null,
    mint: token,
    balance: purse?.lamports ?? 0n,
  };
}

// The loader makes both accounts of a program anew, and that fails where lamports are. Nobody can take them away again
// from the address of the program's data.
function checkVacant({ program, programData }, { itself, data, deployer }) {
  const kept = '`solana program close --buffers` gives back what was uploaded';
  if (data) {
    throw new Refused(
      `somebody sent lamports to ${base58(programData)}, so no program can be deployed at ${base58(program)} any more`,
      `make another key, show its address to nobody before the program stands, and build for it; ${kept}`,
    );
  }
  if (itself) {
    throw new Refused(
      `somebody sent lamports to ${base58(program)}, and no program can be deployed there while they are there`,
      `take them: solana transfer --from PROGRAM --keypair DEPLOYER ${base58(deployer)} ALL, with the files of both ` +
        'keys; then run the same again',
    );
  }
}

// Anybody can send lamports to any address.
const isEmpty = ({ bytes }) => bytes.length === 0;

// It is one endpoint's word, and what is too much of it nobody gets back.
export async function rent(rpc, bytes) {
  const lamports = await rpc.call('getMinimumBalanceForRentExemption', [bytes]);
  if (!Number.isSafeInteger(lamports) || lamports < 0) throw unusable('names no rent');
  if (lamports > RENT_MOST * (bytes + RENT_HEAD)) {
    throw unusable(`asks for a rent of ${lamports} lamports for ${bytes} bytes, which is more than it costs anywhere`);
  }
  return BigInt(lamports);
}

function unusable(what) {
  return new Refused(`the endpoint ${what}`, 'try another endpoint of the cluster', OUTSIDE);
}
