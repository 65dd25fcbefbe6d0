// How a run ends that does not do what was asked: what is wrong, what to do about it, and the code of the process.
//
//   1  it failed
//   2  the command line, the plan, a key or another file is not what it has to be
//   3  the chain did not answer, not as it should, or it refused
export const FAILED = 1;
export const USAGE = 2;
export const OUTSIDE = 3;
export const INTERRUPTED = 130;

export class Refused extends Error {
  constructor(message, hint, code = FAILED) {
    super(message);
    Object.assign(this, { hint, code });
  }
}

// Something that the person at the keyboard named is not what it has to be.
export function misused(message, hint) {
  return new Refused(message, hint, USAGE);
}

// What others wrote may hold anything: one line of it, not too long, without what steers a terminal and without
// addresses, which may have keys in them.
export function quoted(text, most = 200) {
  const line = String(text)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .replace(/\b\w+:\/\/\S+/g, '<address>');
  return line.length > most ? `${line.slice(0, most)}...` : line;
}
