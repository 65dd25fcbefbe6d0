// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {InexactTransfer, NotPayable, NotWrapped, Overflow} from "./Refusals.sol";

/// What a token that wraps the chain's own coin adds to it.
interface IWrapped {
    function deposit() external payable;
    function withdraw(uint256 amount) external;
}

/// Moves exactly what was asked for, or refuses.
library Coins {
    using SafeERC20 for IERC20;

    /// Takes `amount` from the caller.
    function pull(IERC20 token, uint128 amount) internal {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        _checkArrival(token.balanceOf(address(this)) - before, amount);
    }

    /// Wraps what the caller sent along, which is `amount`.
    function wrap(IERC20 token, uint128 amount) internal {
        uint256 before = token.balanceOf(address(this));
        try IWrapped(address(token)).deposit{value: amount}() {}
        catch {
            revert NotWrapped();
        }
        _checkArrival(token.balanceOf(address(this)) - before, amount);
    }

    /// Pays `amount` to `account` in the chain's own coin.
    function unwrap(IERC20 token, address account, uint128 amount) internal {
        uint256 before = address(this).balance;
        try IWrapped(address(token)).withdraw(amount) {}
        catch {
            revert NotWrapped();
        }
        _checkArrival(address(this).balance - before, amount);
        (bool done,) = account.call{value: amount}("");
        require(done, NotPayable());
    }

    /// What the caller sent along.
    function sent() internal view returns (uint128) {
        require(msg.value <= type(uint128).max, Overflow());
        return uint128(msg.value);
    }

    function _checkArrival(uint256 received, uint128 asked) private pure {
        require(received == asked, InexactTransfer(asked, received));
    }
}
