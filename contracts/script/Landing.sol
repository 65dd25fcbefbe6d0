// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {CommonBase} from "forge-std/Base.sol";

/// Creates contracts through the deterministic deployer, which stands at the same address on every chain. An address then
/// follows from the salt and the creation code with its arguments: whatever stands there was made by exactly that code, no
/// matter by whom, and a second run takes it up.
abstract contract Landing is CommonBase {
    /// This chain has no deterministic deployer.
    error NoDeployer(address expected);
    /// The deterministic deployer made something else than it was given.
    error LandedElsewhere(address expected, address found);

    /// Where the code lands.
    function addressOf(bytes32 salt, bytes memory creation) internal pure returns (address) {
        return vm.computeCreate2Address(salt, keccak256(creation), CREATE2_FACTORY);
    }

    /// Sends the transaction that creates it, unless that was done before.
    function land(bytes32 salt, bytes memory creation) internal returns (address at, bool stood) {
        at = addressOf(salt, creation);
        if (at.code.length != 0) return (at, true);
        require(CREATE2_FACTORY.code.length != 0, NoDeployer(CREATE2_FACTORY));
        _refuseAsItWould(creation);
        vm.broadcast();
        (bool done, bytes memory answer) = CREATE2_FACTORY.call(abi.encodePacked(salt, creation));
        address found = done && answer.length == 20 ? address(bytes20(answer)) : address(0);
        require(found == at && at.code.length != 0, LandedElsewhere(at, found));
    }

    /// The deployer swallows the reason for which a constructor refuses, so it is asked here before anything is sent.
    function _refuseAsItWould(bytes memory creation) private {
        uint256 before = vm.snapshotState();
        address created;
        assembly ("memory-safe") {
            created := create(0, add(creation, 32), mload(creation))
            if iszero(created) {
                let reason := mload(0x40)
                returndatacopy(reason, 0, returndatasize())
                revert(reason, returndatasize())
            }
        }
        vm.revertToState(before);
    }
}
