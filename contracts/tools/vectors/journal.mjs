import { encodePacked, keccak256 } from 'viem';

import { cast } from './cast.mjs';
import { U128, U64, ZERO32, big, cut, flip, join, label, must, padded, same, size, text, u128, u16, u64, u8 } from './form.mjs';
import * as ed from './ed.mjs';
import { journalSlots } from './layout.mjs';
import { networkId, networks } from './network_id.mjs';
import { evidence } from './offence.mjs';
import { rootVoteDigest } from './root_vote.mjs';
import { key } from './secp.mjs';
import { linkBytes, makeLink, shapeFault, signed } from './typed.mjs';

// The table of docs/decisions/0001-encodings.md: field, type.
const vaultParameters = [['min_stake', 'u128'], ['min_deposit', 'u128'], ['unstaking_period', 'u64'], ['slash_bps', 'u16'], ['evidence_cycles', 'u64']];
const poolParameters = [['min_quorum', 'u128'], ['delay', 'u64'], ['max_per_cycle', 'u128']];
const owner = ['owner', 'bytes32'];
const link = ['link', 'link'];
const effective = ['effective', 'u64'];
const kinds = {
  Registered: [1, [owner, ['index', 'u64'], ['active', 'u128'], link]],
  Staked: [2, [owner, ['active', 'u128']]],
  Unstaked: [3, [owner, ['active', 'u128'], ['queued', 'u128'], ['amount', 'u128'], ['maturity', 'u64']]],
  Restaked: [4, [owner, ['active', 'u128'], ['queued', 'u128']]],
  Withdrawn: [5, [owner, ['queued', 'u128'], ['amount', 'u128']]],
  Rotated: [6, [owner, link]],
  Slashed: [7, [owner, ['active', 'u128'], ['queued', 'u128'], ['taken', 'u128'], ['bounty', 'u128'], ['beneficiary', 'bytes32'], ['evidence', 'bytes']]],
  Unjailed: [8, [owner, ['active', 'u128'], link]],
  VaultParameters: [16, vaultParameters],
  VaultParametersProposed: [17, [...vaultParameters, effective]],
  PoolParameters: [32, poolParameters],
  PoolParametersProposed: [33, [...poolParameters, effective]],
  Funded: [34, [['funded', 'u128']]],
  RootPending: [35, [['cycle', 'u64'], ['root', 'bytes32'], ['total_base', 'u128'], ['total_solana', 'u128'], ['blob_hash', 'bytes32'], ['activates', 'u64']]],
  RootVetoed: [36, [['cycle', 'u64']]],
};
const lengths = { Registered: 180, Staked: 48, Unstaked: 88, Restaked: 64, Withdrawn: 64, Rotated: 156, Slashed: 356, Unjailed: 172, VaultParameters: 50, VaultParametersProposed: 58, PoolParameters: 40, PoolParametersProposed: 48, Funded: 16, RootPending: 112, RootVetoed: 8 };
const writers = { u16, u64, u128, bytes32: (v) => v, bytes: (v) => v, link: linkBytes };
const solidity = { u16: 'uint16', u64: 'uint64', u128: 'uint128', bytes32: 'bytes32', bytes: 'bytes', link: 'bytes' };

function encode(kind, fields) {
  const [, table] = kinds[kind];
  same(Object.keys(fields).join(), table.map(([name]) => name).join(), `fields of ${kind}`);
  const body = join(...table.map(([name, type]) => writers[type](fields[name])));
  const packed = encodePacked(
    table.map(([, type]) => solidity[type]),
    table.map(([name, type]) => (type === 'link' ? linkBytes(fields[name]) : type === 'u16' ? Number(fields[name]) : fields[name])),
  );
  same(packed, body, `${kind} packed by viem`);
  same(size(body), lengths[kind], `length of ${kind}`);
  return body;
}

