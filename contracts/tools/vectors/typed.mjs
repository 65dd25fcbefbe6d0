// The two typed structures and their bytes. viem's typed-data hashing is compared with the formula written out.
import { domainSeparator, encodeAbiParameters, hashStruct, hashTypedData, keccak256 } from 'viem';

import { big, cut, join, must, same, size, text, u64, u8 } from './form.mjs';
import * as ed from './ed.mjs';
import { judge, sign } from './secp.mjs';

const EIP712Domain = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'salt', type: 'bytes32' },
];
const Statement = [
  { name: 'kind', type: 'uint8' },
  { name: 'cycle', type: 'uint64' },
  { name: 'slot', type: 'uint64' },
  { name: 'digest', type: 'bytes32' },
];
const Link = [
  { name: 'peer', type: 'bytes32' },
  { name: 'signer', type: 'address' },
  { name: 'chain', type: 'uint8' },
  { name: 'owner', type: 'bytes32' },
  { name: 'nonce', type: 'uint64' },
];

const abi = (types, values) => encodeAbiParameters(types.map((type) => ({ type })), values);
const byHand = (type, values) => {
  const signature = `${type.name}(${type.fields.map(({ type: t, name }) => `${t} ${name}`).join(',')})`;
  return keccak256(abi(['bytes32', ...type.fields.map(({ type: t }) => t)], [keccak256(text(signature)), ...values]));
};

function hashes(networkId, primaryType, fields, message) {
  const domain = { name: 'williw', version: '1', salt: networkId };
  const types = { EIP712Domain, [primaryType]: fields };
  const struct_hash = hashStruct({ data: message, primaryType, types });
  const domain_separator = domainSeparator({ domain });
  const signing_digest = hashTypedData({ domain, types, primaryType, message });

  const values = fields.map(({ name, type }) => (type === 'uint8' ? Number(message[name]) : message[name]));
  same(byHand({ name: primaryType, fields }, values), struct_hash, 'struct hash by hand');
  const domainByHand = keccak256(
    abi(['bytes32', 'bytes32', 'bytes32', 'bytes32'], [
      keccak256(text('EIP712Domain(string name,string version,bytes32 salt)')),
      keccak256(text('williw')),
      keccak256(text('1')),
      networkId,
    ]),
  );
  same(domainByHand, domain_separator, 'domain separator by hand');
  same(keccak256(join('0x1901', domain_separator, struct_hash)), signing_digest, 'signing digest by hand');
  return { struct_hash, domain_separator, signing_digest };
}

export const statementHashes = (networkId, { kind, cycle, slot, digest }) =>
  hashes(networkId, 'Statement', Statement, { kind: Number(kind), cycle, slot, digest });
export const statementBytes = ({ kind, cycle, slot, digest }) => join(u8(kind), u64(cycle), u64(slot), digest);

/** The 114 bytes of a statement with its signature. */
export async function signed(networkId, statement, privateKey) {
  const { signing_digest } = statementHashes(networkId, statement);
  return join(statementBytes(statement), await sign(signing_digest, privateKey));
}

export const parseStatement = (value) => ({
  kind: big(cut(value, 0, 1)),
  cycle: big(cut(value, 1, 9)),
  slot: big(cut(value, 9, 17)),
  digest: cut(value, 17, 49),
});

/** The fault in the shape of a signed statement, or null. */
export function shapeFault(value) {
  if (size(value) !== 114) return 'Length';
  const { kind, slot } = parseStatement(value);
  if (kind < 1n || kind > 4n) return 'UnknownKind';
  return kind >= 3n && slot !== 0n ? 'SlotNotZero' : null;
}

/** `{ address }` of the signer of 114 bytes, or `{ fault }`. */
export async function judgeSigned(networkId, value) {
  const fault = shapeFault(value);
  if (fault !== null) return { fault };
  const { signing_digest } = statementHashes(networkId, parseStatement(value));
  return judge(signing_digest, cut(value, 49));
}

export const linkHashes = (networkId, { peer, signer, chain, owner, nonce }) =>
  hashes(networkId, 'Link', Link, { peer, signer, chain: Number(chain), owner, nonce });
export const peerMessage = (signingDigest) => {
  const message = join(text('williw-link-v1'), signingDigest);
  must(size(message) === 46, 'the peer message has a wrong length');
  return message;
};
export const linkBytes = ({ peer, signer, nonce, peer_signature }) => {
  const body = join(peer, signer, u64(nonce), peer_signature);
  must(size(body) === 124, 'the link has a wrong length');
  return body;
};

/** A link with both halves signed. */
export async function makeLink(networkId, chain, owner, nonce, peerKey, signerKey) {
  const link = { peer: peerKey.public, signer: signerKey.address, chain, owner, nonce };
  const found = linkHashes(networkId, link);
  const peer_message = peerMessage(found.signing_digest);
  return {
    ...link,
    ...found,
    signature: await sign(found.signing_digest, signerKey.private_key),
    peer_message,
    peer_signature: ed.sign(peerKey.seed, peer_message),
  };
}
