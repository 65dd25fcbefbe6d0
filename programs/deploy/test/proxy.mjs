// In front of the chain: counts what it is asked, and lies or breaks off as a test wants.
import { createServer } from 'node:http';

export class Proxy {
  static async start(target) {
    const proxy = new Proxy(target);
    await new Promise((done) => proxy.server.listen(0, '127.0.0.1', done));
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}/s3cr3t-key`;
    return proxy;
  }

  constructor(target) {
    this.server = createServer((request, response) => this.#answer(request, response, target));
    this.honest();
  }

  honest() {
    Object.assign(this, { counts: {}, lies: {}, edits: {}, breaksAfter: Infinity, breaksAt: null });
  }

  get sent() {
    return this.counts.sendTransaction ?? 0;
  }

  async #answer(request, response, target) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const { method, id } = JSON.parse(body);
    this.authorization = request.headers.authorization;
    this.counts[method] = (this.counts[method] ?? 0) + 1;
    // From then on nothing goes through, as if the network were gone.
    if (method === 'sendTransaction' && this.#isLast(JSON.parse(body))) this.breaksAfter = 0;
    if (this.sent > this.breaksAfter) return request.socket.destroy();
    if (method in this.lies) return response.end(JSON.stringify({ jsonrpc: '2.0', id, ...this.lies[method] }));
    const answer = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    const edit = this.edits[method];
    if (!edit) return response.end(await answer.text());
    const { params } = JSON.parse(body);
    return response.end(JSON.stringify(edit(await answer.json(), params)));
  }

  // Whether this is the transaction that must not go through.
  #isLast({ params: [transaction] }) {
    return this.breaksAt !== null && Buffer.from(transaction, 'base64').includes(this.breaksAt);
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }
}