// Every contract on Base keeps its journal where the vault does; accounts on Solana have no slots.
const slots = journalSlots();

/** Folds facts, each { kind, fields, time, height }, from the first head of an account on. */
function history(name, network_id, chain, account, facts) {
  const start = join(text('williw-journal-v1'), network_id, u8(chain), account);
  const head0 = keccak256(start);
  cast.keccak(start, head0, `the first head of ${name}`);
  let head = head0;
  const told = facts.map(({ kind, fields, time, height }, i) => {
    const body = encode(kind, fields);
    const [kind_byte] = kinds[kind];
    const seq = BigInt(i + 1);
    const data = join(head, u64(seq), u64(time), u64(height), u8(kind_byte), body);
    const packed = encodePacked(['bytes32', 'uint64', 'uint64', 'uint64', 'uint8', 'bytes'], [head, seq, time, height, kind_byte, body]);
    same(packed, data, `${name}: a fact packed by viem`);
    head = keccak256(data);
    cast.keccak(data, head, `head ${seq} of ${name}`);
    return { seq, time, height, kind, kind_byte, fields, body, head };
  });
  return { name, network_id, chain, account, ...(chain === 1n ? slots : {}), head0, facts: told };
}

/** Gives every fact a plausible time and height. */
const dated = (facts, height, perFact = 150n) =>
  facts.map(([kind, fields], i) => ({ kind, fields, time: 1_800_000_000n + BigInt(i) * 311n, height: height + BigInt(i) * perFact }));

const shown = async (id, chain, who, nonce, peerKey, signerKey) => {
  const { peer, signer, peer_signature } = await makeLink(id, chain, who, nonce, peerKey, signerKey);
  return { peer, signer, nonce, peer_signature };
};

const lost = (amount, bps) => (amount * bps + 9_999n) / 10_000n;

/** The life of one operator, with every kind of fact that concerns it, in order. */
async function life(id, chain, who, name, index, unit, beneficiary) {
  const first = key(`${name}, first`);
  const second = key(`${name}, second`);
  const third = key(`${name}, third`);
  const [peerOne, peerTwo] = [ed.key(`${name}, first`), ed.key(`${name}, second`)];
  const facts = [];
  let active = 5_000n * unit;
  let queue = [];
  const queued = () => queue.reduce((a, b) => a + b, 0n);
  const tell = (kind, fields) => facts.push([kind, { owner: who, ...fields }]);

  tell('Registered', { index, active, link: await shown(id, chain, who, 1n, peerOne, first) });
  active += 250n * unit + 3n;
  tell('Staked', { active });
  for (const amount of [400n * unit + 1n, 300n * unit]) {
    active -= amount;
    queue.push(amount);
    tell('Unstaked', { active, queued: queued(), amount, maturity: 1_801_209_600n });
  }
  active += queue.pop();
  tell('Restaked', { active, queued: queued() });
  const paid = queue.shift();
  tell('Withdrawn', { queued: queued(), amount: paid });
  tell('Rotated', { link: await shown(id, chain, who, 2n, peerOne, second) });
  active -= 77n * unit;
  queue.push(77n * unit);
  tell('Unstaked', { active, queued: queued(), amount: 77n * unit, maturity: 1_801_300_000n });
  const taken = lost(active, 500n) + queue.reduce((sum, amount) => sum + lost(amount, 500n), 0n);
  active -= lost(active, 500n);
  queue = queue.map((amount) => amount - lost(amount, 500n));
  tell('Slashed', { active, queued: queued(), taken, bounty: taken / 20n, beneficiary, evidence: await evidence(id, second, 12n) });
  tell('Unjailed', { active, link: await shown(id, chain, who, 3n, peerTwo, third) });
  return facts;
}

