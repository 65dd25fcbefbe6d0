// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Vm} from "forge-std/Vm.sol";

/// Tries a token out before anything is sent: gives some of it to accounts of its own by writing to the token's storage,
/// moves it as the contracts would, and takes all of that back.
///
/// It finds a token that takes a fee, pays something on top, answers `false`, refuses the contract, or whose balances are
/// not plain numbers in storage or change with time. It cannot find what somebody only switches on later, or what a proxy is
/// exchanged for; of such switches it names those that it knows (`mayChange`). What then arrives in another amount is
/// refused by the contracts themselves (InexactTransfer); balances that shrink later are not.
library TokenProbe {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    /// Where proxies keep their implementation, and their beacon (ERC-1967).
    bytes32 private constant IMPLEMENTATION = bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1);
    bytes32 private constant BEACON = bytes32(uint256(keccak256("eip1967.proxy.beacon")) - 1);
    /// Where proxies kept it before there was a standard, as the dollar of Base does.
    bytes32 private constant EARLY_IMPLEMENTATION = keccak256("org.zeppelinos.proxy.implementation");
    uint256 private constant LONG = 365 days;

    /// No contract stands at the token's address.
    error NoToken(address token);
    /// It counts in other units than the file.
    error OtherDecimals(address token, uint8 stated, uint8 found);
    /// Its balances are not plain numbers in its storage: they may move by themselves.
    error BalancesNotPlain(address token);
    /// A transfer took or gave another amount than it was asked to.
    error MovesInexactly(address token, uint256 asked, uint256 taken, uint256 given);
    /// A transfer was refused, or answered with something else than `true` or nothing.
    error RefusesToMove(address token, bytes answer);
    /// A balance changed while only time passed.
    error BalancesDrift(address token, uint256 before, uint256 later);

    /// Refuses a token that does not move exactly `amount` to `holder`, the contract that is to hold it, and out again.
    function check(IERC20 token, uint8 decimals, address holder, uint256 amount) internal {
        require(address(token).code.length != 0, NoToken(address(token)));
        uint8 found = IERC20Metadata(address(token)).decimals();
        require(found == decimals, OtherDecimals(address(token), decimals, found));
        uint256 before = VM.snapshotState();
        _try(token, holder, amount == 0 ? 10 ** decimals : amount);
        VM.revertToState(before);
    }

    /// True if somebody may replace the token's code, as far as it is one of the usual proxies.
    function mayChange(address token) internal view returns (bool) {
        bytes32 implementation = VM.load(token, IMPLEMENTATION) | VM.load(token, BEACON);
        return (implementation | VM.load(token, EARLY_IMPLEMENTATION)) != 0;
    }

    function _try(IERC20 token, address holder, uint256 amount) private {
        address payer = address(uint160(uint256(keccak256("williw probe payer"))));
        address payee = address(uint160(uint256(keccak256("williw probe payee"))));
        _give(token, payer, amount);

        _send(token, payer, abi.encodeCall(IERC20.approve, (holder, amount)));
        _move(token, [payer, holder], holder, abi.encodeCall(IERC20.transferFrom, (payer, holder, amount)), amount);
        uint256 held = token.balanceOf(holder);
        VM.warp(block.timestamp + LONG);
        VM.roll(block.number + LONG / 2);
        uint256 later = token.balanceOf(holder);
        require(later == held, BalancesDrift(address(token), held, later));
        _move(token, [holder, payee], holder, abi.encodeCall(IERC20.transfer, (payee, amount)), amount);
    }

    /// Writes a balance into the slot that `balanceOf` reads, if there is one that holds just that.
    function _give(IERC20 token, address to, uint256 amount) private {
        VM.record();
        token.balanceOf(to);
        (bytes32[] memory slots,) = VM.accesses(address(token));
        for (uint256 i = 0; i < slots.length; i++) {
            bytes32 kept = VM.load(address(token), slots[i]);
            VM.store(address(token), slots[i], bytes32(amount));
            if (_balanceIs(token, to, amount)) return;
            VM.store(address(token), slots[i], kept);
        }
        revert BalancesNotPlain(address(token));
    }

    /// Another slot than the balance's, a proxy's implementation for one, leaves a token that answers nothing.
    function _balanceIs(IERC20 token, address account, uint256 amount) private view returns (bool) {
        (bool done, bytes memory answer) = address(token).staticcall(abi.encodeCall(IERC20.balanceOf, (account)));
        return done && answer.length == 32 && abi.decode(answer, (uint256)) == amount;
    }

    function _move(IERC20 token, address[2] memory fromTo, address by, bytes memory call, uint256 amount) private {
        (uint256 from, uint256 to) = (token.balanceOf(fromTo[0]), token.balanceOf(fromTo[1]));
        _send(token, by, call);
        (uint256 left, uint256 there) = (token.balanceOf(fromTo[0]), token.balanceOf(fromTo[1]));
        uint256 taken = from > left ? from - left : 0;
        uint256 given = there > to ? there - to : 0;
        require(taken == amount && given == amount, MovesInexactly(address(token), amount, taken, given));
    }

    function _send(IERC20 token, address by, bytes memory call) private {
        VM.prank(by);
        (bool done, bytes memory answer) = address(token).call(call);
        bool agrees = answer.length == 0 || (answer.length == 32 && uint256(bytes32(answer)) == 1);
        require(done && agrees, RefusesToMove(address(token), answer));
    }
}
