// From the command line to a network that has begun: look at everything, say what is going to be done, ask, do it,
// and read it back. Data goes to stdout and words to stderr.
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';

import * as argumentsOf from './arguments.mjs';
import * as authority from './authority.mjs';
import * as builds from './build.mjs';
import { base58, equal, hex } from './bytes.mjs';
import * as config from './config.mjs';
import * as costs from './costs.mjs';
import * as deploying from './deploy.mjs';
import * as history from './history.mjs';
import { readKey } from './keys.mjs';
import * as loader from './loader.mjs';
import * as mints from './mint.mjs';
import * as plans from './plan.mjs';
import * as record from './record.mjs';
import { INTERRUPTED, OUTSIDE, Refused, misused, quoted } from './refused.mjs';
import { planned } from './report.mjs';
import { Rpc } from './rpc.mjs';
import * as sites from './site.mjs';
import * as soundness from './soundness.mjs';
import * as upload from './upload.mjs';

const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..');

const say = (words) => console.error(`deploy-program: ${words}`);
const warn = (words, hint) => console.error(`warning: ${words}\nhint: ${hint}`);

// Whoever has read the key of the deployer can do whatever that can.
function refuseOpen(words, hint) {
  throw misused(words, `${hint}; if others may have read it, make another key`);
}

// Everything that can be known before anything is sent. There is no plan where only the bytecode is to be put there.
async function survey(options) {
  const plan = options['bytecode-only'] ? null : plans.readPlan(options.plan, options.cluster);
  const isLocal = options.cluster === 'localnet';
  const deployer = readKey(options.deployer, "deployer's key", isLocal ? warn : refuseOpen, '--deployer');
  // That of local networks is everybody's.
  const program = readKey(options.program, "program's key", isLocal ? () => {} : warn, '--program');
  if (equal(deployer.address, program.address)) {
    throw misused('the deployer and the program are one key', 'make a key for the program alone');
  }
  const build = builds.readBuild(builds.placesOf(ROOT, options.build), program.address);
  const rpc = new Rpc(options.url);
  const genesisHash = await sites.checkCluster(rpc, options.cluster);
  await sites.checkFeatures(rpc, options.cluster, warn);
  const addresses = sites.addressesOf(program.address);
  const state = await sites.look(rpc, addresses, { mint: plan?.mint, deployer: deployer.address });
  const decided = plan && decidedBy(plan, { program: program.address, genesisHash, state });
  const site = { addresses, genesisHash, deployer: deployer.address, ...decided };
  const file = resolve(options.deployment ?? join(ROOT, 'programs/deployments', `${base58(genesisHash)}.json`));
  // The bytecode alone is written into no file.
  if (plan) record.check(file, { program: program.address, genesisHash });
  checkProgram(state, build, deployer);
  if (!state.config) await checkHistory(rpc, addresses, state, 'confirmed');
  return { options, plan, deployer, program, build, rpc, site, state, file, price: options.priority };
}

// What the network will be, if the plan is sound.
function decidedBy(plan, { program, genesisHash, state }) {
  soundness.check(plan, state.now);
  const network = config.networkOf(plan, { program, genesisHash });
  plans.checkBase(plan, { program, genesisHash, networkId: network });
  const token = mints.read(plan.mint, state.mint, plan.token_decimals);
  return { network, token, tokenProgram: token.program };
}

// What stands already is what would be deployed, and ours to go on with.
function checkProgram({ program, config: begun }, build, deployer) {
  if (!program && begun) {
    throw new Refused('a network has begun there, and its program is gone', 'make another key, and build for it');
  }
  if (!program) return;
  if (!loader.holds(program.held, build.bytecode)) {
    throw new Refused(
      'the program stands with other bytecode',
      'name the build that it was deployed from with --build; each toolchain makes bytes of its own',
    );
  }
  if (!begun && !(program.authority && equal(program.authority, deployer.address))) {
    throw misused(
      `the program stands without a network, and its upgrade authority is ${loader.nameOf(program.authority)}`,
      'only that authority can begin it: name its key with --deployer',
    );
  }
}