const vaultNow = (unit) => ({ min_stake: 1_000n * unit, min_deposit: 10n * unit, unstaking_period: 1_209_600n, slash_bps: 500n, evidence_cycles: 12n });
const poolNow = (unit) => ({ min_quorum: 3_000n * unit, delay: 21_600n, max_per_cycle: 500n * unit });
const vaultStory = (unit) => [
  ['VaultParameters', vaultNow(unit)],
  ['VaultParametersProposed', { ...vaultNow(unit), slash_bps: 1_000n, effective: 1_801_209_601n }],
  ['VaultParameters', { ...vaultNow(unit), slash_bps: 1_000n }],
];
function poolStory(unit) {
  const pending = (cycle) => ({
    cycle,
    root: label(`root of cycle ${cycle}`),
    total_base: 120n * unit * cycle,
    total_solana: 80n * unit * cycle,
    blob_hash: label(`blob of cycle ${cycle}`),
    activates: 1_800_021_600n + cycle * 86_400n,
  });
  rootVoteDigest(pending(3n));
  return [
    ['PoolParameters', poolNow(unit)],
    ['Funded', { funded: 10_000n * unit }],
    ['RootPending', pending(3n)],
    ['RootPending', pending(4n)],
    ['RootVetoed', { cycle: 4n }],
    ['Funded', { funded: 12_500n * unit + 1n }],
    ['PoolParametersProposed', { ...poolNow(unit), delay: 43_200n, effective: 1_801_209_600n }],
    ['PoolParameters', { ...poolNow(unit), delay: 43_200n }],
    ['RootPending', pending(6n)],
  ];
}

/** Every kind in turn with its numbers at one value; links and evidence hold. */
async function edges(id, chain, who, names, number) {
  const at = { u16: number > 10_000n ? 10_000n : number, u64: number > U64 ? U64 : number, u128: number };
  const signer = key('edges');
  const facts = [];
  for (const kind of names) {
    const fields = {};
    for (const [name, type] of kinds[kind][1]) {
      if (type === 'link') fields[name] = await shown(id, chain, who, at.u64, ed.key('edges'), signer);
      else if (type === 'bytes') fields[name] = await evidence(id, signer, at.u64, kind === 'Slashed' && number === 1n ? 3n : 2n);
      else if (type === 'bytes32') fields[name] = name === 'owner' || name === 'beneficiary' ? who : number === 0n ? ZERO32 : `0x${'ff'.repeat(32)}`;
      else fields[name] = at[type];
    }
    facts.push({ kind, fields, time: at.u64, height: at.u64 });
  }
  return facts;
}

const names = Object.keys(kinds);
const ofVault = names.filter((name) => kinds[name][0] < 32);
const ofPool = names.filter((name) => kinds[name][0] >= 32);
const ofOperator = names.filter((name) => kinds[name][0] < 16);
const ofConfig = names.filter((name) => kinds[name][0] >= 16);

