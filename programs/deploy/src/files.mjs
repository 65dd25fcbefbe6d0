// Files that are there whole or not at all.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { misused } from './refused.mjs';

export function writeWhole(file, letters, mode = 0o644) {
  const part = `${file}.${process.pid}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    const open = openSync(part, 'wx', mode);
    try {
      // Of what does not go in one piece, all of it.
      writeFileSync(open, letters);
      fsyncSync(open);
    } finally {
      closeSync(open);
    }
    renameSync(part, file);
    // The name is safe once the folder is.
    const folder = openSync(dirname(file), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } catch (fault) {
    rmSync(part, { force: true });
    throw misused(`${file} cannot be written: ${fault.code ?? fault.message}`, 'name another place with --deployment');
  }
}