// Other code at this address can have written accounts of the network that is to begin, and nobody could ever see it.
// Who does not show how a program came there that stands says nothing of what stood there before.
async function checkHistory(rpc, addresses, { program }, commitment) {
  const asked = { standsSince: program?.slot, commitment, say };
  const origin = program && (await history.originOf(rpc, addresses, asked));
  if (program && !origin) {
    throw new Refused(
      'the endpoint does not show how the program came there',
      'run the same again with one that keeps its history; no network begins where other bytecode can have stood',
      OUTSIDE,
    );
  }
  const isUsed = program ? !origin.deployed : await history.wasUsed(rpc, addresses, { say });
  if (!isUsed) return;
  throw new Refused(
    `other bytecode stood at ${base58(addresses.program)} before, and can have written what it liked`,
    'nobody would believe a network there: make another key, and build for it',
  );
}

function configOf(task, account) {
  const found = task.build.idl.account('Config', account.bytes);
  if (found === null || !equal(account.owner, task.program.address)) {
    throw new Refused(
      'what stands where the config belongs is none',
      'is this the build that the program was made of?',
    );
  }
  return found;
}

async function run(options) {
  const task = await survey(options);
  const { state } = task;
  // Once the program stands its key is of no use: what is left in the buffer its authority can take back without.
  if (state.program && !options['dry-run']) upload.forgetBuffer(bufferFileOf(task));
  if (!task.plan) return putThere(task);
  if (state.config) config.compare(configOf(task, state.config), task.plan, task.site);
  if (options.finalize || task.options.heir) return endUpgrades(task);
  if (state.config) return settled(task, 'stands', state.program.authority);
  return begin(task);
}

function putThere(task) {
  const { config: begun, program } = task.state;
  if (begun) throw misused('a network has begun there', 'run it with its plan, without --bytecode-only');
  return program ? standsAlone(task, 'put there before') : begin(task);
}

// Once the bytecode is final nobody can keep it from there any more, and everybody may know the id.
async function standsAlone(task, done) {
  const { rpc, site, build, deployer, state } = task;
  const isSo = ([data]) => data && loader.programData(data)?.slot >= (state.program?.slot ?? 0);
  const [data] = await deploying.awaitFinal(rpc, [site.addresses.programData], isSo, say);
  const program = loader.programData(data);
  checkProgram({ program, config: null }, build, deployer);
  await checkHistory(rpc, site.addresses, { program }, 'finalized');
  return { task, done };
}

const bufferFileOf = ({ file, program }) => `${file.replace(/\.json$/, '')}.${base58(program.address)}.buffer.json`;

async function begin(task) {
  const { options, rpc, build, deployer, state, price } = task;
  const { bytecode } = build;
  const bufferFile = bufferFileOf(task);
  let key = null;
  let written = null;
  if (!state.program && upload.isBegun(bufferFile)) {
    key = upload.bufferKey(bufferFile, warn);
    written = await upload.held(rpc, key, deployer.address, bytecode.length);
  }
  const begins = task.plan !== null;
  const steps = upload.steps(state.program ? null : { bytecode, written, deployer, price }, begins);
  task.cost = await costs.estimate(rpc, { build, state, begins, written, steps, price });
  show(task);
  costs.check(task.cost, state.balance);
  if (options['dry-run']) return { task, done: 'planned' };
  await agree(task, begins ? task.plan.name : base58(task.program.address), 'deploy it');

  if (!state.program) {
    key ??= upload.bufferKey(bufferFile, warn);
    await deployProgram(task, key, written);
    upload.forgetBuffer(bufferFile);
  }
  if (!begins) return standsAlone(task, 'put there');
  say('beginning the network');
  const isDone = async () => (await lookAgain(task)).config !== null;
  await deploying.beginNetwork(rpc, { deployer, plan: task.plan, build, site: task.site, price, isDone, say });
  return settled(task, 'deployed', deployer.address);
}

