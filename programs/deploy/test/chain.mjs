// A chain of our own, and tokens on it.
import { execFileSync, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { address, base58, concat, little } from '../src/bytes.mjs';
import { makeBuffer } from '../src/deploy.mjs';
import { WELL_KNOWN, newKey } from '../src/keys.mjs';
import { BUFFER_HEAD, createAccount, programDataOf } from '../src/loader.mjs';
import { Rpc, pause } from '../src/rpc.mjs';
import { land, readable, recentBlockhash, signed, signing, writable } from '../src/transaction.mjs';
import { fill } from '../src/upload.mjs';

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

  async send(keys, instructions, commitment = 'confirmed') {
    const { bytes, last } = await recentBlockhash(this.rpc, address);
    const transaction = signed(keys, instructions, bytes);
    if (!(await land(this.rpc, transaction, last, { commitment }))) throw new Error('it was in no block');
  }

  // Puts a program there in the chain's own way, which is quick; the slot in which it was.
  async deploy(program, so, authority) {
    const key = [...program.seed, ...program.address];
    return this.rpc.call('localnet_deploy', [{ program: key, so, authority: base58(authority) }]);
  }

  // Replaces the bytecode of a program, as its authority, for good.
  async upgrade(program, bytecode, authority) {
    const [key, { length }] = [newKey(), bytecode];
    const lamports = BigInt(await this.rpc.call('getMinimumBalanceForRentExemption', [BUFFER_HEAD + length]));
    const task = { deployer: authority, key, price: 0n };
    await makeBuffer(this.rpc, { ...task, length, lamports, isDone: () => false });
    await fill(this.rpc, { ...task, bytecode: Uint8Array.from(bytecode), say: () => {} });
    const accounts = [
      ...[programDataOf(program), program, key.address, authority.address].map(writable),
      ...[WELL_KNOWN.rent, WELL_KNOWN.clock].map(readable),
      signing(readable(authority.address)),
    ];
    await this.send([authority], [{ program: WELL_KNOWN.loader, accounts, data: little(3, 4) }], 'finalized');
  }

  // Gives a program more room, as anybody can; for good.
  async extend(program, payer) {
    const places = [programDataOf(program), program].map(writable);
    const accounts = [...places, readable(WELL_KNOWN.system), signing(writable(payer.address))];
    const data = concat(little(6, 4), little(10_240, 4));
    await this.send([payer], [{ program: WELL_KNOWN.loader, accounts, data }], 'finalized');
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
