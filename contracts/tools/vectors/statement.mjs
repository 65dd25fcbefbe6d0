import { U64, ZERO32, cut, flip, join, label, must, same, size, u8 } from './form.mjs';
import { networkId, networks } from './network_id.mjs';
import { HALF, N, judge, key, parts, pointAt, signature, spoiled } from './secp.mjs';
import { rootVoteDigest } from './root_vote.mjs';
import { judgeSigned, signed, statementBytes, statementHashes } from './typed.mjs';

const network_id = networkId(networks.both);
const other = networkId(networks.other);
const blob = label('update blob');
const vote = rootVoteDigest({ root: label('root'), total_base: 1n, total_solana: 2n, blob_hash: label('blob') });
const step = (run, at) => (BigInt(run) << 32n) | BigInt(at);
const ones = `0x${'ff'.repeat(32)}`;

const statements = [
  ['an update', { kind: 1n, cycle: 7n, slot: step(3, 41), digest: blob }],
  ['a checkpoint', { kind: 2n, cycle: 7n, slot: step(3, 64), digest: label('model root') }],
  ['a root vote', { kind: 3n, cycle: 7n, slot: 0n, digest: vote }],
  ['a proposal', { kind: 4n, cycle: 7n, slot: 0n, digest: vote }],
  ['an update with everything zero', { kind: 1n, cycle: 0n, slot: 0n, digest: ZERO32 }],
  ['an update with everything at its largest', { kind: 1n, cycle: U64, slot: U64, digest: ones }],
  ['a checkpoint with cycle and slot 1', { kind: 2n, cycle: 1n, slot: 1n, digest: label('model root') }],
  ['a checkpoint in the largest cycle', { kind: 2n, cycle: U64, slot: 0n, digest: ZERO32 }],
  ['a root vote in cycle 0', { kind: 3n, cycle: 0n, slot: 0n, digest: ZERO32 }],
  ['a root vote in the largest cycle', { kind: 3n, cycle: U64, slot: 0n, digest: ones }],
  ['a proposal in the largest cycle', { kind: 4n, cycle: U64, slot: 0n, digest: ones }],
];

function describe(name, id, statement, made, private_key, signer) {
  return {
    name,
    network_id: id,
    ...statement,
    bytes: statementBytes(statement),
    ...statementHashes(id, statement),
    private_key,
    signer,
    signature: cut(made, 49),
    signed: made,
  };
}

async function accepted() {
  const cases = [];
  const add = async (name, id, statement, { private_key, address }) => {
    const made = await signed(id, statement, private_key);
    cases.push(describe(name, id, statement, made, private_key, address));
  };
  for (const [name, statement] of statements) await add(name, network_id, statement, key('alice'));
  await add('an update in another network', other, statements[0][1], key('alice'));
  await add('an update by another key', network_id, statements[0][1], key('bob'));
  const usedV = new Set(cases.map((one) => parts(one.signature).v));
  must(usedV.has(27) && usedV.has(28), 'only one v occurs');
  const digest = statementHashes(network_id, statements[0][1]).signing_digest;
  const made = async (name, value) => {
    const { address, fault } = await judge(digest, value);
    must(fault === undefined, `${name}: ${fault}`);
    const statement = statements[0][1];
    cases.push(describe(name, network_id, statement, join(statementBytes(statement), value), null, address));
  };
  // Nobody knows the key behind these: r and s are chosen, and some key always fits.
  const from = (start, direction) => {
    let r = start;
    while (pointAt(r, 27) === null) r += direction;
    return r;
  };
  const usual = parts(cases[0].signature).r;
  const smallest = from(1n, 1n);
  const largest = from(N - 1n, -1n);
  for (const v of [27, 28]) {
    await made(`s = n/2 exactly, v = ${v}`, signature(usual, HALF, v));
    await made(`s = 1, v = ${v}`, signature(usual, 1n, v));
    await made(`r = ${smallest}, the smallest x coordinate, v = ${v}`, signature(smallest, HALF - 7n, v));
    await made(`r = n - ${N - largest}, the largest x coordinate below n, v = ${v}`, signature(largest, HALF - 7n, v));
    await made(`the smallest r and s = n/2, v = ${v}`, signature(smallest, HALF, v));
    await made(`the largest r and s = 1, v = ${v}`, signature(largest, 1n, v));
  }
  return cases;
}

