import { U64, ZERO20, cut, flip, join, label, padded, same, text } from './form.mjs';
import * as ed from './ed.mjs';
import { networkId, networks } from './network_id.mjs';
import { infinite, judge, key, sign, spoiled } from './secp.mjs';
import { linkBytes, linkHashes, makeLink, peerMessage } from './typed.mjs';

const network_id = networkId(networks.both);
const other = networkId(networks.other);
const baseOwner = padded(label('link owner', 20));
const solanaOwner = ed.key('link owner on Solana').public;
const peer = ed.key('link');
const signer = key('link');

async function verdict(networkIdOfReader, chain, owner, signature, body) {
  const link = {
    peer: cut(body, 0, 32),
    signer: cut(body, 32, 52),
    nonce: BigInt(cut(body, 52, 60)),
    chain,
    owner,
  };
  if (link.signer === ZERO20) return 'ZeroSigner';
  const { signing_digest } = linkHashes(networkIdOfReader, link);
  const { fault, address } = await judge(signing_digest, signature);
  if (fault !== undefined) return fault;
  if (address !== link.signer) return 'WrongSigner';
  return ed.verdict(link.peer, peerMessage(signing_digest), cut(body, 60));
}

async function accepted() {
  const inputs = [
    ['Base, first link', network_id, 1n, baseOwner, 1n, peer, signer],
    ['Solana, first link', network_id, 2n, solanaOwner, 1n, peer, signer],
    ['Base, nonce 0', network_id, 1n, baseOwner, 0n, peer, signer],
    ['Base, largest nonce', network_id, 1n, baseOwner, U64, peer, signer],
    ['Solana, largest nonce', network_id, 2n, solanaOwner, U64, peer, signer],
    ['Base, rotated to another signer', network_id, 1n, baseOwner, 2n, peer, key('link, second')],
    ['Base, rotated to another peer key', network_id, 1n, baseOwner, 3n, ed.key('link, second'), signer],
    ['Solana, an owner whose bytes are an EVM owner', network_id, 2n, baseOwner, 1n, peer, signer],
    ['Base, another network', other, 1n, baseOwner, 1n, peer, signer],
    ['Base only', networkId(networks.base), 1n, baseOwner, 1n, peer, signer],
    ['Solana only', networkId(networks.solana), 2n, solanaOwner, 1n, peer, signer],
  ];
  const cases = [];
  for (const [name, id, chain, owner, nonce, peerKey, signerKey] of inputs) {
    const link = await makeLink(id, chain, owner, nonce, peerKey, signerKey);
    const body = linkBytes(link);
    same(await verdict(id, chain, owner, link.signature, body), 'Ok', name);
    cases.push({
      name,
      network_id: id,
      chain,
      owner,
      nonce,
      peer_seed: peerKey.seed,
      peer: link.peer,
      signer_key: signerKey.private_key,
      signer: link.signer,
      struct_hash: link.struct_hash,
      signing_digest: link.signing_digest,
      signature: link.signature,
      peer_message: link.peer_message,
      peer_signature: link.peer_signature,
      body,
    });
  }
  return cases;
}

