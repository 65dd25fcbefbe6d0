// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {HalfAbsent, NameCharacter, NameLength, NoChain} from "./Refusals.sol";

/// Which network this is: the value that separates every signature from those of any other deployment.
library Network {
    /// The number of Base where encodings name a chain.
    uint8 internal constant BASE = 1;

    string private constant TAG = "williw-v1";
    uint256 private constant NAME_CAP = 32;

    /// The id of a network from its six inputs; an absent chain has zeros in both of its fields.
    function id(string memory name, uint256 baseChainId, address vault, bytes32 solanaGenesis, bytes32 solanaProgram)
        internal
        pure
        returns (bytes32)
    {
        _checkName(bytes(name));
        require((baseChainId == 0) == (vault == address(0)), HalfAbsent());
        require((solanaGenesis == 0) == (solanaProgram == 0), HalfAbsent());
        require(baseChainId != 0 || solanaGenesis != 0, NoChain());
        return keccak256(abi.encode(TAG, name, baseChainId, vault, solanaGenesis, solanaProgram));
    }

    function _checkName(bytes memory name) private pure {
        require(name.length > 0 && name.length <= NAME_CAP, NameLength(name.length));
        for (uint256 i = 0; i < name.length; i++) {
            bytes1 c = name[i];
            require((c >= "a" && c <= "z") || (c >= "0" && c <= "9") || c == "-", NameCharacter());
        }
    }
}
