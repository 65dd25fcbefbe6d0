// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./Fixture.sol";

/// One verb per test, measured by `forge test --isolate --match-contract GasTest`: each call is a transaction of its own.
contract GasTest is Fixture {
    function setUp() public override {
        super.setUp();
        register(bob, key("bob's"), STAKE);
        register(alice, aliceKey, STAKE);
        unstake(alice, 1e18);
        skipCycles(2);
        fund(alice, 1_000e18);
    }

    function test_register() public {
        address carol = makeAddr("carol");
        fund(carol, STAKE);
        LinkTerms memory link = terms(key("carol's"), 1);
        bytes memory signature = signLink(carol, link, key("carol's"));
        vm.prank(carol);
        vault.register(STAKE, link, signature);
        vm.snapshotGasLastCall("StakeVault", "register");
    }

    function test_stake() public {
        vm.prank(alice);
        vault.stake(alice, 20e18);
        vm.snapshotGasLastCall("StakeVault", "stake, first of the cycle");
        vm.prank(alice);
        vault.stake(alice, 20e18);
        vm.snapshotGasLastCall("StakeVault", "stake, again");
    }

    function test_unstake_and_restake() public {
        vm.prank(alice);
        vault.unstake(2e18);
        vm.snapshotGasLastCall("StakeVault", "unstake");
        vm.prank(alice);
        vault.restake(1);
        vm.snapshotGasLastCall("StakeVault", "restake");
    }

    function test_withdraw() public {
        skip(PERIOD);
        vm.prank(alice);
        vault.withdraw(8);
        vm.snapshotGasLastCall("StakeVault", "withdraw, one entry");
        for (uint256 i = 0; i < 8; i++) {
            unstake(alice, 1e18);
        }
        skip(PERIOD);
        vm.prank(alice);
        vault.withdraw(8);
        vm.snapshotGasLastCall("StakeVault", "withdraw, eight entries");
    }

    function test_rotate() public {
        rotate(alice, key("second"), 2);
        vm.snapshotGasLastCall("StakeVault", "rotate");
    }

    function test_slash_collect_and_unjail() public {
        slash(aliceKey);
        vm.snapshotGasLastCall("StakeVault", "slash, one entry");
        vault.collect(stranger);
        vm.snapshotGasLastCall("StakeVault", "collect");
        skip(PERIOD);
        unjail(alice, key("second"), 2);
        vm.snapshotGasLastCall("StakeVault", "unjail");
    }

    function test_slash_a_full_queue() public {
        for (uint256 i = 0; i < 7; i++) {
            unstake(alice, 1e18);
        }
        slash(aliceKey);
        vm.snapshotGasLastCall("StakeVault", "slash, eight entries");
    }

    function test_propose_and_apply() public {
        vm.prank(governor);
        vault.propose(Parameters(2_000e18, 20e18, 30 days, 1_000, 20));
        vm.snapshotGasLastCall("StakeVault", "propose");
        skip(PERIOD);
        vault.applyProposed();
        vm.snapshotGasLastCall("StakeVault", "applyProposed");
    }
}
