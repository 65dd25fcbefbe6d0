// The whole way on a chain of its own, and everything that has to stop it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { address, base58, concat, hex, little, text } from '../src/bytes.mjs';
import { Idl } from '../src/idl.mjs';
import { WELL_KNOWN, derived, newKey, readKey } from '../src/keys.mjs';
import { programDataOf } from '../src/loader.mjs';
import { networkId } from '../src/network.mjs';
import { TRIES } from '../src/rpc.mjs';
import { signing, writable } from '../src/transaction.mjs';
import { piecesOf } from '../src/upload.mjs';
import { Chain, ROOT, TRANSFER_FEE, until } from './chain.mjs';
import { Proxy } from './proxy.mjs';
import { Scene } from './scene.mjs';

const SOL = 1_000_000_000;
const IDL = JSON.parse(readFileSync(join(ROOT, 'programs/idl/williw.json'), 'utf8'));
const PROGRAM = IDL.address;
const BYTECODE = readFileSync(join(ROOT, 'programs/bytecode/williw.so'));
const KEY = readKey(join(ROOT, 'programs/localnet-keypair.json'), 'key', () => {});
const INITIALIZE = Buffer.from(IDL.instructions.find(({ name }) => name === 'initialize').discriminator);
const MAINNET = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d';
const DEVNET = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG';
const FEATURES = ['5cC3foj77CWun58pC51ebHFUWavHWKarWyR5UUik7dnC', '6sPDzwyARRExKH52LECxcGoqziH8G7SZofwuxi8Ja331'];
const FEATURE_OWNER = 'Feature111111111111111111111111111111111111';

// An address that a program signs for, as that of a multisig's vault.
const VAULT = base58(derived(WELL_KNOWN.loader, text('vault')));

function refused({ code, stderr }, wanted, words) {
  assert.equal(code, wanted, stderr);
  assert.match(stderr, words);
  assert.match(stderr, /^hint: ./m);
  assert.doesNotMatch(stderr, /s3cr3t-key/);
}

// Runs it at a terminal, and presses a key when it asks.
async function atKeyboard(flags, question, pressed) {
  const program = `
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[1], sys.argv[1:])
said, is_pressed = b"", False
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        break
    if not part:
        break
    said += part
    # What moves the cursor may come with the question or after it.
    if b"${question}" in said and not is_pressed:
        os.write(terminal, b"${pressed}")
        is_pressed = True
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
`;
  const running = spawn('python3', ['-c', program, join(ROOT, 'scripts/deploy-program'), ...flags]);
  let said = '';
  running.stdout.on('data', (part) => (said += part));
  running.stderr.on('data', (part) => (said += part));
  const code = await new Promise((done) => running.once('close', done));
  return { code, said };
}