async function deployProgram(task, key, written) {
  const { rpc, deployer, program, build, price, cost } = task;
  const length = build.bytecode.length;
  if (written === null) {
    say(`making the buffer ${base58(key.address)}`);
    const isDone = async () => (await upload.held(rpc, key, deployer.address, length)) !== null;
    await deploying.makeBuffer(rpc, { deployer, key, length, lamports: cost.buffer, price, isDone, say });
  } else {
    say(`taking the buffer ${base58(key.address)} up`);
  }
  await upload.fill(rpc, { deployer, key, bytecode: build.bytecode, price, say });
  say('deploying the program');
  const lamports = cost.program;
  const isDone = async () => (await lookAgain(task)).program !== null;
  await deploying.makeProgram(rpc, { deployer, program, buffer: key.address, length, lamports, price, isDone, say });
  const { program: deployed } = await lookAgain(task);
  if (!deployed) {
    throw new Refused('the endpoint does not show the program that was deployed', 'run the same again', OUTSIDE);
  }
  await deploying.awaitSlotAfter(rpc, deployed.slot);
}

const lookAgain = (task) =>
  sites.look(task.rpc, task.site.addresses, { mint: task.plan?.mint, deployer: task.deployer.address });

// What is final is compared with the plan and written down. `authority` is who can upgrade it by then: what was
// confirmed a moment ago is not final yet, and what was before is not so any more.
async function settled(task, done, authority) {
  const { rpc, site, plan, build, state } = task;
  const { config: address, programData } = site.addresses;
  const isSo = ([held, data]) => {
    const program = held && data && loader.programData(data);
    if (!program || program.slot < (state.program?.slot ?? 0)) return false;
    return authority === null ? program.authority === null : equal(program.authority ?? [], authority);
  };
  const [held, data] = await deploying.awaitFinal(rpc, [address, programData], isSo, say);
  const found = configOf(task, held);
  config.compare(found, plan, site);
  const program = loader.programData(data);
  if (!program || !loader.holds(program.held, build.bytecode)) {
    throw new Refused(
      'the program that is final is not what was sent',
      'look at it with another endpoint before anything else',
    );
  }
  if (done === 'deployed') config.checkFresh(found);
  const fromSlot = await deployedIn(task, program);
  const content = record.render({ plan, site, build, config: found, program, fromSlot });
  if (task.options['dry-run']) return { task, done, content };
  if (record.write(task.file, content)) say(`wrote ${task.file}`);
  return { task, done, content };
}

// Since when there is a network to look for. Later endpoints may not show it any more, and then the file knows it.
async function deployedIn({ rpc, site, file }, program) {
  const origin = await history.originOf(rpc, site.addresses, {
    standsSince: program.slot,
    commitment: 'finalized',
    say,
  });
  if (origin?.deployed) return origin.deployed;
  if (origin) {
    warn(
      `other bytecode stood there until slot ${origin.replaced}, and \`williw deploy verify\` will say so`,
      'publish what it was, and what it was replaced for',
    );
    return program.slot;
  }
  const known = record.fromSlotOf(file);
  if (known === null) {
    throw new Refused(
      'the endpoint does not show how the program came there',
      'run the same again with one that keeps its history; the network stands',
      OUTSIDE,
    );
  }
  warn('the endpoint does not show how the program came there', `what ${file} says of it stays`);
  return known;
}

