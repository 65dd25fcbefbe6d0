// The upgradeable loader: what it can be told, and how its accounts are laid out.
import { base58, concat, equal, little, number } from './bytes.mjs';
import { WELL_KNOWN, derived } from './keys.mjs';
import { readable, signing, writable } from './transaction.mjs';

const { loader: program, system, rent, clock } = WELL_KNOWN;

export const BUFFER_HEAD = 37;
export const PROGRAM_DATA_HEAD = 45;
export const PROGRAM_BYTES = 36;

// The first number of an account of the loader.
const KINDS = { buffer: 1n, program: 2n, programData: 3n };

export const programDataOf = (address) => derived(program, address);

export function createAccount(payer, address, lamports, space, owner) {
  const data = concat(little(0, 4), little(lamports, 8), little(space, 8), owner);
  return { program: system, accounts: [signing(writable(payer)), signing(writable(address))], data };
}

export function initializeBuffer(buffer, authority) {
  return { program, accounts: [writable(buffer), readable(authority)], data: little(0, 4) };
}

export function write(buffer, authority, offset, bytes) {
  const data = concat(little(1, 4), little(offset, 4), little(bytes.length, 8), bytes);
  return { program, accounts: [writable(buffer), signing(readable(authority))], data };
}

// `room` is how many bytes the program can have after an upgrade.
export function deploy(payer, address, buffer, authority, room) {
  const accounts = [
    signing(writable(payer)),
    writable(programDataOf(address)),
    writable(address),
    writable(buffer),
    readable(rent),
    readable(clock),
    readable(system),
    signing(readable(authority)),
  ];
  return { program, accounts, data: concat(little(2, 4), little(room, 8)) };
}

// To nobody if `next` is none, which is for ever.
export function setAuthority(address, authority, next) {
  const accounts = [writable(programDataOf(address)), signing(readable(authority))];
  return { program, accounts: next ? [...accounts, readable(next)] : accounts, data: little(4, 4) };
}

function kindOf(account) {
  return equal(account.owner, program) && account.bytes.length >= 4 ? number(account.bytes.subarray(0, 4)) : null;
}

const optional = (bytes, at) => (bytes[at] === 1 ? bytes.slice(at + 1, at + 33) : null);

// What a buffer holds and who may write to it; none if this is no buffer.
export function buffer(account) {
  if (kindOf(account) !== KINDS.buffer || account.bytes.length < BUFFER_HEAD) return null;
  return { authority: optional(account.bytes, 4), held: account.bytes.subarray(BUFFER_HEAD) };
}

// Whether this is the program that belongs to its data.
export function isProgram(account, address) {
  return (
    kindOf(account) === KINDS.program &&
    account.bytes.length === PROGRAM_BYTES &&
    equal(account.bytes.subarray(4), programDataOf(address))
  );
}

// The bytecode, who may replace it, and when it was put there; none if this is none.
export function programData(account) {
  if (kindOf(account) !== KINDS.programData || account.bytes.length < PROGRAM_DATA_HEAD) return null;
  const slot = Number(number(account.bytes.subarray(4, 12)));
  return { slot, authority: optional(account.bytes, 12), held: account.bytes.subarray(PROGRAM_DATA_HEAD) };
}

// Behind the bytecode there may be room, which is empty.
export function holds(held, bytecode) {
  const [here, rest] = [held.subarray(0, bytecode.length), held.subarray(bytecode.length)];
  return equal(here, bytecode) && rest.every((byte) => byte === 0);
}

export const nameOf = (authority) => (authority ? base58(authority) : 'nobody');
