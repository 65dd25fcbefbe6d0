// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {DifferentSigners, Jailed, Length, NoConflict, OutsideTenure, TooOld, UnknownSigner} from "./Refusals.sol";
import {Signatures} from "./Signatures.sol";
import {Statement, Statements} from "./Statements.sol";
import {Tenure, Tenures} from "./Tenures.sol";

/// Proof that a signer contradicted itself, in statements of these cycles.
struct Contradiction {
    address signer;
    uint64 firstCycle;
    uint64 secondCycle;
}

/// Provable misbehaviour: two conflicting statements by one signer, in its interval, not too old.
///
/// `signed = statement 49 | signature 65`, `evidence = signed | signed`. The same 228 bytes slash on both chains.
library Offences {
    using Tenures for Tenure;

    uint256 private constant SIGNED_LEN = Statements.LEN + Signatures.LEN;
    uint256 private constant EVIDENCE_LEN = 2 * SIGNED_LEN;

    /// What the evidence proves by itself.
    function prove(bytes calldata evidence, bytes32 domain) internal pure returns (Contradiction memory) {
        require(evidence.length == EVIDENCE_LEN, Length(evidence.length));
        Statement memory first = Statements.decode(evidence[:Statements.LEN]);
        Statement memory second = Statements.decode(evidence[SIGNED_LEN:SIGNED_LEN + Statements.LEN]);
        address signer = Statements.signerOf(first, domain, evidence[Statements.LEN:SIGNED_LEN]);
        address other = Statements.signerOf(second, domain, evidence[SIGNED_LEN + Statements.LEN:]);
        require(signer == other, DifferentSigners());
        require(Statements.conflict(first, second), NoConflict());
        return Contradiction(signer, first.cycle, second.cycle);
    }

    /// Whether the accused answers for it in cycle `present`: nobody can be slashed by role, only by this.
    function convict(
        Contradiction memory self,
        Tenure memory tenure,
        uint32 term,
        bool isJailed,
        uint64 present,
        uint64 evidenceCycles
    ) internal pure {
        require(tenure.account != address(0), UnknownSigner());
        require(!isJailed, Jailed());
        require(tenure.covers(self.firstCycle, term) && tenure.covers(self.secondCycle, term), OutsideTenure());
        // A statement of a future cycle is not too old.
        uint256 first = uint256(self.firstCycle) + evidenceCycles;
        uint256 second = uint256(self.secondCycle) + evidenceCycles;
        require(present <= first && present <= second, TooOld());
    }
}
