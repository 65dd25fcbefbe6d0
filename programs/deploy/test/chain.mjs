// A chain of our own, and tokens on it.
import { execFileSync, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { address, base58, concat, little } from '../src/bytes.mjs';
import { WELL_KNOWN, newKey } from '../src/keys.mjs';
import { createAccount } from '../src/loader.mjs';
import { Rpc, pause } from '../src/rpc.mjs';
import { land, recentBlockhash, signed, writable } from '../src/transaction.mjs';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');

export class Chain {
  static async start() {
    const binary = process.env.WILLIW_LOCALNET ?? execFileSync(`${ROOT}/scripts/build-localnet`).toString().trim();
    const running = spawn(binary, ['--slot-ms', '50'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [line] = await new Promise((done, failed) => {
      createInterface({ input: running.stdout }).once('line', (...found) => done(found));
      running.once('exit', (code) => failed(new Error(`the local chain ended with ${code}`)));
    });
    const { rpc } = JSON.parse(line);
    return new Chain(running, rpc);
  }

  constructor(running, url) {
    Object.assign(this, { running, url, rpc: new Rpc(url) });
  }

  async stop() {
    const ended = new Promise((done) => this.running.once('exit', done));
    this.running.stdin.end();
    await ended;
  }

  async wallet(lamports) {
    const key = newKey();
    if (lamports) await this.airdrop(key.address, lamports);
    return key;
  }

  async airdrop(to, lamports) {
    await this.rpc.call('requestAirdrop', [base58(to), lamports]);
    await until(async () => (await this.balance(to)) >= lamports);
  }

  async balance(of) {
    return (await this.rpc.call('getBalance', [base58(of), { commitment: 'confirmed' }])).value;
  }

  async send(keys, instructions) {
    const { bytes, last } = await recentBlockhash(this.rpc, address);
    if (!(await land(this.rpc, signed(keys, instructions, bytes), last))) throw new Error('it was in no block');
  }

  // A mint of `payer`'s; `extension` is what is told to a mint of Token-2022 before it is one, and how large that is.
  async mint(payer, { decimals = 9, program = WELL_KNOWN.token, extension = null, freezer = null } = {}) {
    const mint = newKey();
    const space = extension ? 166 + extension.bytes : 82;
    const rent = await this.rpc.call('getMinimumBalanceForRentExemption', [space]);
    const tell = (data) => ({ program, accounts: [writable(mint.address)], data });
    const freezing = freezer ? concat(Uint8Array.of(1), freezer) : Uint8Array.of(0);
    await this.send(
      [payer, mint],
      [
        createAccount(payer.address, mint.address, rent, space, program),
        ...(extension ? [tell(extension.data)] : []),
        // InitializeMint2.
        tell(concat(Uint8Array.of(20, decimals), payer.address, freezing)),
      ],
    );
    return mint.address;
  }
}

// One per cent of every transfer, and nobody may change it.
export const TRANSFER_FEE = {
  bytes: 4 + 108,
  data: concat(Uint8Array.of(26, 0, 0, 0), little(100, 2), little(1_000_000, 8)),
};

export async function until(holds, deadline = Date.now() + 60_000) {
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it never came so far');
    await pause(20);
  }
}
