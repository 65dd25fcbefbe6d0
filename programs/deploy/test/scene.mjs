// A folder with keys and a plan in it, and the script that is run on them.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { base58 } from '../src/bytes.mjs';
import { fileOf, newKey } from '../src/keys.mjs';
import { ROOT } from './chain.mjs';

export class Scene {
  constructor({ url, deployer, mint }) {
    this.folder = mkdtempSync(join(tmpdir(), 'williw-deploy-'));
    this.file = join(this.folder, 'deployment.json');
    [this.governor, this.guardian] = [newKey(), newKey()].map((key) => base58(key.address));
    Object.assign(this, { url, deployer, mint });
    this.key('deployer', deployer);
  }

  remove() {
    rmSync(this.folder, { recursive: true });
  }

  key(name, key, mode = 0o600) {
    const file = join(this.folder, `${name}.json`);
    writeFileSync(file, fileOf(key), { mode });
    return file;
  }

  // The plan that is checked in, filled in, and then changed.
  plan(change = () => {}, cluster = 'localnet') {
    const plan = JSON.parse(readFileSync(join(ROOT, `programs/deploy/${cluster}.json`), 'utf8'));
    const { governor, guardian } = this;
    const known = {
      base: 'none',
      mint: base58(this.mint),
      token_decimals: '9',
      governor,
      governor_is: 'key',
      guardian,
    };
    Object.assign(plan, known, { genesis: '1700000000' });
    change(plan);
    const file = join(this.folder, 'plan.json');
    writeFileSync(file, JSON.stringify(plan));
    return file;
  }

  flags(overrides = {}) {
    const flags = {
      cluster: 'localnet',
      url: this.url,
      program: join(ROOT, 'programs/localnet-keypair.json'),
      deployer: join(this.folder, 'deployer.json'),
      plan: overrides.plan ?? this.plan(),
      deployment: this.file,
      ...overrides,
    };
    const given = Object.entries(flags).filter(([, value]) => value !== undefined);
    return given.flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, value]));
  }

  // `watch` sees what it says while it runs, and may kill it.
  async run(overrides = {}, watch = () => {}) {
    const running = spawn(join(ROOT, 'scripts/deploy-program'), this.flags({ yes: true, ...overrides }));
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) {
      running[name].on('data', (part) => {
        said[name] += part;
        watch(said[name], running);
      });
    }
    running.stdin.end();
    const code = await new Promise((done) => running.once('close', done));
    return { code, ...said };
  }
}
