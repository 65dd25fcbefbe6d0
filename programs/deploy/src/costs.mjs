// What it costs: what stays in accounts, what is paid to validators, and what has to be there meanwhile.
import { BUFFER_HEAD, PROGRAM_BYTES, PROGRAM_DATA_HEAD } from './loader.mjs';
import { Refused } from './refused.mjs';
import { sol } from './report.mjs';
import { rent } from './site.mjs';

// For each signature.
const BASE_FEE = 5_000n;
const TOKEN_ACCOUNT_BYTES = 165;
const MICRO = 1_000_000n;

// `steps` are transactions that are to be sent: how many, with how many signatures, for how many compute units.
export function fees(steps, price) {
  const each = ({ signatures, units }) => BASE_FEE * BigInt(signatures) + (price * BigInt(units) + MICRO - 1n) / MICRO;
  return steps.reduce((sum, step) => sum + BigInt(step.count) * each(step), 0n);
}

export async function estimate(rpc, { build, state, begins, written, steps, price }) {
  const length = build.bytecode.length;
  const sizes = [
    length + PROGRAM_DATA_HEAD,
    PROGRAM_BYTES,
    build.idl.size('Config'),
    TOKEN_ACCOUNT_BYTES,
    length + BUFFER_HEAD,
    0,
  ];
  const rents = [];
  for (const size of sizes) rents.push(await rent(rpc, size));
  const [data, program, config, tokens, buffer, wallet] = rents;
  const ofProgram = state.program ? 0n : data + program;
  const ofNetwork = state.config || !begins ? 0n : config + 2n * tokens;
  const sent = fees(steps, price);
  // What the buffer holds comes back when the program is made of it, and is paid for the program's data.
  const advance = state.program || !written ? 0n : buffer;
  const needed = ofProgram + ofNetwork + sent + wallet - advance;
  return { stays: ofProgram + ofNetwork, fees: sent, needed, buffer, program };
}

export function check(cost, balance) {
  if (balance >= cost.needed) return;
  throw new Refused(
    `the deployer has ${sol(balance)}, and ${sol(cost.needed)} are needed`,
    `send it ${sol(cost.needed - balance)} more`,
  );
}
