// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {LinkTerms, Links} from "../../src/libraries/Links.sol";
import {Signatures} from "../../src/libraries/Signatures.sol";
import {Statement, Statements} from "../../src/libraries/Statements.sol";
import {Vectors} from "./Vectors.sol";

/// `network_id.json`, `statement.json`, `link.json`: what is signed, and who signed it.
contract EncodingsTest is Vectors {
    struct Site {
        string name;
        uint256 base_chain_id;
        address vault;
        bytes32 solana_genesis;
        bytes32 solana_program;
    }

    function site(string memory path) private view returns (Site memory) {
        string memory schema = string.concat(
            "Site(string name,uint256 base_chain_id,address vault,", "bytes32 solana_genesis,bytes32 solana_program)"
        );
        return abi.decode(vm.parseJsonType(json, string.concat(path, ".network"), schema), (Site));
    }

    function test_network_ids() public {
        load("network_id");
        uint256 count = 0;
        for (string memory path = at(".cases", 0); has(path); path = at(".cases", ++count)) {
            Site memory s = site(path);
            bytes32 id = probe.id(s.name, s.base_chain_id, s.vault, s.solana_genesis, s.solana_program);
            assertEq(id, hash(string.concat(path, ".network_id")), path);
        }
        assertEq(count, 15);
        count = 0;
        for (string memory path = at(".refused", 0); has(path); path = at(".refused", ++count)) {
            Site memory s = site(path);
            try probe.id(s.name, s.base_chain_id, s.vault, s.solana_genesis, s.solana_program) {
                revert(path);
            } catch (bytes memory reason) {
                assertRefusal(reason, text(string.concat(path, ".refused")), path);
            }
        }
        assertEq(count, 21);
    }

    function test_statements() public {
        load("statement");
        uint256 count = 0;
        for (string memory path = at(".cases", 0); has(path); path = at(".cases", ++count)) {
            Statement memory statement = probe.decode(blob(string.concat(path, ".bytes")));
            assertEq(statement.kind, number(string.concat(path, ".kind")), path);
            assertEq(statement.cycle, number(string.concat(path, ".cycle")), path);
            assertEq(statement.slot, number(string.concat(path, ".slot")), path);
            assertEq(statement.digest, hash(string.concat(path, ".digest")), path);
            bytes32 structHash = Statements.structHash(statement);
            assertEq(structHash, hash(string.concat(path, ".struct_hash")), path);
            bytes32 networkId = hash(string.concat(path, ".network_id"));
            bytes32 domain = Signatures.domainSeparator(networkId);
            assertEq(domain, hash(string.concat(path, ".domain_separator")), path);
            assertEq(Signatures.digest(domain, structHash), hash(string.concat(path, ".signing_digest")), path);
            address signer = probe.signer(networkId, blob(string.concat(path, ".signed")));
            assertEq(signer, vm.parseAddress(text(string.concat(path, ".signer"))), path);
        }
        assertEq(count, 25);
    }

    function test_refused_statements() public {
        load("statement");
        uint256 count = 0;
        for (string memory path = at(".refused", 0); has(path); path = at(".refused", ++count)) {
            string memory wanted = text(string.concat(path, ".refused"));
            bytes32 networkId = hash(string.concat(path, ".network_id"));
            try probe.signer(networkId, blob(string.concat(path, ".signed"))) returns (address signer) {
                assertEq(wanted, "WrongSigner", path);
                assertNotEq(signer, vm.parseAddress(text(string.concat(path, ".signer"))), path);
            } catch (bytes memory reason) {
                assertRefusal(reason, wanted, path);
            }
        }
        assertEq(count, 59);
    }

    function test_links() public {
        load("link");
        uint256 count = 0;
        for (string memory path = at(".cases", 0); has(path); path = at(".cases", ++count)) {
            LinkTerms memory link = terms(blob(string.concat(path, ".body")));
            assertEq(link.nonce, number(string.concat(path, ".nonce")), path);
            bytes32 networkId = hash(string.concat(path, ".network_id"));
            uint8 chain = uint8(number(string.concat(path, ".chain")));
            bytes32 account = hash(string.concat(path, ".owner"));
            bytes32 digest = Links.digest(link, Signatures.domainSeparator(networkId), chain, account);
            assertEq(digest, hash(string.concat(path, ".signing_digest")), path);
            probe.checkLink(link, networkId, chain, account, blob(string.concat(path, ".signature")));
        }
        assertEq(count, 11);
    }

    /// Faults of the peer half are for nodes to find: the chain accepts those links and records them.
    function test_refused_links() public {
        load("link");
        (uint256 count, uint256 peers) = (0, 0);
        for (string memory path = at(".refused", 0); has(path); path = at(".refused", ++count)) {
            string memory wanted = text(string.concat(path, ".refused"));
            LinkTerms memory link = terms(blob(string.concat(path, ".body")));
            bytes32 networkId = hash(string.concat(path, ".network_id"));
            uint8 chain = uint8(number(string.concat(path, ".chain")));
            bytes32 account = hash(string.concat(path, ".owner"));
            bytes memory signature = blob(string.concat(path, ".signature"));
            try probe.checkLink(link, networkId, chain, account, signature) {
                assertTrue(isPeerFault(wanted), path);
                peers++;
            } catch (bytes memory reason) {
                assertRefusal(reason, wanted, path);
            }
        }
        assertEq(count, 53);
        assertEq(peers, 17);
    }

    function isPeerFault(string memory name) private pure returns (bool) {
        string[7] memory faults =
            ["BadS", "NonCanonicalA", "NonCanonicalR", "NotAPoint", "SmallOrderA", "SmallOrderR", "Mismatch"];
        for (uint256 i = 0; i < faults.length; i++) {
            if (same(name, faults[i])) return true;
        }
        return false;
    }

    function terms(bytes memory body) private pure returns (LinkTerms memory link) {
        assertEq(body.length, 124);
        bytes32[3] memory words;
        (address signer, uint64 nonce) = (address(0), 0);
        assembly ("memory-safe") {
            mstore(words, mload(add(body, 32)))
            signer := shr(96, mload(add(body, 64)))
            nonce := shr(192, mload(add(body, 84)))
            mstore(add(words, 32), mload(add(body, 92)))
            mstore(add(words, 64), mload(add(body, 124)))
        }
        return LinkTerms(words[0], signer, nonce, [words[1], words[2]]);
    }
}
