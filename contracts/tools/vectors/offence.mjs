import { U64, cut, join, label, must, same, size } from './form.mjs';
import { networkId, networks } from './network_id.mjs';
import { judge, key, parts, signature, spoiled, twin } from './secp.mjs';
import { parseStatement, shapeFault, signed, statementBytes, statementHashes } from './typed.mjs';

const network_id = networkId(networks.both);
const alice = key('offender');
const bob = key('bob');
const left = label('left');
const right = label('right');
const slot = (2n << 32n) | 17n;

/** Two signed statements by one key that conflict, for the journal. */
export async function evidence(id, signerKey, cycle, kind = 1n) {
  const one = { kind, cycle, slot: kind <= 2n ? slot : 0n, digest: left };
  return join(await signed(id, one, signerKey.private_key), await signed(id, { ...one, digest: right }, signerKey.private_key));
}

/** The question, answered step by step in the order of checks. */
async function decide({ network_id: id, cycle, evidence_cycles, tenure, term, jailed, evidence: raw }) {
  if (size(raw) !== 228) return 'Length';
  const halves = [cut(raw, 0, 114), cut(raw, 114)];
  for (const half of halves) if (shapeFault(half) !== null) return shapeFault(half);
  const both = halves.map(parseStatement);
  const signers = [];
  for (const [i, half] of halves.entries()) {
    const { fault, address } = await judge(statementHashes(id, both[i]).signing_digest, cut(half, 49));
    if (fault !== undefined) return fault;
    signers.push(address);
  }
  if (signers[0] !== signers[1]) return 'DifferentSigners';
  const keys = both.map((one) => (one.kind <= 2n ? `${one.kind} slot ${one.slot}` : `${one.kind} cycle ${one.cycle}`));
  if (keys[0] !== keys[1] || both[0].digest === both[1].digest) return 'NoConflict';
  if (tenure === null || tenure.signer !== signers[0]) return 'UnknownSigner';
  if (jailed) return 'Jailed';
  const inside = (at) => tenure.from <= at && (tenure.through === null || at <= tenure.through);
  if (tenure.term !== term || !both.every((one) => inside(one.cycle))) return 'OutsideTenure';
  if (both.some((one) => cycle - one.cycle > evidence_cycles)) return 'TooOld';
  return 'Convicted';
}

