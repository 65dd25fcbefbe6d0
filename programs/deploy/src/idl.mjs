// What the IDL says of instructions and accounts, in bytes. Arguments are Borsh and accounts `repr(C)` without a
// gap, which is the same for all types that are here. Numbers are bigints, addresses and arrays of bytes are
// Uint8Arrays, an Amount, which has two halves in the IDL, is one bigint.
import { concat, equal, little, number, text } from './bytes.mjs';

const INTEGERS = { u8: 1, u16: 2, u32: 4, u64: 8, u128: 16 };
const HALF = 1n << 64n;

export class Idl {
  constructor(content) {
    this.content = content;
    this.types = new Map(content.types.map(({ name, type }) => [name, type.fields]));
  }

  instruction(name, values) {
    const { discriminator, args } = this.content.instructions.find((it) => it.name === name);
    return concat(Uint8Array.from(discriminator), ...args.map((it) => this.#encode(it.type, values[it.name], it.name)));
  }

  // The fields of an account; none if the bytes are not one of this kind.
  account(name, bytes) {
    const { discriminator } = this.content.accounts.find((it) => it.name === name);
    if (bytes.length !== this.size(name) || !equal(bytes.subarray(0, 8), Uint8Array.from(discriminator))) return null;
    return this.#decode({ defined: { name } }, bytes.subarray(8));
  }

  size(name) {
    return 8 + this.#length({ defined: { name } });
  }

  #fields(type) {
    const fields = this.types.get(type.defined.name);
    if (!fields) throw new TypeError(`the IDL has no type ${type.defined.name}`);
    return fields;
  }

  #encode(type, value, path) {
    if (value === undefined) throw new TypeError(`nothing is given for ${path}`);
    if (type === 'string') return concat(little(text(value).length, 4), text(value));
    if (INTEGERS[type]) return little(value, INTEGERS[type]);
    if (type === 'pubkey' || type.array?.[0] === 'u8') return exactly(value, this.#length(type), path);
    if (type.defined?.name === 'Amount') return little(value, 16);
    if (type.defined)
      return concat(...this.#fields(type).map((it) => this.#encode(it.type, value[it.name], `${path}.${it.name}`)));
    throw new TypeError(`${path} is of a type that is not known here`);
  }

  #length(type) {
    if (INTEGERS[type]) return INTEGERS[type];
    if (type === 'pubkey') return 32;
    if (type.array) return type.array[1] * this.#length(type.array[0]);
    if (type.defined) return this.#fields(type).reduce((sum, it) => sum + this.#length(it.type), 0);
    throw new TypeError(`${JSON.stringify(type)} has no fixed size`);
  }

  #decode(type, bytes) {
    if (INTEGERS[type]) return number(bytes);
    if (type === 'pubkey' || type.array?.[0] === 'u8') return bytes.slice();
    if (type.defined?.name === 'Amount') return number(bytes.subarray(0, 8)) + HALF * number(bytes.subarray(8));
    const found = [];
    let at = 0;
    const take = (inner) => {
      const length = this.#length(inner);
      at += length;
      return this.#decode(inner, bytes.subarray(at - length, at));
    };
    if (type.array) {
      for (let left = type.array[1]; left > 0; left -= 1) found.push(take(type.array[0]));
      return found;
    }
    return Object.fromEntries(this.#fields(type).map((it) => [it.name, take(it.type)]));
  }
}

function exactly(bytes, length, path) {
  if (bytes.length !== length) throw new RangeError(`${path} has ${bytes.length} bytes, not ${length}`);
  return bytes;
}
