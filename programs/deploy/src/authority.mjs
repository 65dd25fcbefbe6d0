// The right to upgrade: whoever has it can take everything and lock everything in. It ends once the network has
// begun.
import { base58, equal } from './bytes.mjs';
import { WELL_KNOWN, hasKey } from './keys.mjs';
import * as loader from './loader.mjs';
import { Refused, misused } from './refused.mjs';
import { accounts } from './site.mjs';

// What has to hold before it is given up. False if there is nothing to do any more.
export async function check(rpc, { state, deployer, heir }) {
  if (!state.config) {
    throw misused(
      'the network has not begun, and without the right to upgrade it never could',
      'run it without --finalize and --hand-to first',
    );
  }
  if (heir) await checkHeir(rpc, heir, deployer);
  const { authority } = state.program;
  const isDone = heir ? authority && equal(authority, heir) : authority === null;
  if (isDone) return false;
  if (authority === null)
    throw new Refused('nobody can upgrade this program any more', 'there is nothing to hand over');
  if (!equal(authority, deployer)) {
    const hint = hasKey(authority)
      ? 'name its key with --deployer'
      : 'no key signs for that address; the multisig whose vault it is calls the loader itself';
    throw misused(`the right to upgrade is ${base58(authority)}'s, not the deployer's`, hint);
  }
  return true;
}

// Nobody checks who is handed the right, and a wrong one is final. The vault of a multisig is an address that its
// program signs for: nobody has its key, and no account of a program is there. The account of the multisig itself
// never signs.
async function checkHeir(rpc, heir, deployer) {
  const name = base58(heir);
  const hint = 'name the vault of the multisig, the address that it signs with, and compare it there';
  if (equal(heir, deployer)) throw misused(`${name} is the deployer itself`, hint);
  const [account] = (await accounts(rpc, [heir])).found;
  if (account && !equal(account.owner, WELL_KNOWN.system)) throw misused(`${name} is the account of a program`, hint);
  if (hasKey(heir)) throw misused(`${name} is a single key, not the vault of a multisig`, hint);
}

export const instruction = (program, deployer, heir) => loader.setAuthority(program, deployer, heir);