describe('a network', () => {
  let chain, proxy, scene;
  before(async () => {
    chain = await Chain.start();
    proxy = await Proxy.start(chain.url);
    const deployer = await chain.wallet(20 * SOL);
    scene = new Scene({ url: proxy.url, deployer, mint: await chain.mint(deployer) });
  });
  after(async () => {
    await proxy.stop();
    await chain.stop();
    scene.remove();
  });

  afterEach(() => proxy.honest());

  const sendsNothing = async (overrides) => {
    proxy.counts = {};
    const run = await scene.run(overrides);
    assert.equal(proxy.sent, 0, run.stderr);
    assert.ok(!existsSync(scene.file));
    return run;
  };

  test('is planned without sending anything', async () => {
    const run = await sendsNothing({ 'dry-run': true });
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, new RegExp(`^program +${PROGRAM} +new$`, 'm'));
    assert.match(run.stdout, /^cost +6\.2\d* SOL that stay in accounts/m);
    assert.deepEqual(readdirSync(scene.folder).sort(), ['deployer.json', 'plan.json']);
  });

  test('is not deployed unasked', async () => {
    refused(await sendsNothing({ yes: undefined, plan: scene.plan() }), 2, /nobody is there to be asked/);
  });

  test('is refused on another cluster', async () => {
    const plan = (cluster) => scene.plan(() => {}, cluster);
    const devnet = { cluster: 'devnet', plan: plan('devnet') };
    refused(await sendsNothing(devnet), 2, /the endpoint is of another cluster .* --cluster says devnet/);
    refused(await sendsNothing({ plan: plan('devnet') }), 2, /the plan is for devnet/);
    proxy.lies = { getGenesisHash: { result: MAINNET } };
    refused(await sendsNothing({}), 2, /the endpoint is of mainnet-beta .* --cluster says localnet/);
  });

  test('waits for a cluster that can run it', async () => {
    const devnet = { cluster: 'devnet', plan: scene.plan(() => {}, 'devnet'), 'dry-run': true };
    // Whatever the chain itself has switched on, it shows these and no other.
    const showing =
      (...names) =>
      (answer, [asked]) => {
        const feature = { owner: FEATURE_OWNER, data: [Buffer.alloc(9, 1).toString('base64'), 'base64'], lamports: 1 };
        const shown = (found, at) =>
          FEATURES.includes(asked[at]) ? (names.includes(asked[at]) ? feature : null) : found;
        return { ...answer, result: { ...answer.result, value: answer.result.value.map(shown) } };
      };
    proxy.lies = { getGenesisHash: { result: DEVNET } };
    proxy.edits = { getMultipleAccounts: showing() };
    refused(await sendsNothing(devnet), 1, /the cluster does not run SBPF v3 yet/);
    proxy.edits = { getMultipleAccounts: showing(FEATURES[0]) };
    const warned = await sendsNothing(devnet);
    assert.equal(warned.code, 0, warned.stderr);
    assert.match(warned.stderr, new RegExp(`^warning: whoever sends lamports .*\nhint: .*${FEATURES[1]}`, 'm'));
    proxy.edits = { getMultipleAccounts: showing(...FEATURES) };
    assert.doesNotMatch((await sendsNothing(devnet)).stderr, /whoever sends lamports/);
  });

  test('is refused with a plan that is unsound', async () => {
    const wrong = [
      ['.guardian', (plan) => (plan.guardian = plan.governor), /one stolen key/],
      ['.governor', (plan) => (plan.governor = VAULT), /nobody can have its key/],
      ['.genesis', (plan) => (plan.genesis = '9999999999'), /lies in the future/],
      ['.pool.parameters.delay', (plan) => (plan.pool.parameters.delay = '31'), /outside of least and most/],
      [
        '.vault.parameters.unstaking_period',
        (plan) => (plan.vault.parameters.unstaking_period = '839'),
        /than evidence/,
      ],
      ['.pool.least.min_quorum', (plan) => (plan.pool.least.min_quorum = '999999999999'), /fewer of the smallest/],
    ];
    for (const [key, change, why] of wrong) {
      const run = await sendsNothing({ plan: scene.plan(change) });
      refused(run, 2, why);
      assert.ok(run.stderr.includes(`\`${key}\` of the plan`), run.stderr);
    }
  });

  test('is refused with a mint that is unsound', async () => {
    const { deployer } = scene;
    const mint = await chain.mint(deployer, { program: WELL_KNOWN.token2022, extension: TRANSFER_FEE });
    const named = (bytes, change = () => {}) => ({
      plan: scene.plan((plan) => {
        plan.mint = base58(bytes);
        change(plan);
      }),
    });
    refused(await sendsNothing(named(mint)), 1, /the mint is unsound: it has a fee on transfers/);
    refused(await sendsNothing(named(newKey().address)), 2, /there is no account at/);
    refused(await sendsNothing(named(deployer.address)), 2, /is no mint/);
    const coarse = await chain.mint(deployer, { decimals: 6 });
    refused(await sendsNothing(named(coarse)), 2, /the mint has 6 decimals, and the plan says 9/);
  });

  test('is not deployed for a rent that nobody else asks', async () => {
    proxy.edits = {
      getMinimumBalanceForRentExemption: (answer, [size]) =>
        size === 36 ? { ...answer, result: answer.result + 1 } : answer,
    };
    refused(await sendsNothing({}), 3, /asks for a rent of 1141441 lamports for 36 bytes, which is more than/);
  });

  test('is interrupted where it asks', async () => {
    const keys = { '\\x03': 'Ctrl-C', '\\x04': 'Ctrl-D' };
    for (const [pressed, name] of Object.entries(keys)) {
      proxy.counts = {};
      const { code, said } = await atKeyboard(scene.flags({ yes: undefined }), 'to deploy it: ', pressed);
      assert.equal(code, 130, `${name}: ${said}`);
      assert.match(said, /^error: interrupted\r$/m, name);
      assert.equal(proxy.sent, 0, said);
    }
  });

  test('is refused to who cannot pay for it, and for a program that the bytecode is not', async () => {
    const poor = scene.key('poor', await chain.wallet(SOL));
    refused(await sendsNothing({ deployer: poor }), 1, /the deployer has 1 SOL, and 6\.2\d* SOL are needed/);
    const other = scene.key('other', newKey());
    refused(await sendsNothing({ program: other }), 2, new RegExp(`the bytecode is built for ${PROGRAM}`));
  });

  test('keeps its upgrade authority until it has begun', async () => {
    refused(await sendsNothing({ finalize: true }), 2, /the network has not begun/);
    refused(await sendsNothing({ 'hand-to': VAULT }), 2, /the network has not begun/);
  });

  test('says whose keys lie open', async () => {
    const open = scene.key('open', scene.deployer, 0o644);
    const run = await sendsNothing({ deployer: open, 'dry-run': true });
    assert.match(run.stderr, /^warning: others than you can read the deployer's key at .*open\.json$/m);
    const devnet = { cluster: 'devnet', plan: scene.plan(() => {}, 'devnet'), deployer: open };
    refused(await sendsNothing(devnet), 2, /^error: others than you can read the deployer's key at .*open\.json$/m);
  });

  test('shows no key that was given in place of a file', async () => {
    const bytes = [...scene.deployer.seed, ...scene.deployer.address];
    const secrets = [JSON.stringify(bytes), `[${bytes.join(', ')}]`.padEnd(300), base58(Uint8Array.from(bytes))];
    for (const secret of secrets) {
      for (const flag of ['deployer', 'program']) {
        const run = await sendsNothing({ [flag]: secret });
        const words = `^error: the ${flag}'s key, a file that --${flag} names, (is not there|cannot be read)`;
        refused(run, 2, new RegExp(words));
        assert.ok(!run.stderr.includes(secret.slice(0, 20)), flag);
      }
    }
  });

  test('is taken up where it broke off, and begins', async () => {
    const pieces = piecesOf(BYTECODE, 900).length;
    // The endpoint is gone in the middle of the writes.
    proxy.breaksAfter = 60;
    refused(await scene.run(), 3, /the endpoint does not answer/);
    const buffers = () => readdirSync(scene.folder).filter((name) => name.includes('buffer'));
    assert.equal(buffers().length, 1);
    assert.equal(statSync(join(scene.folder, buffers()[0])).mode & 0o777, 0o600);
    // Then the process is killed in the middle of the rest.
    proxy.honest();
    let process;
    const killed = scene.run({}, (_, running) => (process = running));
    await until(() => proxy.sent > 60);
    process.kill('SIGKILL');
    assert.equal((await killed).code, null);

    // Then everything goes through but the last step.
    proxy.honest();
    proxy.breaksAt = INITIALIZE;
    // What was agreed to is paid, whatever is said of it later, and a machine that is behind is not believed.
    let [asked, behind] = [0, 0];
    proxy.edits = {
      getMinimumBalanceForRentExemption: (answer, [size]) =>
        size === 36 && (asked += 1) > 1 ? { ...answer, result: 1 } : answer,
      getMultipleAccounts: (answer, [of, { minContextSlot }]) => {
        const [at, data] = [of.indexOf(PROGRAM), answer.result?.value[1]];
        if (at !== 0 || !data || behind === 3) return answer;
        behind += 1;
        const slot = Number(Buffer.from(data.data[0], 'base64').readBigUInt64LE(4)) - 1;
        if (minContextSlot > slot) {
          const message = 'Minimum context slot has not been reached';
          return { jsonrpc: '2.0', id: answer.id, error: { code: -32016, message, data: { contextSlot: slot } } };
        }
        const value = answer.result.value.map((found, place) => (place < 2 ? null : found));
        return { ...answer, result: { context: { slot }, value } };
      },
    };
    const late = await scene.run();
    assert.deepEqual([asked, behind], [1, 3], late.stderr);
    refused(late, 3, /the endpoint does not answer/);
    assert.match(late.stderr, /taking the buffer \w+ up/);
    const sent = proxy.sent - TRIES;
    assert.ok(sent > 600 && sent < pieces - 90, `${sent} of ${pieces} were sent`);
    assert.deepEqual(buffers(), [], 'the key is of no use any more');

    proxy.honest();
    const run = await scene.run({ json: true });
    assert.equal(run.code, 0, run.stderr);
    assert.equal(proxy.sent, 1, 'the program stands, and only its network is begun');
    const { done, deployment, file } = JSON.parse(run.stdout);
    assert.deepEqual([done, file], ['deployed', scene.file]);
    assert.deepEqual(deployment, JSON.parse(readFileSync(scene.file, 'utf8')));
    assert.equal(deployment.program, PROGRAM);
    assert.equal(deployment.in_force.upgrade_authority, base58(scene.deployer.address));
    assert.equal(deployment.in_force.governor, scene.governor);
  });

  test('stands, and a second run changes nothing', async () => {
    const before = readFileSync(scene.file, 'utf8');
    // Of a run that broke off after the program stood.
    const left = `${scene.file.replace(/\.json$/, '')}.${PROGRAM}.buffer.json`;
    writeFileSync(left, '[]');
    proxy.counts = {};
    const run = await scene.run();
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /the network stands as the plan says; nothing was sent/);
    assert.equal(proxy.sent, 0);
    assert.ok(!existsSync(left));
    assert.equal(readFileSync(scene.file, 'utf8'), before);
  });

  test('is not the one of another plan', async () => {
    const plan = scene.plan((it) => {
      it.vault.parameters.min_deposit = '20000000000';
      it.guardian = VAULT;
    });
    const run = await scene.run({ plan });
    refused(run, 1, /`guardian` is \w+ on the chain, and \w+ by the plan/);
    assert.match(run.stderr, /`vault\.min_deposit` is 10000000000 on the chain, and 20000000000 by the plan/);
  });

  test("is nobody's to upgrade in the end", async () => {
    const stranger = scene.key('stranger', await chain.wallet(SOL));
    refused(
      await scene.run({ finalize: true, deployer: stranger }),
      2,
      /the right to upgrade is \w+'s, not the deployer's/,
    );
    // It is broken off once nobody can upgrade it any more, and before that is final.
    await chain.rpc.call('localnet_hold', [{ commitment: 'finalized' }]);
    let process;
    const killed = scene.run({ finalize: true }, (_, running) => (process = running));
    const data = base58(derived(WELL_KNOWN.loader, address(PROGRAM)));
    const confirmed = { encoding: 'base64', commitment: 'confirmed' };
    await until(async () => {
      const { value } = await chain.rpc.call('getAccountInfo', [data, confirmed]);
      return Buffer.from(value.data[0], 'base64')[12] === 0;
    });
    process.kill('SIGKILL');
    await killed;
    const release = (said) => {
      if (said.includes('waiting until')) chain.rpc.call('localnet_release', [{ commitment: 'finalized' }]);
    };
    const run = await scene.run({ finalize: true }, release);
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, /waiting until \w+ is final/);
    assert.equal(JSON.parse(readFileSync(scene.file, 'utf8')).in_force.upgrade_authority, null);
    proxy.counts = {};
    const again = await scene.run({ finalize: true });
    assert.match(again.stderr, /nobody can upgrade the program any more; nothing was sent/);
    assert.equal(proxy.sent, 0);
    refused(await scene.run({ 'hand-to': VAULT }), 1, /nobody can upgrade this program any more/);
  });
});