async function accepted() {
  const id = networkId(networks.both);
  const [ether, sol] = [10n ** 18n, 10n ** 9n];
  const vault = padded(networks.both.vault);
  const pool = padded(label('pool', 20));
  const [aliceOnBase, bobOnBase] = ['alice', 'bob'].map((name) => padded(label(`owner ${name}`, 20)));
  const aliceOnSolana = ed.key('owner alice on Solana').public;
  const courier = padded(label('courier', 20));
  const [start, ...later] = vaultStory(ether);
  const alice = await life(id, 1n, aliceOnBase, 'alice on Base', 0n, ether, courier);
  const bob = await life(id, 1n, bobOnBase, 'bob on Base', 1n, ether / 3n, aliceOnBase);
  const onSolana = await life(id, 2n, aliceOnSolana, 'alice on Solana', 41n, sol, label('courier on Solana'));
  const mixed = alice.flatMap((fact, i) => [fact, bob[i]]);
  const edgeOwner = padded(`0x${'ff'.repeat(20)}`);
  const cases = [
    history('a vault on Base with two operators', id, 1n, vault, dated([start, ...mixed, ...later], 30_000_000n)),
    history('a pool on Base', id, 1n, pool, dated(poolStory(ether), 30_000_000n)),
    history('an operator account on Solana', id, 2n, label('operator account'), dated(onSolana, 400_000_000n, 800n)),
    history('the config account on Solana', id, 2n, label('config account'), dated([...vaultStory(sol), ...poolStory(sol)], 400_000_000n, 800n)),
    history('a vault of a network on Base only', networkId(networks.base), 1n, vault, dated([start], 1n)),
    history('an account that nothing happened to', id, 1n, vault, []),
    history('an account that is all zero', id, 2n, ZERO32, []),
    history('an account whose bytes are the vault, on Solana', id, 2n, vault, dated([start], 1n)),
  ];
  for (const [what, number] of [['zero', 0n], ['one', 1n], ['at 64 bits', U64], ['at its largest', U128]]) {
    const base = await edges(id, 1n, number === 0n ? ZERO32 : edgeOwner, ofVault, number);
    const baseOfPool = await edges(id, 1n, edgeOwner, ofPool, number);
    const solanaOwner = number === 0n ? ZERO32 : `0x${'ff'.repeat(32)}`;
    const operator = await edges(id, 2n, solanaOwner, ofOperator, number);
    const config = await edges(id, 2n, solanaOwner, ofConfig, number);
    cases.push(history(`a vault on Base, every number ${what}`, id, 1n, vault, base));
    cases.push(history(`a pool on Base, every number ${what}`, id, 1n, pool, baseOfPool));
    cases.push(history(`an operator account on Solana, every number ${what}`, id, 2n, label('operator account'), operator));
    cases.push(history(`the config account on Solana, every number ${what}`, id, 2n, label('config account'), config));
  }
  for (const chain of [1n, 2n]) {
    const seen = new Set(cases.filter((one) => one.chain === chain).flatMap((one) => one.facts.map((fact) => fact.kind)));
    must(seen.size === names.length, `chain ${chain} lacks a kind`);
  }
  return cases;
}

/** What a reader of one body says, or null. */
function fault(kindByte, body, chain) {
  const kind = names.find((name) => kinds[name][0] === kindByte);
  if (kind === undefined) return 'UnknownKind';
  if (size(body) !== lengths[kind]) return 'Length';
  let at = 0;
  for (const [name, type] of kinds[kind][1]) {
    const length = { u16: 2, u64: 8, u128: 16, bytes32: 32, link: 124, bytes: 228 }[type];
    const value = cut(body, at, at + length);
    at += length;
    if (chain === 1n && (name === 'owner' || name === 'beneficiary') && !/^0x0{24}/.test(value)) return 'BadAddress';
    if (name === 'slash_bps' && big(value) > 10_000n) return 'Bps';
    if (name === 'evidence' && [cut(value, 0, 114), cut(value, 114)].some((half) => shapeFault(half) !== null)) return 'Evidence';
  }
  return null;
}

