// One endpoint of the chain. It is believed in nothing that can be computed or compared here, and its address, which
// may hold a key, is in no word that this program says.
import { OUTSIDE, Refused, misused, quoted } from './refused.mjs';

// The largest answer is the account of a program, 10 MiB in base 64.
const ANSWER_CAP = 16 * 1024 * 1024;
const ANSWER_MS = 60_000;
export const TRIES = 6;
const PAUSE_MS = 250;
// Of a busy or restarting endpoint.
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The code by which an endpoint says that it has not come to the slot that is asked for.
const NOT_THERE_YET = -32016;

// Whoever is asked for these can be told to answer as of a slot or later.
const DATED = new Set([
  'getMultipleAccounts',
  'getLatestBlockhash',
  'getBlockHeight',
  'getSlot',
  'getSignaturesForAddress',
  'sendTransaction',
]);

// What the chain itself said no to. `reason` is the JSON of the error.
export class RpcRefusal extends Refused {
  constructor(method, error) {
    super(`the endpoint refused ${method}: ${quoted(error.message)}`, 'see what it says', OUTSIDE);
    this.reason = error;
  }
}

// Behind one address there may be several machines, some of them behind: what one of them showed, another may not
// have heard of. So each question asks for the newest slot that any answer was of.
export class Rpc {
  #url;
  #headers = { 'content-type': 'application/json' };
  #ids = 0;
  #seen = {};

  constructor(url) {
    const { address, pair } = parse(url);
    this.#url = address;
    if (pair) this.#headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }

  // A slot was reached at a commitment.
  saw(commitment, slot) {
    if (Number.isSafeInteger(slot) && slot > (this.#seen[commitment] ?? 0)) this.#seen[commitment] = slot;
  }

  async call(method, params = []) {
    const options = params.at(-1);
    const commitment = options?.preflightCommitment ?? options?.commitment;
    const least = DATED.has(method) && this.#seen[commitment];
    const answer = await this.#persist(
      method,
      least ? [...params.slice(0, -1), { ...options, minContextSlot: least }] : params,
    );
    this.saw(commitment, method === 'getSlot' ? answer : answer?.context?.slot);
    return answer;
  }

  async #persist(method, params) {
    let fault;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      if (attempt) await pause(PAUSE_MS * 2 ** (attempt - 1));
      try {
        return await this.#ask(method, params);
      } catch (thrown) {
        if (!thrown.isPassing) throw thrown;
        fault = thrown;
      }
    }
    throw fault;
  }

  async #ask(method, params) {
    const body = JSON.stringify({ jsonrpc: '2.0', id: (this.#ids += 1), method, params });
    let response, letters;
    try {
      response = await fetch(this.#url, {
        method: 'POST',
        headers: this.#headers,
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      letters = await capped(response, method);
    } catch (fault) {
      if (fault instanceof Refused) throw fault;
      throw passing(`the endpoint does not answer ${method} (${quoted(fault.cause?.code ?? fault.name)})`);
    }
    if (PASSING.has(response.status)) throw passing(`the endpoint answers ${method} with HTTP ${response.status}`);
    const answer = parsed(letters);
    if (answer?.error?.code === NOT_THERE_YET) {
      throw passing(`the endpoint answers ${method} as of a time before what it showed already`);
    }
    if (answer?.error && typeof answer.error === 'object') throw new RpcRefusal(method, answer.error);
    if (!response.ok || answer?.result === undefined) {
      throw unusable(`the endpoint answers ${method} with HTTP ${response.status} and nothing of use`);
    }
    return answer.result;
  }
}

// The address, and the name and the password that stood in it: nothing can be asked of one that has them in it.
function parse(letters) {
  const hint = 'give the address of an RPC endpoint of the cluster: --url https://...';
  let url, pair;
  try {
    url = new URL(letters);
    pair = [url.username, url.password].map(decodeURIComponent).join(':');
  } catch {
    throw misused('what --url names is no address', hint);
  }
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isHere)) {
    throw misused('--url takes https, and http only on this machine', hint);
  }
  Object.assign(url, { username: '', password: '' });
  return { address: url, pair: pair !== ':' && pair };
}

async function capped(response, method) {
  const parts = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > ANSWER_CAP) throw unusable(`the endpoint answers ${method} with more than ${ANSWER_CAP} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(letters) {
  try {
    return JSON.parse(letters);
  } catch {
    return null;
  }
}

function unusable(message) {
  return new Refused(message, 'try another endpoint of the cluster', OUTSIDE);
}

function passing(message) {
  const hint = 'is it up, and of this cluster? run the same again; what was sent is taken up';
  return Object.assign(new Refused(message, hint, OUTSIDE), { isPassing: true });
}
