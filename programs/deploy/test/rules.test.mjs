// What needs no chain: encodings beside the shared vectors, and the numbers that both chains have in common.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';

import { address, base58, hex, little, text } from '../src/bytes.mjs';
import { actsOf, originOf, wasUsed } from '../src/history.mjs';
import { Idl } from '../src/idl.mjs';
import { parse } from '../src/json.mjs';
import { WELL_KNOWN, derived, keyOf, newKey } from '../src/keys.mjs';
import { networkId } from '../src/network.mjs';
import { readPlan } from '../src/plan.mjs';
import { DEMANDS, check } from '../src/soundness.mjs';
import { message, readable, signing, writable } from '../src/transaction.mjs';
import { missing, piecesOf } from '../src/upload.mjs';
import { ROOT } from './chain.mjs';
import { Scene } from './scene.mjs';

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const idl = new Idl(JSON.parse(read('programs/idl/williw.json')));
const bytes = (letters) => Uint8Array.from(Buffer.from(letters.slice(2), 'hex'));

test('a network has the id that the vectors say', () => {
  const { cases } = JSON.parse(read('node/core/vectors/network_id.json'));
  for (const { network, network_id: wanted } of cases) {
    const found = networkId({
      name: network.name,
      baseChainId: BigInt(network.base_chain_id),
      baseVault: bytes(network.vault),
      genesisHash: bytes(network.solana_genesis),
      program: bytes(network.solana_program),
    });
    assert.equal(hex(found), wanted);
  }
  assert.equal(cases.length, 15);
});