async function refusals() {
  const refused = [];
  const alice = key('alice');
  const bob = key('bob');
  const refuse = async (name, id, signer, value, expected) => {
    const { address, fault } = await judgeSigned(id, value);
    same(fault ?? (address === signer ? 'nothing' : 'WrongSigner'), expected, name);
    refused.push({ name, network_id: id, signer, signed: value, refused: expected });
  };
  const [, update] = statements[0];
  const good = await signed(network_id, update, alice.private_key);

  await refuse('one byte short', network_id, alice.address, cut(good, 0, 113), 'Length');
  await refuse('one byte long', network_id, alice.address, join(good, '0x00'), 'Length');
  await refuse('no bytes', network_id, alice.address, '0x', 'Length');
  await refuse('only the statement', network_id, alice.address, cut(good, 0, 49), 'Length');
  await refuse('two of them', network_id, alice.address, join(good, good), 'Length');
  for (const kind of [0n, 5n, 6n, 128n, 255n]) {
    const value = await signed(network_id, { ...update, slot: 0n, kind }, alice.private_key);
    await refuse(`kind ${kind}, well signed`, network_id, alice.address, value, 'UnknownKind');
  }
  for (const kind of [3n, 4n]) {
    for (const slot of [1n, 1n << 63n, U64]) {
      const value = await signed(network_id, { kind, cycle: 7n, slot, digest: vote }, alice.private_key);
      await refuse(`kind ${kind} with slot ${slot}, well signed`, network_id, alice.address, value, 'SlotNotZero');
    }
  }
  const noKind = await signed(network_id, { ...update, kind: 5n }, alice.private_key);
  await refuse('an unknown kind before a wrong v', network_id, alice.address, join(cut(noKind, 0, 113), '0x00'), 'UnknownKind');
  const noSlot = await signed(network_id, { ...update, kind: 3n }, alice.private_key);
  await refuse('a slot that must be zero before a wrong v', network_id, alice.address, join(cut(noSlot, 0, 113), '0x00'), 'SlotNotZero');

  const { signing_digest } = statementHashes(network_id, update);
  for (const [what, value, fault] of await spoiled(signing_digest, cut(good, 49))) {
    await refuse(what, network_id, alice.address, join(statementBytes(update), value), fault);
  }

  const wrong = (name, value, id = network_id, signer = alice.address) => refuse(name, id, signer, value, 'WrongSigner');
  await wrong('signed for another network', good, other);
  await wrong('signed by another key', await signed(network_id, update, bob.private_key));
  await wrong('the expected signer is zero', good, network_id, `0x${'00'.repeat(20)}`);
  await wrong('the expected signer differs in one bit', good, network_id, flip(alice.address, 0));
  const flipped = async (what, statement, changed) => {
    const value = await signed(network_id, statement, alice.private_key);
    await wrong(what, join(statementBytes(changed), cut(value, 49)));
  };
  await flipped('kind 1 became 2', update, { ...update, kind: 2n });
  await flipped('kind 2 became 1', { ...update, kind: 2n }, update);
  await flipped('kind 3 became 4', statements[2][1], { ...statements[2][1], kind: 4n });
  for (const bit of [0n, 63n]) {
    await flipped(`bit ${bit} of the cycle`, update, { ...update, cycle: update.cycle ^ (1n << bit) });
    await flipped(`bit ${bit} of the slot`, update, { ...update, slot: update.slot ^ (1n << bit) });
  }
  await flipped('cycle and slot exchanged', update, { ...update, cycle: update.slot, slot: update.cycle });
  for (const bit of [0, 255]) await flipped(`bit ${bit} of the digest`, update, { ...update, digest: flip(update.digest, bit) });
  const { r, s, v } = parts(cut(good, 49));
  let bit = 0n;
  while (pointAt(r ^ (1n << bit), v) === null) bit += 1n;
  const spoil = (value) => join(statementBytes(update), value);
  await wrong(`bit ${bit} of r`, spoil(signature(r ^ (1n << bit), s, v)));
  await wrong('bit 0 of s', spoil(signature(r, s ^ 1n, v)));
  await wrong('the other v', spoil(signature(r, s, v === 27 ? 28 : 27)));
  must(size(good) === 114 && cut(good, 0, 1) === u8(1), 'a signed statement has a wrong shape');
  return refused;
}

export default async function make() {
  return {
    about:
      'Statements, their typed-data hashes and signatures. `signed` is the 49 bytes of the statement and the 65 of the signature; where `private_key` is null, r and s were chosen and the signer is whoever fits. Refusals are checked in the order Length, UnknownKind, SlotNotZero, BadV, BadScalar, HighS, Unrecoverable, WrongSigner (the recovered address is not `signer`).',
    cases: await accepted(),
    refused: await refusals(),
  };
}
