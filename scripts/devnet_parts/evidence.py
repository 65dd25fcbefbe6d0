"""Two statements of one signer that contradict each other, as docs/decisions/0001-encodings.md has their bytes."""

import json

from .waiting import MOMENT, require

STATEMENT_BYTES = 49
EVIDENCE_BYTES = 228
UPDATE = 1

FIELDS = {
    "EIP712Domain": [("name", "string"), ("version", "string"), ("salt", "bytes32")],
    "Statement": [("kind", "uint8"), ("cycle", "uint64"), ("slot", "uint64"), ("digest", "bytes32")],
}


def statement(cycle, slot, digest):
    packed = bytes([UPDATE]) + cycle.to_bytes(8) + slot.to_bytes(8) + digest
    require(len(packed) == STATEMENT_BYTES, "a statement has 49 bytes")
    return packed


def typed(network, cycle, slot, digest):
    return {
        "types": {name: [{"name": field, "type": kind} for field, kind in of] for name, of in FIELDS.items()},
        "primaryType": "Statement",
        "domain": {"name": "williw", "version": "1", "salt": network},
        "message": {"kind": UPDATE, "cycle": str(cycle), "slot": str(slot), "digest": "0x" + digest.hex()},
    }


def equivocate(chain, node, slot, cycle=None):
    """Evidence against a node's signer: two updates for one slot, in Base's cycle if nobody names another. Cast signs, which
    shares no code with us."""
    cycle = chain.cycle() if cycle is None else cycle
    evidence = b""
    for digest in (bytes([1]) * 32, bytes([2]) * 32):
        words = chain.folder / "statement.json"
        words.write_text(json.dumps(typed(chain.network, cycle, slot, digest)), "utf-8")
        command = [chain.native("cast"), "wallet", "sign", "--data", "--from-file", words]
        keys = ["--keystore", node.home / "signer.json", "--password-file", node.home / "signer.password"]
        signature = bytes.fromhex(chain.children.run([*command, *keys], MOMENT).strip().removeprefix("0x"))
        evidence += statement(cycle, slot, digest) + signature
    require(len(evidence) == EVIDENCE_BYTES, f"evidence has {EVIDENCE_BYTES} bytes, not {len(evidence)}")
    return evidence
