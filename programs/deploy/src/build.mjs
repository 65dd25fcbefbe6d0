// What is deployed: a folder as scripts/build-program makes it.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { address, base58, equal, sha256 } from './bytes.mjs';
import { Idl } from './idl.mjs';
import { readJson } from './plan.mjs';
import { misused } from './refused.mjs';

// The most that an account of the loader can hold.
const BYTECODE_CAP = 10 * 1024 * 1024 - 45;

// Bytecode, IDL and manifest are of each other, and of this program.
export function readBuild(places, program) {
  const make = `scripts/build-program --id ${base58(program)} --out DIR makes it; name that folder with --build DIR`;
  const bytecode = readBytecode(places.bytecode, make);
  const idl = readJson(places.idl, 'an IDL', make);
  const manifest = readJson(places.manifest, "a build's manifest", make);
  const id = address(idl?.address);
  if (id === null || !equal(id, program)) {
    throw misused(`the bytecode is built for ${idl?.address}, and the program's key is ${base58(program)}`, make);
  }
  const hash = hashOf(bytecode);
  const made = { 'williw.so': hash, 'williw.json': hashOf(readFileSync(places.idl)) };
  for (const [name, found] of Object.entries(made)) {
    if (manifest?.artifacts?.[name]?.sha256 !== found)
      throw misused(`${name} is not what the manifest beside it says`, make);
  }
  // The id is a constant of the program.
  if (!Buffer.from(bytecode).includes(program)) throw misused('the bytecode does not hold its own id', make);
  return { bytecode, hash, idl: new Idl(idl), name: base58(program) };
}

const hashOf = (bytes) => Buffer.from(sha256(bytes)).toString('hex');

function readBytecode(file, hint) {
  try {
    const { size } = statSync(file);
    if (size === 0 || size > BYTECODE_CAP) throw misused(`${file} has ${size} bytes: that is no program`, hint);
    return Uint8Array.from(readFileSync(file));
  } catch (fault) {
    if (fault.hint) throw fault;
    throw misused(`${file} cannot be read: ${fault.code}`, hint);
  }
}

export function placesOf(root, folder) {
  const [code, idl] = folder ? [folder, folder] : [join(root, 'programs/bytecode'), join(root, 'programs/idl')];
  return {
    bytecode: join(code, 'williw.so'),
    manifest: join(code, 'manifest.json'),
    idl: join(idl, 'williw.json'),
  };
}
