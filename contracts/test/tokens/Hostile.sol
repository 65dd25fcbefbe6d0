// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// A token that behaves badly in the way it is told.
contract Hostile is ERC20 {
    enum Way {
        Well,
        TakesAFee,
        PaysExtra,
        ReturnsFalse,
        ReturnsNothing,
        Reverts,
        CallsBack,
        RefusesOne
    }

    Way public way;
    address public refusedOne;
    address public callee;
    bytes public callback;
    bool public calledBack;
    /// Balances shrink to this many percent.
    uint256 public percent = 100;

    constructor() ERC20("Hostile", "HOST") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function behave(Way next) external {
        way = next;
    }

    function refuse(address one) external {
        (way, refusedOne) = (Way.RefusesOne, one);
    }

    function callBack(address to, bytes calldata what) external {
        (way, callee, callback, calledBack) = (Way.CallsBack, to, what, false);
    }

    function shrink(uint256 to) external {
        percent = to;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) * percent / 100;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        _before(to);
        return _answer(super.transfer(to, amount));
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        _before(to);
        super.transferFrom(from, to, amount);
        if (way == Way.TakesAFee) _burn(to, amount / 100);
        if (way == Way.PaysExtra) _mint(to, 1);
        return _answer(true);
    }

    function _before(address to) private {
        if (way == Way.Reverts) revert("no");
        if (way == Way.RefusesOne) require(to != refusedOne, "refused");
        if (way == Way.CallsBack && !calledBack) {
            calledBack = true;
            (bool done,) = callee.call(callback);
            require(done, "the callback failed");
        }
    }

    function _answer(bool answer) private view returns (bool) {
        if (way == Way.ReturnsFalse) return false;
        if (way == Way.ReturnsNothing) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return answer;
    }
}
