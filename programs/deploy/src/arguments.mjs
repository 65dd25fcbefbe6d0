// The command line.
import { parseArgs } from 'node:util';

import { address } from './bytes.mjs';
import { misused } from './refused.mjs';

export const USAGE = `usage: scripts/deploy-program --cluster NAME --url URL --program FILE --deployer FILE
           (--plan FILE | --bytecode-only) [OPTION...]

Deploys the program and begins its network as a plan says, and writes where everything stands to
programs/deployments/<genesis hash>.json. Run again, it does only what is missing. Before it sends anything it
checks plan, cluster, mint, bytecode and balance, prints what it is going to do and what that costs, and asks.

  --cluster NAME      localnet, devnet or mainnet-beta
  --url URL           an RPC endpoint of that cluster; it is printed nowhere
  --program FILE      the key of the program: its address is the program's id
  --deployer FILE     the key that pays and may upgrade, until that is given up
  --plan FILE         programs/deploy/<cluster>.json, filled in
  --bytecode-only     put the bytecode there, by no plan, and begin no network: before a vault on Base says the id
  --build DIR         what scripts/build-program --id made; without it what is checked in, which is for local networks
  --deployment FILE   where to write instead
  --priority NUMBER   millionths of a lamport for each compute unit, so that a busy cluster takes it
  --dry-run           check and print everything, send nothing
  --yes               do not ask
  --json              print one JSON object on stdout, for programs

Once the network has begun, in a run of its own, with the same plan:

  --finalize          give the right to upgrade up, for ever
  --hand-to ADDRESS   hand it to the vault of a multisig

Exit codes: 0 it is done, 1 it failed, 2 a file or a flag is not what it has to be, 3 the chain did not answer or
refused.
`;

const FLAGS = {
  cluster: { type: 'string' },
  url: { type: 'string' },
  program: { type: 'string' },
  deployer: { type: 'string' },
  plan: { type: 'string' },
  'bytecode-only': { type: 'boolean', default: false },
  build: { type: 'string' },
  deployment: { type: 'string' },
  priority: { type: 'string', default: '0' },
  'hand-to': { type: 'string' },
  finalize: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};
const CLUSTERS = ['localnet', 'devnet', 'mainnet-beta'];
const HINT = './scripts/deploy-program --help';

export function read(argv) {
  let values;
  try {
    ({ values } = parseArgs({ args: argv, options: FLAGS, strict: true, allowPositionals: false }));
  } catch (fault) {
    // The parser quotes what it does not know, which may be an address behind a misspelt flag.
    throw misused(
      fault.code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION' ? 'there is no such flag' : 'the flags are not as they have to be',
      HINT,
    );
  }
  if (values.help) return values;
  const needed = ['cluster', 'url', 'program', 'deployer', ...(values['bytecode-only'] ? [] : ['plan'])];
  for (const name of needed) {
    if (!values[name]) throw misused(`--${name} is missing`, HINT);
  }
  if (!CLUSTERS.includes(values.cluster))
    throw misused(`there is no cluster of that name`, `clusters: ${CLUSTERS.join(' ')}`);
  if (!/^[0-9]{1,12}$/.test(values.priority)) throw misused('--priority is no number', HINT);
  if (values.finalize && values['hand-to']) throw misused('--finalize and --hand-to exclude each other', HINT);
  for (const name of ['plan', 'finalize', 'hand-to']) {
    if (values['bytecode-only'] && values[name]) {
      throw misused(`--bytecode-only and --${name} exclude each other`, HINT);
    }
  }
  const heir = values['hand-to'] === undefined ? null : address(values['hand-to']);
  if (values['hand-to'] !== undefined && heir === null) throw misused('--hand-to names no address', HINT);
  return { ...values, priority: BigInt(values.priority), heir };
}
