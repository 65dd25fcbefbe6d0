// A second opinion: Foundry's cast, a Rust program, must give the answer that viem gave. Questions are collected while
// the vectors are made and asked at the end, a few at a time, because each one starts a process.
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { same } from './form.mjs';

const run = promisify(execFile);
const program = join(dirname(fileURLToPath(import.meta.url)), '../../node_modules/.bin/cast');
const questions = new Map();

const ask = async (...args) => (await run(program, args, { maxBuffer: 1 << 24 })).stdout.trim();

function later(key, what, question, answer) {
  const known = questions.get(key);
  if (known === undefined) questions.set(key, { what, question, answer });
  else same(answer, known.answer, what);
}

export const cast = {
  /** keccak(data) must be `answer`. */
  keccak(data, answer, what) {
    later(`keccak ${data}`, what, () => ask('keccak', data), answer);
  },
  /** keccak, `times` times over, of abi.encode(values) must be `answer`. */
  keccakAbi(types, values, answer, what, times = 1) {
    const args = ['abi-encode', `f(${types.join(',')})`, ...values.map(String)];
    const question = async () => {
      let data = await ask(...args);
      for (let i = 0; i < times; i += 1) data = await ask('keccak', data);
      return data;
    };
    later(`${times} ${args.join(' ')}`, what, question, answer);
  },
  /** Asks everything that was collected; throws at the first disagreement. */
  async agree() {
    const open = [...questions.values()];
    const worker = async () => {
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        same(await next.question(), next.answer, `cast disagrees on ${next.what}`);
      }
    };
    await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
  },
};
