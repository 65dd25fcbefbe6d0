// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CycleStake, CycleStakes} from "../../src/libraries/CycleStakes.sol";
import {Facts} from "../../src/libraries/Facts.sol";
import {LinkTerms, Links} from "../../src/libraries/Links.sol";
import {Network} from "../../src/libraries/Network.sol";
import {Contradiction, Offences} from "../../src/libraries/Offences.sol";
import {RewardRoot, Roots} from "../../src/libraries/Roots.sol";
import {Signatures} from "../../src/libraries/Signatures.sol";
import {Cut, Slashes} from "../../src/libraries/Slashes.sol";
import {Statement, Statements} from "../../src/libraries/Statements.sol";
import {Tenure} from "../../src/libraries/Tenures.sol";

/// The libraries behind external calls, so that a refusal can be caught and evidence is calldata.
contract Probe {
    using Offences for Contradiction;

    function id(string memory name, uint256 chainId, address vault, bytes32 genesis, bytes32 program)
        external
        pure
        returns (bytes32)
    {
        return Network.id(name, chainId, vault, genesis, program);
    }

    function decode(bytes calldata encoded) external pure returns (Statement memory) {
        return Statements.decode(encoded);
    }

    /// Decodes and recovers, in the order of a vault.
    function signer(bytes32 networkId, bytes calldata signed) external pure returns (address) {
        uint256 end = signed.length < Statements.LEN ? signed.length : Statements.LEN;
        Statement memory statement = Statements.decode(signed[:end]);
        return Statements.signerOf(statement, Signatures.domainSeparator(networkId), signed[end:]);
    }

    function checkLink(LinkTerms memory link, bytes32 networkId, uint8 chain, bytes32 account, bytes calldata signature)
        external
        pure
    {
        Links.checkSigner(link, Signatures.domainSeparator(networkId), chain, account, signature);
    }

    function slashed(bytes32 account, Cut memory taken, bytes32 beneficiary, bytes calldata evidence)
        external
        pure
        returns (bytes memory)
    {
        return Facts.slashed(account, taken, beneficiary, evidence);
    }

    function judge(
        bytes calldata evidence,
        bytes32 networkId,
        address served,
        Tenure memory tenure,
        uint32 term,
        bool isJailed,
        uint64 present,
        uint64 evidenceCycles
    ) external pure {
        Contradiction memory contradiction = Offences.prove(evidence, Signatures.domainSeparator(networkId));
        // The accused as a vault would find it: by the signer that the evidence convicts.
        tenure.account = contradiction.signer == served ? address(1) : address(0);
        contradiction.convict(tenure, term, isJailed, present, evidenceCycles);
    }

    function digest(RewardRoot calldata root) external pure returns (bytes32) {
        return Roots.digest(root);
    }

    function claim(bytes32 root, uint8 chain, bytes32 account, uint128 cumulative, bytes32[] calldata proof)
        external
        pure
    {
        Roots.check(root, Roots.leaf(chain, account, cumulative), proof);
    }

    function cut(uint128 active, uint128[] memory queue, uint16 bps) external pure returns (Cut memory) {
        return Slashes.cut(active, queue, bps);
    }
}
