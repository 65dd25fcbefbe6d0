// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import "../../src/libraries/Refusals.sol";

/// What both floors check, in the fewest instructions that still name every refusal.
library Checks {
    using SafeERC20 for IERC20;

    uint256 internal constant SIGNATURE_LEN = 65;

    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    /// Takes `amount` from the caller and sees that it came.
    function pull(IERC20 token, uint128 amount) internal {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        require(received == amount, InexactTransfer(amount, received));
    }

    /// What is signed under the domain for a struct with this hash.
    function digest(bytes32 domain, bytes32 structHash) internal pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(0x00, hex"1901")
            mstore(0x02, domain)
            mstore(0x22, structHash)
            hash := keccak256(0x00, 0x42)
            mstore(0x40, free)
        }
    }

    /// Who made the 65 bytes at `at` in the calldata. The precompile answers nothing for the rest of what is refused here,
    /// so that which refusal it is needs to be found out only then.
    function recover(bytes32 hash, uint256 at) internal view returns (address signer) {
        uint256 s;
        uint256 v;
        assembly ("memory-safe") {
            s := calldataload(add(at, 0x20))
            v := byte(0, calldataload(add(at, 0x40)))
        }
        if (s <= ORDER / 2) {
            assembly ("memory-safe") {
                let free := mload(0x40)
                mstore(0x00, hash)
                mstore(0x20, v)
                mstore(0x40, calldataload(at))
                mstore(0x60, s)
                pop(staticcall(gas(), 1, 0x00, 0x80, 0x00, 0x20))
                // Without an answer the hash still lies there.
                signer := mul(mload(0x00), eq(returndatasize(), 0x20))
                mstore(0x40, free)
                mstore(0x60, 0)
            }
        }
        if (signer == address(0)) _refuse(at, s, v);
    }

    function _refuse(uint256 at, uint256 s, uint256 v) private pure {
        uint256 r;
        assembly ("memory-safe") {
            r := calldataload(at)
        }
        require(v == 27 || v == 28, BadV());
        require(r != 0 && r < ORDER && s != 0 && s < ORDER, BadScalar());
        require(s <= ORDER / 2, HighS());
        revert Unrecoverable();
    }
}