async function endUpgrades(task) {
  const { options, rpc, state, deployer, price } = task;
  const { heir } = options;
  const asked = { state, deployer: deployer.address, heir };
  if (!(await authority.check(rpc, asked))) {
    return settled(task, heir ? 'handed over before' : 'finalized before', heir);
  }
  show(task);
  say(
    heir
      ? `the right to upgrade goes to ${base58(heir)}; a wrong address is final`
      : 'the right to upgrade ends, for ever',
  );
  if (options['dry-run']) return { task, done: 'planned' };
  // Of a hand-over the address is what cannot be corrected.
  await agree(task, base58(heir ?? task.program.address), heir ? 'hand it over' : 'give the right up');
  const isDone = async () => !(await authority.check(rpc, { ...asked, state: await lookAgain(task) }));
  const instructions = [authority.instruction(task.program.address, deployer.address, heir)];
  const { buffer: units } = deploying.UNITS;
  await deploying.send(rpc, { keys: [deployer], instructions, units, price, isDone, say, commitment: 'finalized' });
  return settled(task, heir ? 'handed over' : 'finalized', heir);
}

function show(task) {
  const words = planned(task);
  if (task.options.json) console.error(words);
  else console.log(words);
}

// Somebody at a keyboard types what it is about, or a flag said that nobody has to.
async function agree({ options }, word, what) {
  if (options.yes) return;
  if (!process.stdin.isTTY) throw misused('nobody is there to be asked', 'say --yes if it shall be done unasked');
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // It ends without an answer by Ctrl-C and by Ctrl-D.
  const broken = () => {
    console.error('');
    interrupted();
  };
  asking.once('close', broken);
  const typed = await asking.question(`type ${word} to ${what}: `);
  asking.off('close', broken);
  asking.close();
  if (typed.trim() !== word) throw new Refused('that was something else; nothing was sent', `type ${word} to go on`);
}

const WORDS = {
  planned: 'nothing was sent',
  'put there': 'the bytecode stands; no network has begun with it',
  'put there before': 'the bytecode stood before; no network has begun with it; nothing was sent',
  stands: 'the network stands as the plan says; nothing was sent',
  deployed: 'the network has begun',
  finalized: 'nobody can upgrade the program any more',
  'finalized before': 'nobody can upgrade the program any more; nothing was sent',
  'handed over': 'the right to upgrade is handed over',
  'handed over before': 'the right to upgrade was handed over before; nothing was sent',
};

function finish({ task, done, content = null }) {
  const { options, cost, site } = task;
  say(WORDS[done]);
  // What the vault on Base has to be told, in the words of its file. Before the bytecode stands nobody is to know it.
  const isAlone = done === 'put there' || done === 'put there before';
  const onBase = isAlone
    ? { solana_genesis_hash: hex(site.genesisHash), solana_program_id: hex(site.addresses.program) }
    : null;
  if (options.json) {
    const amounts = cost && { stays: String(cost.stays), fees: String(cost.fees), needed: String(cost.needed) };
    const answer = {
      done,
      network_id: site.network ? hex(site.network) : null,
      on_base: onBase,
      cost: amounts ?? null,
      file: content && task.file,
      deployment: content,
    };
    console.log(JSON.stringify(answer, null, 2));
  } else if (content) {
    console.log(`${'file'.padEnd(10)}${task.file}`);
  } else if (onBase) {
    say('a vault on Base is told, in its file:');
    for (const [key, value] of Object.entries(onBase)) console.log(`${key.padEnd(20)} ${value}`);
  }
}

function interrupted() {
  console.error('error: interrupted\nhint: run the same again; it goes on where it broke off');
  process.exit(INTERRUPTED);
}

async function main() {
  process.on('SIGINT', interrupted);
  process.on('SIGTERM', interrupted);
  const options = argumentsOf.read(process.argv.slice(2));
  if (options.help) console.log(argumentsOf.USAGE.trimEnd());
  else finish(await run(options));
}

try {
  await main();
} catch (fault) {
  // Anything else than a refusal is a fault of this program. Its words may quote anything, so they are cut like
  // others'.
  const { hint, code = 1 } =
    fault instanceof Refused ? fault : { hint: 'this is a fault of deploy-program; report it' };
  console.error(`error: ${fault instanceof Refused ? fault.message : quoted(fault.stack, 2000)}\nhint: ${hint}`);
  process.exitCode = code;
}