describe('a network of both chains', () => {
  let chain, proxy, scene, plan;
  const theirs = { name: 'localnet', chain_id: '31337', vault: `0x${'ba'.repeat(20)}` };
  before(async () => {
    chain = await Chain.start();
    const deployer = await chain.wallet(20 * SOL);
    const freezer = deployer.address;
    proxy = await Proxy.start(chain.url);
    scene = new Scene({
      url: proxy.url,
      deployer,
      mint: await chain.mint(deployer, { program: WELL_KNOWN.token2022, freezer }),
    });
    const site = {
      solana_genesis_hash: hex(address(await chain.rpc.call('getGenesisHash'))),
      solana_program_id: hex(address(PROGRAM)),
    };
    const network = networkId({
      name: theirs.name,
      baseChainId: 31_337n,
      baseVault: new Uint8Array(20).fill(0xba),
      genesisHash: address(await chain.rpc.call('getGenesisHash')),
      program: address(PROGRAM),
    });
    const deployed = { genesis: '1700000000', cycle_length: '60' };
    plan = (changes = {}) => {
      const file = { ...theirs, ...site, network_id: hex(network), deployed, ...changes };
      writeFileSync(join(scene.folder, '31337.json'), JSON.stringify(file));
      return scene.plan((it) => (it.base = '31337.json'));
    };
  });
  after(async () => {
    await proxy.stop();
    await chain.stop();
    scene.remove();
  });
  afterEach(() => proxy.honest());

  // Before the vault on Base says to everybody which program there will be.
  const alone = { plan: undefined, 'bytecode-only': true };

  test('has its bytecode there before anything else is decided', async () => {
    for (const other of [{ plan: plan() }, { finalize: true }, { 'hand-to': VAULT }]) {
      const [flag] = Object.keys(other);
      const run = await scene.run({ ...alone, ...other });
      refused(run, 2, new RegExp(`--bytecode-only and --${flag} exclude each other`));
    }
    const tried = await scene.run({ ...alone, 'dry-run': true });
    assert.equal(tried.code, 0, tried.stderr);
    assert.match(tried.stdout, /^network +none yet: the bytecode alone$/m);
    assert.match(tried.stdout, new RegExp(`^program +${PROGRAM} +new$`, 'm'));
    assert.match(tried.stdout, /^cost +6\.2\d* SOL that stay in accounts/m);
    const fees = async (overrides) =>
      Number(JSON.parse((await scene.run({ ...overrides, 'dry-run': true, json: true })).stdout).cost.fees);
    assert.equal((await fees({ plan: plan() })) - (await fees(alone)), 5_000, 'there is one transaction less');
    assert.equal(proxy.sent, 0);

    // It is not final before the chain says so.
    await chain.rpc.call('localnet_hold', [{ commitment: 'finalized' }]);
    const isHeld = async () => {
      const finalized = { encoding: 'base64', commitment: 'finalized' };
      return (await chain.rpc.call('getAccountInfo', [PROGRAM, finalized])).value === null;
    };
    let held;
    const run = await scene.run({ ...alone, json: true }, (said) => {
      if (!said.includes('waiting until')) return;
      held ??= isHeld().finally(() => chain.rpc.call('localnet_release', [{ commitment: 'finalized' }]));
    });
    assert.equal(run.code, 0, run.stderr);
    assert.equal(await held, true);
    assert.match(run.stderr, /the bytecode stands; no network has begun with it/);
    const { done, network_id: network, cost, deployment, on_base: onBase } = JSON.parse(run.stdout);
    assert.deepEqual([done, network, deployment], ['put there', null, null]);
    assert.equal(base58(Buffer.from(onBase.solana_program_id.slice(2), 'hex')), PROGRAM);
    assert.equal(base58(Buffer.from(onBase.solana_genesis_hash.slice(2), 'hex')), await chain.rpc.call('getGenesisHash'));
    // The rent of two accounts, with what each has besides.
    assert.equal(cost.stays, String(6_960 * (BYTECODE.length + 45 + 128 + 36 + 128)));
    assert.deepEqual(readdirSync(scene.folder).filter((name) => /buffer|deployment/.test(name)), []);

    proxy.honest();
    // That a network stands on the same cluster is not in the way.
    writeFileSync(scene.file, JSON.stringify({ program: base58(newKey().address), genesis_hash: 'of it' }));
    const withPair = proxy.url.replace('//', '//who:pass%3Aword@');
    const again = await scene.run({ ...alone, url: withPair });
    rmSync(scene.file);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /the bytecode stood before; .* nothing was sent/);
    assert.equal(again.stdout.trimEnd(), Object.entries(onBase).map(([key, value]) => `${key.padEnd(20)} ${value}`).join('\n'));
    assert.equal(Buffer.from(proxy.authorization.slice('Basic '.length), 'base64').toString(), 'who:pass:word');
    assert.doesNotMatch(again.stderr, /pass/);
    refused(await scene.run({ ...alone, url: withPair.replace('%3A', '%') }), 2, /what --url names is no address/);
    refused(await scene.run({ ...alone, build: scene.folder }), 2, /williw\.so cannot be read: ENOENT\nhint: scripts\/build-program/);
    proxy.lies = { getSignaturesForAddress: { result: [] } };
    refused(await scene.run(alone), 3, /does not show how the program came there/);
    assert.equal(proxy.sent, 0);
  });

  test('says the same of both halves', async () => {
    const wrong = [
      ['.name', { name: 'other' }],
      ['.genesis', { deployed: { genesis: '1', cycle_length: '60' } }],
      ['.cycle_length', { deployed: { genesis: '1700000000', cycle_length: '61' } }],
      ['the program', { solana_program_id: `0x${'00'.repeat(32)}` }],
      ["the cluster's genesis hash", { solana_genesis_hash: `0x${'00'.repeat(32)}` }],
      ["the network's id", { vault: `0x${'bb'.repeat(20)}` }],
    ];
    for (const [what, changes] of wrong) {
      refused(
        await scene.run({ plan: plan(changes), 'dry-run': true }),
        2,
        new RegExp(`^error: ${what} is .* on Base$`, 'm'),
      );
    }
  });

  test('begins with a mint of Token-2022, and says who can freeze it', async () => {
    const run = await scene.run({ plan: plan() });
    assert.equal(run.code, 0, run.stderr);
    assert.equal(proxy.sent, 1, 'the bytecode stands, and only its network is begun');
    assert.match(run.stdout, /^mint .* can freeze accounts of it, the network's too$/m);
    assert.match(run.stdout, new RegExp(`^ +${base58(scene.deployer.address)} can make more of it, stake that`, 'm'));
    const written = JSON.parse(readFileSync(scene.file, 'utf8'));
    assert.deepEqual([written.base_chain_id, written.base_vault], [theirs.chain_id, theirs.vault]);
    assert.equal(written.token_program, base58(WELL_KNOWN.token2022));
    refused(await scene.run(alone), 2, /a network has begun there/);
  });

  test('is handed to a vault and to nobody else', async () => {
    const hand = (to, overrides) => scene.run({ plan: plan(), 'hand-to': to, ...overrides });
    refused(await hand(base58(newKey().address)), 2, /is a single key/);
    refused(await hand(base58(scene.mint)), 2, /is the account of a program/);
    refused(await hand(base58(scene.deployer.address)), 2, /is the deployer itself/);
    const tried = await hand(VAULT, { 'dry-run': true });
    assert.match(tried.stderr, new RegExp(`the right to upgrade goes to ${VAULT}; a wrong address is final`));
    const authority = () => JSON.parse(readFileSync(scene.file, 'utf8')).in_force.upgrade_authority;
    assert.equal(authority(), base58(scene.deployer.address));
    const run = await hand(VAULT);
    assert.equal(run.code, 0, run.stderr);
    assert.equal(authority(), VAULT);
    assert.match((await hand(VAULT)).stderr, /was handed over before; nothing was sent/);
    refused(await scene.run({ plan: plan(), finalize: true }), 2, /the right to upgrade is \w+'s, not the deployer's/);
  });
});

