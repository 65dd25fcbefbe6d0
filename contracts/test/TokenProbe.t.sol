// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Test} from "forge-std/Test.sol";

import {TokenProbe} from "../script/TokenProbe.sol";
import {Coin} from "./tokens/Coin.sol";
import {Hostile} from "./tokens/Hostile.sol";

/// Balances grow with time.
contract Growing is Coin {
    function balanceOf(address account) public view override returns (uint256) {
        uint256 kept = super.balanceOf(account);
        return block.timestamp > 1_800_000_000 ? kept + kept / 100 : kept;
    }
}

/// A balance shares its slot with a flag, as those of the dollar of Base do.
contract Packed {
    uint8 public constant decimals = 18;
    mapping(address account => uint256) private _kept;

    function balanceOf(address account) public view returns (uint256) {
        return _kept[account] & ((1 << 255) - 1);
    }

    function approve(address, uint256) external pure returns (bool) {
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return transferFrom(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public returns (bool) {
        require(balanceOf(from) >= amount);
        _kept[from] -= amount;
        _kept[to] += amount;
        return true;
    }
}

contract TokenProbeTest is Test {
    Hostile private token = new Hostile();
    address private holder = makeAddr("the vault to be");

    function setUp() public {
        vm.warp(1_800_000_000);
    }

    function check(IERC20 probed) external {
        TokenProbe.check(probed, 18, holder, 1_000e18);
    }

    function refused(bytes4 reason) private {
        vm.expectPartialRevert(reason);
        this.check(token);
    }

    function test_accepts_tokens_that_move_what_they_are_asked_to() public {
        this.check(token);
        this.check(new Coin());
        this.check(IERC20(address(new Packed())));
        token.behave(Hostile.Way.ReturnsNothing);
        this.check(token);
    }

    function test_takes_everything_back() public {
        token.mint(holder, 5);
        this.check(token);
        assertEq(token.balanceOf(holder), 5);
        assertEq(block.timestamp, 1_800_000_000);
    }

    function test_refuses_a_fee() public {
        token.behave(Hostile.Way.TakesAFee);
        vm.expectRevert(abi.encodeWithSelector(TokenProbe.MovesInexactly.selector, token, 1_000e18, 1_000e18, 990e18));
        this.check(token);
    }

    function test_refuses_something_on_top() public {
        token.behave(Hostile.Way.PaysExtra);
        refused(TokenProbe.MovesInexactly.selector);
    }

    function test_refuses_an_answer_of_false() public {
        token.behave(Hostile.Way.ReturnsFalse);
        refused(TokenProbe.RefusesToMove.selector);
    }

    function test_refuses_a_token_that_reverts() public {
        token.behave(Hostile.Way.Reverts);
        refused(TokenProbe.RefusesToMove.selector);
    }

    function test_refuses_a_token_that_refuses_the_contract() public {
        token.refuse(holder);
        refused(TokenProbe.RefusesToMove.selector);
        token.refuse(makeAddr("somebody else"));
        this.check(token);
    }

    function test_refuses_balances_that_are_no_plain_numbers() public {
        token.shrink(50);
        refused(TokenProbe.BalancesNotPlain.selector);
    }

    function test_refuses_balances_that_move_with_time() public {
        Growing growing = new Growing();
        vm.expectPartialRevert(TokenProbe.BalancesDrift.selector);
        this.check(growing);
    }

    function test_refuses_other_decimals() public {
        vm.mockCall(address(token), abi.encodeWithSignature("decimals()"), abi.encode(6));
        vm.expectRevert(abi.encodeWithSelector(TokenProbe.OtherDecimals.selector, token, 18, 6));
        this.check(token);
    }

    function test_refuses_what_is_no_token() public {
        vm.expectRevert(abi.encodeWithSelector(TokenProbe.NoToken.selector, holder));
        this.check(IERC20(holder));
    }

    /// Nobody can: the switch is thrown after the probe. The vault then refuses the deposit (Tokens.t.sol).
    function test_cannot_see_what_is_switched_on_later() public {
        this.check(token);
        token.behave(Hostile.Way.TakesAFee);
        refused(TokenProbe.MovesInexactly.selector);
    }

    function test_names_the_proxies_that_it_knows() public {
        assertFalse(TokenProbe.mayChange(address(token)));
        bytes32[3] memory slots = [
            bytes32(uint256(keccak256("eip1967.proxy.implementation")) - 1),
            bytes32(uint256(keccak256("eip1967.proxy.beacon")) - 1),
            keccak256("org.zeppelinos.proxy.implementation")
        ];
        for (uint256 i = 0; i < slots.length; i++) {
            vm.store(address(token), slots[i], bytes32(uint256(1)));
            assertTrue(TokenProbe.mayChange(address(token)));
            vm.store(address(token), slots[i], 0);
        }
    }
}