async function refusals(cases) {
  const refused = [];
  const refuse = (name, kind_byte, body, chain, expected) => {
    same(fault(kind_byte, body, chain), expected, name);
    refused.push({ name, kind_byte, body, chain, refused: expected });
  };
  const facts = cases.flatMap((one) => one.facts.map((fact) => ({ ...fact, chain: one.chain })));
  for (const fact of facts) same(fault(fact.kind_byte, fact.body, fact.chain), null, fact.kind);
  const sample = (kind, chain) => facts.find((fact) => fact.kind === kind && fact.chain === chain);
  for (const kind of names) {
    const { kind_byte, body } = sample(kind, 1n);
    refuse(`${kind} one byte short`, kind_byte, cut(body, 0, size(body) - 1), 1n, 'Length');
    refuse(`${kind} one byte long`, kind_byte, join(body, '0x00'), 1n, 'Length');
    refuse(`${kind} without a body`, kind_byte, '0x', 1n, 'Length');
    refuse(`${kind} one byte short on Solana`, kind_byte, cut(sample(kind, 2n).body, 1), 2n, 'Length');
  }
  refuse('VaultParameters with the body of VaultParametersProposed', 16, sample('VaultParametersProposed', 1n).body, 1n, 'Length');
  for (const byte of [0, 9, 15, 18, 31, 37, 255]) {
    refuse(`kind ${byte}`, byte, sample('Staked', 1n).body, 1n, 'UnknownKind');
    refuse(`kind ${byte} without a body`, byte, '0x', 2n, 'UnknownKind');
  }
  const replace = (body, at, part) => join(cut(body, 0, at), part, cut(body, at + size(part)));
  for (const kind of ofOperator) {
    const { kind_byte, body } = sample(kind, 1n);
    refuse(`${kind}, first byte of the owner`, kind_byte, replace(body, 0, '0x01'), 1n, 'BadAddress');
    refuse(`${kind}, twelfth byte of the owner`, kind_byte, replace(body, 11, '0x80'), 1n, 'BadAddress');
    refuse(`${kind} of a Solana owner`, kind_byte, sample(kind, 2n).body, 1n, 'BadAddress');
  }
  const slashed = sample('Slashed', 1n);
  refuse('Slashed, first byte of the beneficiary', 7, replace(slashed.body, 96, '0x01'), 1n, 'BadAddress');
  refuse('Slashed, twelfth byte of the beneficiary', 7, replace(slashed.body, 107, '0x01'), 1n, 'BadAddress');
  for (const kind of ['VaultParameters', 'VaultParametersProposed']) {
    for (const [chain, on] of [[1n, 'Base'], [2n, 'Solana']]) {
      const { kind_byte, body } = sample(kind, chain);
      for (const bps of [10_001n, 65_535n]) refuse(`${kind} on ${on} with ${bps} bps`, kind_byte, replace(body, 40, u16(bps)), chain, 'Bps');
    }
  }

  const id = networkId(networks.both);
  const [good, second] = [slashed.fields.evidence, key('alice on Base, second')];
  const halves = [cut(good, 0, 114), cut(good, 114)];
  const bad = async (statement) => signed(id, { cycle: 12n, slot: 1n, digest: flip(label('left'), 0), ...statement }, second.private_key);
  for (const [what, statement] of [
    ['kind 0', { kind: 0n }],
    ['kind 5', { kind: 5n }],
    ['kind 255', { kind: 255n }],
    ['kind 3 with slot 1', { kind: 3n }],
    ['kind 4 with slot 1', { kind: 4n }],
    ['kind 4 with the largest slot', { kind: 4n, slot: U64 }],
  ]) {
    const half = await bad(statement);
    for (const [place, raw] of [['first', join(half, halves[1])], ['second', join(halves[0], half)], ['both', join(half, half)]]) {
      refuse(`Slashed, ${what} in ${place === 'both' ? 'both statements' : `the ${place} statement`}`, 7, replace(slashed.body, 128, raw), 1n, 'Evidence');
    }
    refuse(`Slashed on Solana, ${what} in the second statement`, 7, replace(sample('Slashed', 2n).body, 128, join(halves[0], half)), 2n, 'Evidence');
  }
  return refused;
}

export default async function make() {
  const cases = await accepted();
  return {
    about:
      'Facts of the journal: bodies, and heads folded from head0 on. On Base, the storage slot of the head, and the one whose lowest eight bytes are the number of the last fact. A link in `fields` has the peer signature for chain and owner of the fact, evidence is the 228 bytes. Refusals are of a body alone, checked in the order UnknownKind, Length, then by field: BadAddress (Base only), Bps (`slash_bps` above 10000), Evidence (a statement inside has an unknown kind, or a slot that must be zero). Signatures are not judged by the decoder.',
    cases,
    refused: await refusals(cases),
  };
}