describe('a program that stands already', () => {
  let chain, proxy, scene, slot;
  const SO = join(ROOT, 'programs/bytecode/williw.so');
  const CONFIG = base58(derived(address(PROGRAM), text('config')));
  before(async () => {
    chain = await Chain.start();
    proxy = await Proxy.start(chain.url);
    const deployer = await chain.wallet(100 * SOL);
    scene = new Scene({ url: proxy.url, deployer, mint: await chain.mint(deployer) });
    ({ slot } = await chain.deploy(KEY, SO, deployer.address));
  });
  after(async () => {
    await proxy.stop();
    await chain.stop();
    scene.remove();
  });
  afterEach(() => proxy.honest());

  test('begins no network where nobody shows how it came there', async () => {
    proxy.lies = { getSignaturesForAddress: { result: [] } };
    refused(await scene.run(), 3, /^error: the endpoint does not show how the program came there$/m);
    assert.equal(proxy.sent, 0);
    assert.ok(!existsSync(scene.file));
  });

  const fromSlot = () => JSON.parse(readFileSync(scene.file, 'utf8')).from_slot;

  test('begins a network that has to be empty', async () => {
    const idl = new Idl(IDL);
    const planted = (data) => {
      const bytes = Buffer.from(data, 'base64');
      const isOperators = (at) => {
        const changed = Uint8Array.from(bytes);
        changed[at] ^= 1;
        return idl.account('Config', changed)?.operators === 1n;
      };
      bytes[Array.from(bytes.keys()).find(isOperators)] = 1;
      return bytes.toString('base64');
    };
    proxy.edits = {
      getMultipleAccounts: (answer, [asked, { commitment }]) => {
        const held = answer.result.value[asked.indexOf(CONFIG)];
        if (held && commitment === 'finalized') held.data[0] = planted(held.data[0]);
        return answer;
      },
    };
    refused(await scene.run(), 1, /has just begun, and is not empty: `operators` is 1$/m);
    assert.ok(!existsSync(scene.file));
  });

  test('is looked for since its deployment', async () => {
    proxy.lies = { getSignaturesForAddress: { result: [] } };
    refused(await scene.run(), 3, /does not show how the program came there/);
    assert.ok(!existsSync(scene.file));
    proxy.honest();
    const run = await scene.run();
    assert.equal(run.code, 0, run.stderr);
    assert.ok(slot <= fromSlot() && fromSlot() < slot + 400, `${fromSlot()} is not ${slot}`);
    const known = fromSlot();
    proxy.lies = { getSignaturesForAddress: { result: [] } };
    const again = await scene.run();
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /^warning: the endpoint does not show how the program came there$/m);
    assert.equal(fromSlot(), known);
  });

  test('is not hidden once it was replaced', async () => {
    await chain.upgrade(KEY.address, BYTECODE, scene.deployer);
    const run = await scene.run();
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stderr, new RegExp(`^warning: other bytecode stood there until slot ${fromSlot()}, and`, 'm'));
  });
});