test('keys and addresses are those of the chain', () => {
  assert.equal(base58(address('11111111111111111111111111111111')), '11111111111111111111111111111111');
  for (const wrong of ['', '0', 'l', '1'.repeat(31), '1'.repeat(33), 'z'.repeat(44), 7, null]) {
    assert.equal(address(wrong), null, String(wrong));
  }
  // The first of RFC 8032.
  const seed = Uint8Array.from(Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'));
  const key = keyOf(seed);
  assert.equal(hex(key.address), '0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  assert.match(hex(key.sign(new Uint8Array())), /^0xe5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155/);
  // As Solana's own library derives them; the second passes a bump over.
  const program = address('HwphN8XBPEh6V5FQQiBhhkn8cPS2BXfKQ7ENb7HTUCPR');
  assert.equal(base58(derived(program, text('config'))), '3NQrUMr9fQJh318aqgay5Sz2VS91wjUvR43c5Tf8FW6Q');
  assert.equal(base58(derived(program, text('rewards'))), '9u2VxMd23CFtgWYySN5gF1rPasHqmRaAm81YCxMVH3Uc');
});

test('a transaction names everybody once, who signs first', () => {
  const [payer, other] = [newKey(), newKey()].map((key) => key.address);
  const program = WELL_KNOWN.loader;
  const instructions = [
    { program, accounts: [readable(other), signing(readable(payer))], data: Uint8Array.of(7) },
    { program, accounts: [writable(other)], data: new Uint8Array(200) },
  ];
  const words = message(payer, instructions, new Uint8Array(32));
  assert.deepEqual([...words.subarray(0, 4)], [1, 0, 1, 3]);
  assert.deepEqual(words.subarray(4, 36), payer);
  assert.deepEqual(words.subarray(36, 68), other);
  assert.deepEqual(words.subarray(68, 100), program);
  const packed = words.subarray(132);
  assert.deepEqual([...packed.subarray(0, 7)], [2, 2, 2, 1, 0, 1, 7]);
  // 200 needs two bytes.
  assert.deepEqual([...packed.subarray(7, 12)], [2, 1, 1, 0xc8, 1]);
});

test('what is missing of a buffer is what differs', () => {
  const bytecode = Uint8Array.from({ length: 2_500 }, (_, at) => (at < 1_000 ? 0 : at % 251));
  const pieces = piecesOf(bytecode, 1_000);
  assert.deepEqual(
    pieces.map(({ offset, bytes: piece }) => [offset, piece.length]),
    [
      [0, 1_000],
      [1_000, 1_000],
      [2_000, 500],
    ],
  );
  const at = (found) => missing(pieces, found).map(({ offset }) => offset);
  assert.deepEqual(at(new Uint8Array(2_500)), [1_000, 2_000], 'a new buffer is zeros');
  assert.deepEqual(at(bytecode), []);
  assert.deepEqual(at(bytecode.map((byte, place) => (place === 2_499 ? byte ^ 1 : byte))), [2_000]);
});

test('the config is read as the program writes it', () => {
  const size = idl.size('Config');
  assert.equal(size, 1_232);
  const account = new Uint8Array(size);
  account.set(idl.content.accounts.find(({ name }) => name === 'Config').discriminator);
  const read = () => idl.account('Config', account);
  // Where a field begins is where a byte changes it.
  const placeOf = (key) => {
    const untouched = String(read()[key]);
    return account.findIndex((byte, at) => {
      account[at] ^= 1;
      const isOf = at >= 8 && String(read()[key]) !== untouched;
      account[at] ^= 1;
      return isOf;
    });
  };
  const numbers = { version: 1n, bump: 2n, decimals: 3n, operators: 0x0102_0304_0506_0708n, genesis: 5n };
  const lengths = { operators: 8, genesis: 8 };
  for (const [key, number] of Object.entries(numbers)) account.set(little(number, lengths[key] ?? 1), placeOf(key));
  const found = read();
  for (const [key, number] of Object.entries(numbers)) assert.equal(found[key], number, key);
  assert.equal(found.first_open, 0n);
  assert.equal(idl.account('Config', account.subarray(1)), null);
  assert.equal(idl.account('Operator', account), null);
});

test('a key is in JSON once', () => {
  const twice = (key) => new RangeError(key);
  const sound = '{"a":1,"b":[{"a":"b\\":","c":{}},{"a":2}],"c":{"a" : {"a":"{"}}}';
  assert.deepEqual(parse(sound, twice), JSON.parse(sound));
  const wrong = ['{"a":1,"a":2}', '{"b":[{"a":1},{"c":[{}],"a":1,"a" :1}]}', '{"a":1,"\\u0061":1}'];
  for (const letters of wrong) assert.throws(() => parse(letters, twice), /^RangeError: a$/, letters);
  assert.throws(() => parse('{', twice), SyntaxError);
});

// As node/chain/src/solana/inspect/origin has them.
test('what the loader is told counts at the place where it counts', () => {
  const [program, programData, stranger] = [1, 2, 3].map((byte) => base58(new Uint8Array(32).fill(byte)));
  const places = { program, programData };
  const named = { p: program, d: programData, x: stranger };
  const LOADERS = [base58(WELL_KNOWN.loader), 'LoaderV411111111111111111111111111111111111'];
  const transaction = (kind, letters, loader = 0) => ({
    transaction: {
      message: {
        accountKeys: [...letters].map((letter) => named[letter]),
        instructions: [
          {
            programIdIndex: letters.length + loader,
            accounts: [...letters].map((_, at) => at),
            data: base58(little(kind, 4)),
          },
        ],
      },
    },
    meta: { err: null, innerInstructions: [], loadedAddresses: { writable: [], readonly: LOADERS } },
  });
  const acts = (...of) => actsOf(transaction(...of), places);
  assert.deepEqual(acts(2, 'xdpxxxxx'), ['deployed']);
  assert.deepEqual(acts(3, 'dpxxxxx'), ['other']);
  assert.deepEqual(acts(5, 'dxxp'), ['other']);
  assert.deepEqual(acts(6, 'dpxx'), ['extended']);
  const harmless = [
    [0, 'xxpd'],
    [1, 'xxpd'],
    [2, 'xxxxxxxxpd'],
    [3, 'xxxxxxxpd'],
    [4, 'dxx'],
    [5, 'xxxp'],
  ];
  for (const [kind, letters] of harmless) {
    assert.deepEqual(acts(kind, letters), [], `${kind} ${letters}`);
  }
  assert.deepEqual(acts(77, 'xp'), ['other'], 'nobody here has heard of it');
  assert.deepEqual(acts(0, 'xp', 1), ['other'], 'another loader');
  const strange = transaction(4, 'xxx');
  strange.transaction.message.instructions[0].data = '0'.repeat(20_000);
  assert.deepEqual(actsOf(strange, places), [], 'what is not about the program is not read');
  // A program can tell another one 10 KiB, more than a packet holds.
  const padded = (kind) => {
    const long = Buffer.concat([little(kind, 4), Buffer.alloc(10_236, 0xff)]);
    let [letters, value] = ['', BigInt(`0x${long.toString('hex')}`)];
    for (; value; value /= 58n) letters = base58(Uint8Array.of(Number(value % 58n))) + letters;
    return '1'.repeat(long.findIndex((byte) => byte !== 0)) + letters;
  };
  const long = (kind, letters) => {
    const found = transaction(kind, letters);
    found.transaction.message.instructions[0].data = padded(kind);
    return actsOf(found, places);
  };
  assert.deepEqual(long(4, 'xxxpd'), [], 'a stranger sets the authority of a buffer');
  assert.deepEqual(long(0, 'xxxpd'), []);
  assert.deepEqual(long(3, 'dpxxxxx'), ['other']);
  const inside = transaction(3, 'dpx');
  inside.meta.innerInstructions = [{ instructions: inside.transaction.message.instructions.splice(0) }];
  assert.deepEqual(actsOf(inside, places), ['other'], 'a multisig calls it');
  assert.equal(actsOf({ ...inside, meta: { ...inside.meta, innerInstructions: null } }, places), null);
});

// An endpoint that lists as many transactions as strangers paid for, newest first, behind one that the loader was told.
test('strangers make a history long, and do not hide what is in it', async () => {
  const [program, programData] = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
  const [id, data, stranger] = [program, programData, WELL_KNOWN.system].map(base58);
  const endpoint = ({ after = 0, before = 0, told = null, isEndless = false }) => {
    const named = [
      ...Array.from({ length: after }, (_, at) => ({ signature: `after${at}`, slot: 60, err: null })),
      ...(told === null ? [] : [{ signature: 'told', slot: 50, err: null }]),
      ...Array.from({ length: before }, (_, at) => ({ signature: `before${at}`, slot: 40, err: null })),
    ];
    const lists = ([, { before: last, limit }]) => {
      if (isEndless) return Array.from({ length: limit }, () => ({ signature: 'again', slot: 70, err: null }));
      const from = last === undefined ? 0 : named.findIndex(({ signature }) => signature === last) + 1;
      return named.slice(from, from + limit);
    };
    // One of a newer version is shown to whoever takes those.
    const shows = ([signature, { maxSupportedTransactionVersion: most }]) => {
      if (most < 1) throw new Error('Transaction version (1) is not supported by the requesting client');
      const [kind, accounts] = signature === 'told' ? told : [4, [3, 3, 3, 3]];
      return {
        slot: named.find((it) => it.signature === signature).slot,
        transaction: {
          message: {
            accountKeys: [id, data, base58(WELL_KNOWN.loader), stranger],
            instructions: [{ programIdIndex: 2, accounts, data: base58(little(kind, 4)) }],
          },
        },
        meta: { err: null, innerInstructions: [] },
      };
    };
    const call = async (method, params) => (method === 'getTransaction' ? shows(params) : lists(params));
    return { call };
  };
  const said = [];
  const say = (words) => said.push(words);
  const addresses = { program, programData };
  const used = (history) => wasUsed(endpoint(history), addresses, { say });
  assert.equal(await used({ before: 2_001 }), false);
  assert.match(said[0], /^1000 transactions that name \w+ are read/);
  // Replaced, long before.
  assert.equal(await used({ after: 2_001, told: [3, [1, 0, 3, 3]] }), true);
  const origin = (history, standsSince) =>
    originOf(endpoint(history), addresses, { standsSince, commitment: 'finalized', say });
  const told = [2, [3, 1, 0, 3]];
  assert.deepEqual(await origin({ after: 1_500, before: 1_500, told }, 50), { deployed: 50 });
  assert.equal(await origin({ after: 1_500, before: 1_500, told }, 60), null, 'nobody says what changed it since');
  const upgraded = { after: 1_500, before: 1_500, told: [3, [1, 0, 3, 3]] };
  assert.deepEqual(await origin(upgraded, 60), { replaced: 50 });
  const endless = originOf(endpoint({ isEndless: true }), addresses, { standsSince: 60, commitment: 'finalized', say });
  await assert.rejects(endless, /lists more than 1000000 transactions that name/);
});

describe('a plan', () => {
  const scene = () => new Scene({ url: '', deployer: newKey(), mint: newKey().address });
  const refusedFor = (words) => (fault) => {
    assert.match(fault.message, words);
    assert.ok(fault.hint);
    return fault.code === 2;
  };

  test('has the demands of the contracts', () => {
    const numbers = /chainId == (\w+)\) return Demands\(([^;]*)\);/g;
    const units = { minutes: 60n, hours: 3_600n, hour: 3_600n, days: 86_400n, day: 86_400n };
    const value = (letters) => {
      if (letters === 'type(uint64).max') return (1n << 64n) - 1n;
      const [number, unit] = letters.split(' ');
      return BigInt(number) * (unit ? units[unit] : 1n);
    };
    const theirs = { ANVIL: 'localnet', BASE_SEPOLIA: 'devnet', BASE: 'mainnet-beta' };
    const found = [...read('contracts/script/Soundness.sol').matchAll(numbers)];
    assert.equal(found.length, 3);
    for (const [, chain, list] of found) {
      assert.deepEqual(Object.values(DEMANDS[theirs[chain]]), list.split(', ').map(value), chain);
    }
  });

  test('is refused by the key that nobody decided', () => {
    for (const cluster of ['localnet', 'devnet', 'mainnet-beta']) {
      const path = join(ROOT, `programs/deploy/${cluster}.json`);
      const blanks = Object.entries(JSON.parse(read(`programs/deploy/${cluster}.json`))).filter(
        ([, value]) => typeof value === 'string' && value.startsWith('fill in'),
      );
      assert.ok(blanks.length >= 3, cluster);
      assert.throws(
        () => readPlan(path, cluster),
        refusedFor(new RegExp(`^\`\\.${blanks[0][0]}\` of the plan: it has to be`)),
      );
    }
  });

  test('is refused by a key that is wrong', () => {
    const wrong = [
      ['.name', (plan) => (plan.name = 'Williw')],
      ['.salt', (plan) => (plan.salt = '0')],
      ['.cycle_length', (plan) => delete plan.cycle_length],
      ['.cycle_length', (plan) => (plan.cycle_length = 60)],
      ['.cycle_length', (plan) => (plan.cycle_length = '060')],
      ['.mint', (plan) => (plan.mint = plan.mint.slice(4))],
      ['.governor_is', (plan) => (plan.governor_is = 'contract')],
      ['.vault.most.min_stake', (plan) => (plan.vault.most.min_stake = '1000000000000000000000000')],
      ['.vault.least', (plan) => (plan.vault.least = [])],
      ['.pool.most.delays', (plan) => (plan.pool.most.delays = '1')],
      ['.constructor', (plan) => (plan.constructor = '1')],
    ];
    const place = scene();
    for (const [key, change] of wrong) {
      const words = new RegExp(`^\`${key.replaceAll('.', '\\.')}\` of the plan`);
      assert.throws(() => readPlan(place.plan(change), 'localnet'), refusedFor(words), key);
    }
    const file = place.plan();
    const letters = readFileSync(file, 'utf8');
    writeFileSync(file, letters.replace('"guardian"', '"governor"'));
    assert.throws(() => readPlan(file, 'localnet'), refusedFor(/has `governor` twice in one place$/));
    place.remove();
  });

  // Each changes one thing of a plan that is sound on mainnet.
  test('is held to what its cluster demands', () => {
    const place = scene();
    const sound = (change) => readPlan(place.plan(change, 'mainnet-beta'), 'mainnet-beta');
    const now = 1_800_000_000n;
    check(sound(), now);
    const wrong = [
      ['.genesis', (plan) => (plan.genesis = '1800000001')],
      ['.cycle_length', (plan) => (plan.cycle_length = '3599')],
      ['.cycle_length', (plan) => (plan.cycle_length = '2592001')],
      ['.vault.least.unstaking_period', (plan) => (plan.vault.least.unstaking_period = '604799')],
      ['.vault.most.unstaking_period', (plan) => (plan.vault.most.unstaking_period = '7776001')],
      ['.vault.least.evidence_cycles', (plan) => (plan.vault.least.evidence_cycles = '2')],
      ['.vault.least.slash_bps', (plan) => (plan.vault.least.slash_bps = '0')],
      ['.vault.most.slash_bps', (plan) => (plan.vault.most.slash_bps = '10001')],
      ['.vault.parameters.slash_bps', (plan) => (plan.vault.parameters.slash_bps = '99')],
      ['.vault.parameters.unstaking_period', (plan) => (plan.vault.parameters.evidence_cycles = '20')],
      ['.pool.least.min_quorum', (plan) => (plan.pool.least.min_quorum = '9999999999999')],
      ['.pool.least.delay', (plan) => (plan.pool.least.delay = '3599')],
      ['.pool.parameters.delay', (plan) => (plan.pool.parameters.delay = '3599')],
      ['.pool.parameters.max_per_cycle', (plan) => (plan.pool.parameters.max_per_cycle = '1000000000000001')],
      ['.guardian', (plan) => (plan.guardian = '11111111111111111111111111111111')],
      ['.governor', (plan) => (plan.governor_is = 'vault')],
    ];
    for (const [key, change] of wrong) {
      const words = new RegExp(`^\`${key.replaceAll('.', '\\.')}\` of the plan is unsound`);
      assert.throws(() => check(sound(change), now), refusedFor(words), key);
    }
    place.remove();
  });
});
