// The transactions that make a network, each of which the chain takes once only: whoever is interrupted runs the
// same again.
import { address, base58 } from './bytes.mjs';
import * as config from './config.mjs';
import { WELL_KNOWN } from './keys.mjs';
import * as loader from './loader.mjs';
import { OUTSIDE, Refused } from './refused.mjs';
import { pause } from './rpc.mjs';
import { accounts } from './site.mjs';
import {
  budget,
  explained,
  land,
  patience,
  readable,
  recentBlockhash,
  signed,
  signing,
  writable,
} from './transaction.mjs';

// So often a transaction may pass its time without having been in a block.
const ATTEMPTS = 5;
const POLL_MS = 400;
const BUFFER_UNITS = 5_000;
const DEPLOY_UNITS = 20_000;
// Three accounts at derived addresses: each bump that is passed over costs 1,500.
const INITIALIZE_UNITS = 150_000;
export const UNITS = { buffer: BUFFER_UNITS, deploy: DEPLOY_UNITS, initialize: INITIALIZE_UNITS };

// `keys` sign, the first of them pays. `isDone` looks whether an earlier attempt came through after all.
export async function send(rpc, { keys, instructions, units, price, isDone, say, commitment }) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (attempt) say('the transaction was in no block before it expired; sending it anew');
    const { bytes, last } = await recentBlockhash(rpc, address);
    const transaction = signed(keys, [...budget(price, units), ...instructions], bytes);
    try {
      if (await land(rpc, transaction, last, { commitment })) return;
    } catch (fault) {
      if (await isDone()) return;
      throw explained(fault);
    }
    if (await isDone()) return;
  }
  throw new Refused(
    `the transaction was in no block ${ATTEMPTS} times`,
    'the cluster may be busy: pay for the way with --priority, or run the same again later',
    OUTSIDE,
  );
}

export async function makeBuffer(rpc, { deployer, key, length, lamports, price, isDone, say }) {
  const space = loader.BUFFER_HEAD + length;
  const instructions = [
    loader.createAccount(deployer.address, key.address, lamports, space, WELL_KNOWN.loader),
    loader.initializeBuffer(key.address, deployer.address),
  ];
  await send(rpc, { keys: [deployer, key], instructions, units: BUFFER_UNITS, price, isDone, say });
}

export async function makeProgram(rpc, { deployer, program, buffer, length, lamports, price, isDone, say }) {
  const { address: itself } = program;
  const instructions = [
    loader.createAccount(deployer.address, itself, lamports, loader.PROGRAM_BYTES, WELL_KNOWN.loader),
    loader.deploy(deployer.address, itself, buffer, deployer.address, length),
  ];
  await send(rpc, { keys: [deployer, program], instructions, units: DEPLOY_UNITS, price, isDone, say });
}

// A program can be called from the slot after the one in which it was deployed.
export async function awaitSlotAfter(rpc, slot) {
  for (const wait = patience(); (await rpc.call('getSlot', [{ commitment: 'confirmed' }])) <= slot; wait()) {
    await pause(POLL_MS);
  }
}

export async function beginNetwork(rpc, { deployer, plan, build, site, price, isDone, say }) {
  const { addresses, token, genesisHash } = site;
  const named = [
    signing(writable(deployer.address)),
    signing(readable(deployer.address)),
    writable(addresses.config),
    readable(plan.mint),
    writable(addresses.stakeTokens),
    writable(addresses.rewardTokens),
    readable(addresses.programData),
    readable(token.program),
    readable(WELL_KNOWN.system),
    readable(addresses.eventAuthority),
    readable(addresses.program),
  ];
  const data = build.idl.instruction('initialize', { plan: config.argument(plan, genesisHash) });
  const instructions = [{ program: addresses.program, accounts: named, data }];
  await send(rpc, { keys: [deployer], instructions, units: INITIALIZE_UNITS, price, isDone, say });
}

// Waits until the chain can no longer take back that these accounts are as they are.
export async function awaitFinal(rpc, wanted, isSo, say) {
  const wait = patience();
  for (let polls = 0; ; polls += 1) {
    const { found } = await accounts(rpc, wanted, 'finalized');
    if (isSo(found)) return found;
    if (polls === 5) say(`waiting until ${base58(wanted[0])} is final`);
    await pause(POLL_MS);
    wait();
  }
}