test('no network begins where other bytecode stood before', async () => {
  const chain = await Chain.start();
  const deployer = await chain.wallet(100 * SOL);
  const scene = new Scene({ url: chain.url, deployer, mint: await chain.mint(deployer) });
  // As large as what is to be in its place.
  const probe = readFileSync(join(ROOT, 'programs/bytecode/probe.so'));
  const other = join(scene.folder, 'other.so');
  writeFileSync(other, Buffer.concat([probe, Buffer.alloc(BYTECODE.length - probe.length)]));
  await chain.deploy(KEY, other, deployer.address);
  await chain.upgrade(KEY.address, BYTECODE, deployer);
  refused(await scene.run({ 'dry-run': true }), 1, new RegExp(`other bytecode stood at ${PROGRAM} before`));
  assert.ok(!existsSync(scene.file));
  await chain.stop();
  scene.remove();
});

test('nothing is paid for a program that cannot be deployed', async (it) => {
  const chain = await Chain.start();
  it.after(() => chain.stop());
  const proxy = await Proxy.start(chain.url);
  it.after(() => proxy.stop());
  const deployer = await chain.wallet(20 * SOL);
  const scene = new Scene({ url: proxy.url, deployer, mint: await chain.mint(deployer) });
  it.after(() => scene.remove());
  const gift = 890_880;

  await chain.airdrop(KEY.address, gift);
  const taken = await scene.run();
  refused(taken, 1, new RegExp(`somebody sent lamports to ${PROGRAM}, and no program can be deployed there while`));
  assert.match(taken.stderr, /^hint: take them: solana transfer --from PROGRAM /m);
  assert.equal(proxy.sent, 0);
  const accounts = [signing(writable(KEY.address)), writable(deployer.address)];
  const data = concat(little(2, 4), little(gift, 8));
  await chain.send([deployer, KEY], [{ program: WELL_KNOWN.system, accounts, data }]);

  // Somebody reads the id in the bytecode while that is uploaded.
  let given;
  const late = await scene.run({}, (said) => {
    if (said.includes('making the buffer')) given ??= chain.airdrop(programDataOf(KEY.address), gift);
  });
  await given;
  const words = new RegExp(`somebody sent lamports to \\w+, so no program can be deployed at ${PROGRAM} any more`);
  refused(late, 1, words);
  assert.match(late.stderr, /^hint: make another key, .* `solana program close --buffers` gives back/m);
  proxy.counts = {};
  refused(await scene.run(), 1, words);
  assert.equal(proxy.sent, 0);
  // It is the chain that has it so.
  await assert.rejects(chain.deploy(KEY, join(ROOT, 'programs/bytecode/williw.so'), deployer.address));
});
