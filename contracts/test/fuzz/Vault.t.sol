// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";
import {Wrapped} from "../tokens/Wrapped.sol";

/// The verbs of a vault with whatever they may be given; those that are not here have their fuzz beside their tests.
contract VaultFuzzTest is Fixture {
    function testFuzz_register_takes_the_smallest_stake_or_more(uint128 amount, uint64 nonce) public {
        amount = uint128(bound(amount, 0, 3_000e18));
        fund(alice, amount);
        LinkTerms memory link = terms(aliceKey, nonce);
        bytes memory half = signLink(alice, link, aliceKey);
        if (nonce == 0) vm.expectRevert(StaleNonce.selector);
        else if (amount < 1_000e18) vm.expectRevert(BelowMinStake.selector);
        vm.prank(alice);
        vault.register(amount, link, half);
        if (nonce == 0 || amount < 1_000e18) return;
        assertEq(vault.operatorOf(alice).active, amount);
        assertEq(vault.operatorOf(alice).nonce, nonce);
        assertEq(coin.balanceOf(address(vault)), amount);
        assertTrue(vault.speaksIn(vm.addr(aliceKey), vault.currentCycle()));
    }

    function testFuzz_restake_takes_one_entry_back_and_keeps_the_order(uint64[5] memory amounts, uint64 ticket) public {
        register(alice, aliceKey, STAKE);
        uint256 queued = 0;
        for (uint256 i = 0; i < 5; i++) {
            unstake(alice, uint128(amounts[i]) + 1);
            queued += uint256(amounts[i]) + 1;
        }
        ticket = uint64(bound(ticket, 0, 7));
        if (ticket >= 5) vm.expectRevert(NoSuchEntry.selector);
        vm.prank(alice);
        vault.restake(ticket);
        OperatorView memory operator = vault.operatorOf(alice);
        assertEq(uint256(operator.active) + operator.queued, STAKE);
        Entry[] memory queue = vault.queueOf(alice);
        if (ticket >= 5) return assertEq(operator.queued, queued);
        assertEq(operator.queued, queued - amounts[ticket] - 1);
        assertEq(queue.length, 4);
        for (uint64 i = 0; i < 4; i++) {
            uint64 wanted = i < ticket ? i : i + 1;
            assertEq(queue[i].ticket, wanted);
            assertEq(queue[i].amount, uint128(amounts[wanted]) + 1);
        }
    }

    function testFuzz_rotate_leaves_one_signer_to_each_cycle(uint8[4] memory gaps) public {
        register(alice, aliceKey, STAKE);
        uint64 first = vault.currentCycle();
        address[5] memory signers;
        signers[0] = vm.addr(aliceKey);
        for (uint64 i = 0; i < 4; i++) {
            skipCycles(gaps[i] % 5);
            uint256 secret = uint256(keccak256(abi.encode("signer", i)));
            signers[i + 1] = vm.addr(secret);
            rotate(alice, secret, i + 2);
        }
        for (uint64 cycle = first; cycle < first + 25; cycle++) {
            uint256 speaking = 0;
            for (uint256 i = 0; i < 5; i++) {
                if (vault.speaksIn(signers[i], cycle)) speaking++;
            }
            assertEq(speaking, 1);
        }
    }

    function testFuzz_unjail_comes_after_the_jail_and_with_the_smallest_stake(uint32 time, uint128 left) public {
        register(alice, aliceKey, STAKE);
        slash(aliceKey);
        uint128 active = vault.operatorOf(alice).active;
        left = uint128(bound(left, 0, active));
        if (left != active) unstake(alice, active - left);
        skip(bound(time, 0, 2 * PERIOD));
        uint256 second = key("second");
        LinkTerms memory link = terms(second, 2);
        bytes memory half = signLink(alice, link, second);
        bool isEarly = block.timestamp < vault.operatorOf(alice).jailedUntil;
        if (left < 1_000e18) vm.expectRevert(BelowMinStake.selector);
        else if (isEarly) vm.expectRevert(StillJailed.selector);
        vm.prank(alice);
        vault.unjail(link, half);
        bool isFree = left >= 1_000e18 && !isEarly;
        assertEq(vault.operatorOf(alice).jailedUntil == 0, isFree);
        assertEq(vault.totalCycleStake().value, isFree ? left : 0);
        // Whoever comes back counts from now on, and not for what went before.
        assertEq(vault.totalCycleStake().floor, 0);
        assertEq(vault.speaksIn(vm.addr(second), vault.currentCycle()), isFree);
        assertEq(vault.speaksIn(vm.addr(aliceKey), vault.currentCycle()), !isFree);
    }

    function testFuzz_collect_pays_the_sum_of_all_bounties_once(uint128[3] memory stakes) public {
        uint256 owed = 0;
        for (uint256 i = 0; i < 3; i++) {
            stakes[i] = uint128(bound(stakes[i], 1_000e18, 1e30));
            uint256 secret = uint256(keccak256(abi.encode("owner", i)));
            register(vm.addr(secret), secret, stakes[i]);
            owed += slash(secret) / 20;
        }
        assertEq(vault.bountyOf(stranger), owed);
        assertEq(vault.collect(stranger), owed);
        assertEq(vault.collect(stranger), 0);
        assertEq(coin.balanceOf(stranger), owed);
    }

    function testFuzz_propose_takes_exactly_what_is_sound(Parameters memory p) public {
        p.minStake = uint128(bound(p.minStake, 0, 2e24));
        p.minDeposit = uint128(bound(p.minDeposit, 0, 2e24));
        p.unstakingPeriod = uint64(bound(p.unstakingPeriod, 0, 400 days));
        p.slashBps = uint16(bound(p.slashBps, 0, 11_000));
        p.evidenceCycles = uint64(bound(p.evidenceCycles, 0, 400));
        bool isWithin = p.minStake >= 1e18 && p.minStake <= 1e24 && p.minDeposit <= 1e24 && p.evidenceCycles <= 300
            && p.unstakingPeriod >= 1 days && p.unstakingPeriod <= 365 days;
        if (p.slashBps > 10_000) vm.expectRevert(abi.encodeWithSelector(Bps.selector, p.slashBps));
        else if (!isWithin) vm.expectRevert(OutOfBounds.selector);
        else if (p.unstakingPeriod < (p.evidenceCycles + 2) * LENGTH) vm.expectRevert(UnsoundPeriods.selector);
        vm.prank(governor);
        vault.propose(p);
    }

    function testFuzz_the_chains_own_coin_is_staked_to_the_atom(uint128 amount) public {
        vault = deploy(deployment(IERC20(create("Wrapped.sol:Wrapped", ""))));
        amount = uint128(bound(amount, 1_000e18, type(uint128).max / 2));
        vm.deal(alice, 2 * uint256(amount));
        LinkTerms memory link = terms(aliceKey, 1);
        bytes memory half = signLink(alice, link, aliceKey);
        vm.startPrank(alice);
        vault.registerNative{value: amount}(link, half);
        vault.stakeNative{value: amount}(alice);
        assertEq(alice.balance, 0);
        assertEq(vault.operatorOf(alice).active, 2 * uint256(amount));
        vault.unstake(2 * amount);
        skip(PERIOD);
        assertEq(vault.withdrawNative(1), 2 * uint256(amount));
        assertEq(alice.balance, 2 * uint256(amount));
    }
}