async function refusals() {
  const refused = [];
  const refuse = async (name, id, chain, owner, signature, body, expected) => {
    same(await verdict(id, chain, owner, signature, body), expected, name);
    refused.push({ name, network_id: id, chain, owner, signature, body, refused: expected });
  };
  const good = await makeLink(network_id, 1n, baseOwner, 7n, peer, signer);
  const body = linkBytes(good);
  const reader = [network_id, 1n, baseOwner];

  await refuse('signed for another network', other, 1n, baseOwner, good.signature, body, 'WrongSigner');
  await refuse('signed for Base, read on Solana', network_id, 2n, baseOwner, good.signature, body, 'WrongSigner');
  await refuse('signed for another owner', network_id, 1n, flip(baseOwner, 0), good.signature, body, 'WrongSigner');
  const swap = (changes) => linkBytes({ ...good, ...changes });
  await refuse('the nonce changed', ...reader, good.signature, swap({ nonce: 8n }), 'WrongSigner');
  await refuse('the peer changed', ...reader, good.signature, swap({ peer: ed.key('link, second').public }), 'WrongSigner');
  await refuse('the signer changed', ...reader, good.signature, swap({ signer: key('link, second').address }), 'WrongSigner');
  const stranger = await sign(good.signing_digest, key('bob').private_key);
  await refuse('signed by another key', ...reader, stranger, body, 'WrongSigner');

  const zero = { ...good, signer: ZERO20 };
  const zeroDigest = linkHashes(network_id, { ...zero, chain: 1n, owner: baseOwner }).signing_digest;
  const zeroBody = linkBytes({ ...zero, peer_signature: ed.sign(peer.seed, peerMessage(zeroDigest)) });
  await refuse('no signer, signed by somebody', ...reader, await sign(zeroDigest, signer.private_key), zeroBody, 'ZeroSigner');
  await refuse('no signer, a signature that recovers nothing', ...reader, infinite(zeroDigest), zeroBody, 'ZeroSigner');
  await refuse('no signer, no signature', ...reader, `0x${'00'.repeat(65)}`, zeroBody, 'ZeroSigner');

  for (const [what, signature, fault] of await spoiled(good.signing_digest, good.signature)) {
    await refuse(what, ...reader, signature, body, fault);
  }

  // The peer half: the signer half is good for every one of these.
  const half = async (name, publicKey, makeSignature, expected, chain = 1n, owner = baseOwner) => {
    const link = { peer: publicKey, signer: signer.address, chain, owner, nonce: 7n };
    const { signing_digest } = linkHashes(network_id, link);
    const peer_signature = makeSignature(peerMessage(signing_digest), signing_digest);
    const signature = await sign(signing_digest, signer.private_key);
    await refuse(`peer: ${name}`, network_id, chain, owner, signature, linkBytes({ ...link, peer_signature }), expected);
  };
  const honest = (message) => ed.sign(peer.seed, message);
  const withS = (change) => (message) => {
    const made = honest(message);
    return join(cut(made, 0, 32), ed.le(change(ed.fromLe(cut(made, 32)))));
  };
  const withR = (encoding) => (message) => join(encoding, cut(honest(message), 32));
  let y = 2n;
  while (ed.decode(ed.encodeY(y, 0)) !== null) y += 1n;
  const nowhere = ed.encodeY(y, 0);
  const unreduced = ed.encodeY(ed.P + 3n, 0);
  const secret = ed.scalar('link mixed key');
  const mixed = ed.encode(ed.times(secret, ed.B).add(ed.torsion[4]));
  const cofactored = (message) => {
    for (let i = 0; i < 100; i += 1) {
      const nonce = ed.scalar(`link mixed nonce ${i}`);
      const r = ed.encode(ed.times(nonce, ed.B));
      const made = join(r, ed.le(ed.mod(nonce + ed.challenge(r, mixed, message) * secret)));
      if (!ed.holds(mixed, message, made, 1n) && ed.holds(mixed, message, made, 8n)) return made;
    }
    throw new Error('no signature that holds only with the cofactor');
  };
  await half('S plus L', peer.public, withS((s) => s + ed.L), 'BadS');
  await half('S = L', peer.public, withS(() => ed.L), 'BadS');
  await half('the key is not reduced', unreduced, honest, 'NonCanonicalA');
  await half('the key is not a point', nowhere, honest, 'NotAPoint');
  await half('the key has order 8', ed.encode(ed.torsion[1]), honest, 'SmallOrderA');
  await half('the key is all zero', `0x${'00'.repeat(32)}`, honest, 'SmallOrderA');
  await half('R is not reduced', peer.public, withR(unreduced), 'NonCanonicalR');
  await half('R is not a point', peer.public, withR(nowhere), 'NotAPoint');
  await half('R has order 8', peer.public, withR(ed.encode(ed.torsion[1])), 'SmallOrderR');
  await half('no signature', peer.public, () => `0x${'00'.repeat(64)}`, 'SmallOrderR');
  await half('signed by another key', peer.public, (message) => ed.sign(ed.key('link, second').seed, message), 'Mismatch');
  await half('the digest alone was signed', peer.public, (_, digest) => ed.sign(peer.seed, digest), 'Mismatch');
  await half('another prefix was signed', peer.public, (_, digest) => ed.sign(peer.seed, join(text('williw-link-v2'), digest)), 'Mismatch');
  await half('the signature of the link with another nonce', peer.public, () => honest(peerMessage(linkHashes(network_id, { ...good, nonce: 8n }).signing_digest)), 'Mismatch');
  await half('the signature of the same link in another network', peer.public, () => honest(peerMessage(linkHashes(other, good).signing_digest)), 'Mismatch');
  await half('a key of mixed order that holds only with the cofactor', mixed, cofactored, 'Mismatch');
  await half('on Solana, signed by another key', peer.public, (message) => ed.sign(ed.key('link, second').seed, message), 'Mismatch', 2n, solanaOwner);

  const bad = swap({ peer_signature: `0x${'00'.repeat(64)}` });
  await refuse('both halves are bad', ...reader, join(cut(good.signature, 0, 64), '0x00'), bad, 'BadV');
  await refuse('another signer and a bad peer half', ...reader, stranger, bad, 'WrongSigner');
  return refused;
}

export default async function make() {
  return {
    about:
      'Links with both halves. `body` is the 124 bytes that a fact carries; chain and owner are those of the fact. Refusals are checked in the order ZeroSigner, the signature of the signer (BadV, BadScalar, HighS, Unrecoverable), WrongSigner, then the peer half in the order of ed25519.json.',
    cases: await accepted(),
    refused: await refusals(),
  };
}