export default async function make() {
  const cases = [];
  const open = { signer: alice.address, from: 90n, through: null, term: 0n };
  const usual = { network_id, cycle: 100n, evidence_cycles: 5n, tenure: open, term: 0n, jailed: false };
  const sign = (statement, by = alice, id = network_id) => signed(id, statement, by.private_key);
  const put = async (name, expected, raw, changes = {}) => {
    const one = { name, ...usual, ...changes, evidence: raw };
    same(await decide(one), expected, name);
    cases.push({ ...one, verdict: expected });
  };
  const update = { kind: 1n, cycle: 99n, slot, digest: left };
  const other = { ...update, digest: right };
  const vote = { kind: 3n, cycle: 99n, slot: 0n, digest: left };
  const pair = async (a, b, byA = alice, byB = byA, id = network_id) => join(await sign(a, byA, id), await sign(b, byB, id));
  const good = await pair(update, other);
  const [first, second] = [cut(good, 0, 114), cut(good, 114)];

  for (const kind of [1n, 2n, 3n, 4n]) {
    const at = kind <= 2n ? slot : 0n;
    await put(`kind ${kind}, two digests`, 'Convicted', await pair({ ...update, kind, slot: at }, { ...other, kind, slot: at }));
  }
  await put('the same two in the other order', 'Convicted', join(second, first));
  await put('digests that differ in one bit', 'Convicted', await pair(update, { ...update, digest: `${left.slice(0, -1)}${(parseInt(left.at(-1), 16) ^ 1).toString(16)}` }));
  await put('slot 0', 'Convicted', await pair({ ...update, slot: 0n }, { ...other, slot: 0n }));
  await put('the largest slot', 'Convicted', await pair({ ...update, slot: U64 }, { ...other, slot: U64 }));
  await put('in another network, with its id', 'Convicted', await pair(update, other, alice, alice, networkId(networks.other)), { network_id: networkId(networks.other) });

  // What is no conflict.
  for (const kind of [1n, 2n]) {
    await put(`kind ${kind}, same slot in two cycles`, 'Convicted', await pair({ ...update, kind, cycle: 98n }, { ...other, kind }));
    await put(`kind ${kind}, same slot in two cycles, the later one first`, 'Convicted', await pair({ ...update, kind }, { ...other, kind, cycle: 98n }));
    await put(`kind ${kind}, two slots`, 'NoConflict', await pair({ ...update, kind }, { ...other, kind, slot: slot + 1n }));
    await put(`kind ${kind}, two runs`, 'NoConflict', await pair({ ...update, kind }, { ...other, kind, slot: slot + (1n << 32n) }));
    await put(`kind ${kind}, one digest in two cycles`, 'NoConflict', await pair({ ...update, kind, cycle: 98n }, { ...update, kind }));
  }
  for (const kind of [3n, 4n]) {
    await put(`kind ${kind}, two cycles`, 'NoConflict', await pair({ ...vote, kind, cycle: 98n }, { ...vote, kind, digest: right }));
    await put(`kind ${kind}, one digest twice`, 'NoConflict', await pair({ ...vote, kind }, { ...vote, kind }));
  }
  await put('one statement twice', 'NoConflict', join(first, first));
  await put('kinds 1 and 2 with one slot', 'NoConflict', await pair(update, { ...other, kind: 2n }));
  await put('kinds 3 and 4 in one cycle', 'NoConflict', await pair(vote, { ...vote, kind: 4n, digest: right }));
  await put('kinds 1 and 3 in one cycle with slot 0', 'NoConflict', await pair({ ...update, slot: 0n }, { ...vote, digest: right }));

  // Tenure, both sides of every edge.
  const within = (changes) => ({ tenure: { ...open, ...changes } });
  await put('the first cycle of the tenure', 'Convicted', good, within({ from: 99n }));
  await put('one before the first cycle of the tenure', 'OutsideTenure', good, within({ from: 100n }));
  await put('the last cycle of the tenure', 'Convicted', good, within({ through: 99n }));
  await put('one after the last cycle of the tenure', 'OutsideTenure', good, within({ through: 98n }));
  await put('a tenure of one cycle', 'Convicted', good, within({ from: 99n, through: 99n }));
  await put('a tenure that never was', 'OutsideTenure', good, within({ from: 99n, through: 98n }));
  const two = await pair({ ...update, cycle: 98n }, other);
  const owt = join(cut(two, 114), cut(two, 0, 114));
  await put('only the second is inside, at the start', 'OutsideTenure', two, within({ from: 99n }));
  await put('only the first is inside, at the end', 'OutsideTenure', two, within({ through: 98n }));
  await put('only the first is inside, at the start', 'OutsideTenure', owt, within({ from: 99n }));
  await put('only the second is inside, at the end', 'OutsideTenure', owt, within({ through: 98n }));
  await put('both inside, at both edges', 'Convicted', two, within({ from: 98n, through: 99n }));
  await put('a tenure of an earlier term', 'OutsideTenure', good, { term: 1n });
  await put('a tenure of the present term, not the first', 'Convicted', good, { term: 3n, tenure: { ...open, term: 3n } });
  await put('a tenure of a later term', 'OutsideTenure', good, { term: 2n, tenure: { ...open, term: 3n } });
  await put('no tenure', 'UnknownSigner', good, { tenure: null });
  await put('the tenure of another signer', 'UnknownSigner', good, within({ signer: bob.address }));
  await put('jailed', 'Jailed', good, { jailed: true });

  // Age.
  const at = (cycle) => ({ ...update, cycle });
  await put('exactly as old as allowed', 'Convicted', await pair(at(95n), { ...other, cycle: 95n }));
  await put('one cycle too old', 'TooOld', await pair(at(94n), { ...other, cycle: 94n }));
  await put('only the first is too old', 'TooOld', await pair(at(94n), other));
  await put('only the second is too old', 'TooOld', await pair(update, { ...other, cycle: 94n }));
  await put('one as old as allowed, one of today', 'Convicted', await pair(at(95n), { ...other, cycle: 100n }));
  await put('of this cycle', 'Convicted', await pair(at(100n), { ...other, cycle: 100n }));
  await put('of the next cycle', 'Convicted', await pair(at(101n), { ...other, cycle: 101n }));
  await put('of the largest cycle', 'Convicted', await pair(at(U64), { ...other, cycle: U64 }));
  await put('one of the largest cycle and one too old', 'TooOld', await pair(at(U64), { ...other, cycle: 94n }));
  await put('of a future cycle after the last of the tenure', 'OutsideTenure', await pair(at(101n), { ...other, cycle: 101n }), within({ through: 100n }));
  await put('evidence of this cycle only, of this cycle', 'Convicted', await pair(at(100n), { ...other, cycle: 100n }), { evidence_cycles: 0n });
  await put('evidence of this cycle only, of the one before', 'TooOld', good, { evidence_cycles: 0n });
  const beginning = { cycle: 0n, tenure: { ...open, from: 0n } };
  await put('cycle 0, now cycle 0', 'Convicted', await pair(at(0n), { ...other, cycle: 0n }), beginning);
  await put('cycle 0, now the largest, every age allowed', 'Convicted', await pair(at(0n), { ...other, cycle: 0n }), { ...beginning, cycle: U64, evidence_cycles: U64 });
  await put('cycle 0, now the largest, one less allowed', 'TooOld', await pair(at(0n), { ...other, cycle: 0n }), { ...beginning, cycle: U64, evidence_cycles: U64 - 1n });
  await put('the largest cycle, now cycle 0', 'Convicted', await pair(at(U64), { ...other, cycle: U64 }), beginning);
  await put('a tenure of the largest cycle only', 'Convicted', await pair(at(U64), { ...other, cycle: U64 }), { cycle: U64, tenure: { ...open, from: U64, through: U64 } });

  // Signers.
  await put('two signers', 'DifferentSigners', await pair(update, other, alice, bob));
  await put('two signers, the tenure of the second', 'DifferentSigners', await pair(update, other, bob, alice));
  await put('signed for another network', 'DifferentSigners', good, { network_id: networkId(networks.other) });
  await put('the second signed for another network', 'DifferentSigners', join(first, await sign(other, alice, networkId(networks.other))));
  const { r, s, v } = parts(cut(second, 49));
  await put('the second with the other v', 'DifferentSigners', join(first, statementBytes(other), signature(r, s, v === 27 ? 28 : 27)));
  await put('digests of two signed statements exchanged', 'DifferentSigners', join(statementBytes(other), cut(first, 49), statementBytes(update), cut(second, 49)));

  // Shape and signatures.
  await put('no bytes', 'Length', '0x');
  await put('one byte short', 'Length', cut(good, 0, 227));
  await put('one byte long', 'Length', join(good, '0x00'));
  await put('one statement only', 'Length', first);
  await put('three statements', 'Length', join(good, first));
  for (const kind of [0n, 5n, 255n]) {
    const [a, b] = [{ ...update, kind }, { ...other, kind }];
    await put(`kind ${kind}, well signed`, 'UnknownKind', await pair(a, b));
    await put(`the first of kind ${kind}`, 'UnknownKind', await pair(a, other));
    await put(`the second of kind ${kind}`, 'UnknownKind', await pair(update, b));
  }
  for (const kind of [3n, 4n]) {
    const [a, b] = [{ ...vote, kind, slot: 1n }, { ...vote, kind, digest: right }];
    await put(`kind ${kind}, both with slot 1`, 'SlotNotZero', await pair(a, { ...b, slot: 1n }));
    await put(`kind ${kind}, slot 1 in the first`, 'SlotNotZero', await pair(a, b));
    await put(`kind ${kind}, slot 1 in the second`, 'SlotNotZero', await pair(b, a));
  }
  for (const [what, value, fault] of await spoiled(statementHashes(network_id, update).signing_digest, cut(first, 49))) {
    await put(`first: ${what}`, fault, join(statementBytes(update), value, second));
  }
  for (const [what, value, fault] of await spoiled(statementHashes(network_id, other).signing_digest, cut(second, 49))) {
    await put(`second: ${what}`, fault, join(first, statementBytes(other), value));
  }
  const malleated = join(statementBytes(update), twin(cut(first, 49)));
  await put('one statement and its twin with the high s', 'HighS', join(first, malleated));

  // The order of checks.
  const noV = join(cut(first, 0, 113), '0x00');
  const noR = join(statementBytes(other), signature(0n, s, v));
  await put('a wrong v in the first before r = 0 in the second', 'BadV', join(noV, noR));
  await put('an unknown kind in the second before a wrong v in the first', 'UnknownKind', join(noV, await sign({ ...other, kind: 5n })));
  await put('a signature fault in the second before two signers', 'BadScalar', join(await sign(update, bob), noR));
  await put('two signers before no conflict', 'DifferentSigners', await pair(update, update, alice, bob));
  await put('no conflict before an unknown signer', 'NoConflict', join(first, first), { tenure: null });
  await put('an unknown signer before jail', 'UnknownSigner', good, { tenure: null, jailed: true });
  await put('jail before the tenure', 'Jailed', good, { ...within({ from: 100n }), jailed: true });
  await put('jail before an earlier term', 'Jailed', good, { term: 1n, jailed: true });
  await put('the tenure before the age', 'OutsideTenure', await pair(at(80n), { ...other, cycle: 80n }));
  must(cases.length > 100, 'too few offences');
  return {
    about:
      'Whether 228 bytes of evidence slash. `cycle` is the present one, `through` null means that the tenure is still open, `term` is the operator\'s. The verdict is Convicted or the first of: Length, UnknownKind, SlotNotZero (of the first, then the second statement), the signature faults of the first, then of the second, DifferentSigners, NoConflict, UnknownSigner, Jailed, OutsideTenure, TooOld. A statement of a future cycle is not too old.',
    cases,
  };
}
