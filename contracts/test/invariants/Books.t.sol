// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";
import {Actors} from "./Actors.sol";

/// Whatever people do, in any order: the books balance.
contract BooksTest is Test {
    Actors private actors;
    IStakeVault private vault;
    Coin private coin;

    function setUp() public {
        actors = new Actors();
        (vault, coin) = actors.theVault();
        bytes4[] memory verbs = new bytes4[](11);
        verbs[0] = Actors.enter.selector;
        verbs[1] = Actors.deposit.selector;
        verbs[2] = Actors.leave.selector;
        verbs[3] = Actors.comeBack.selector;
        verbs[4] = Actors.takeOut.selector;
        verbs[5] = Actors.changeKeys.selector;
        verbs[6] = Actors.contradict.selector;
        verbs[7] = Actors.beFreed.selector;
        verbs[8] = Actors.collect.selector;
        verbs[9] = Actors.govern.selector;
        verbs[10] = Actors.wait.selector;
        targetContract(address(actors));
        targetSelector(FuzzSelector(address(actors), verbs));
    }

    function invariant_what_came_in_is_here_or_was_paid() public view {
        uint256 held = coin.balanceOf(address(vault));
        assertEq(vault.deposited(), held + actors.paidOut() + actors.bountiesPaid());
    }

    function invariant_what_is_here_belongs_to_somebody_or_was_burned() public view {
        uint256 sum = actors.burned();
        for (uint256 i = 0; i < actors.ownerCount(); i++) {
            if (!actors.isRegistered(actors.owners(i))) continue;
            OperatorView memory operator = vault.operatorOf(actors.owners(i));
            sum += uint256(operator.active) + operator.queued;
        }
        for (uint256 i = 0; i < actors.courierCount(); i++) {
            sum += vault.bountyOf(actors.couriers(i));
        }
        assertEq(coin.balanceOf(address(vault)), sum);
    }

    function invariant_the_queue_adds_up_and_is_in_order() public view {
        for (uint256 i = 0; i < actors.ownerCount(); i++) {
            if (!actors.isRegistered(actors.owners(i))) continue;
            Entry[] memory queue = vault.queueOf(actors.owners(i));
            OperatorView memory operator = vault.operatorOf(actors.owners(i));
            assertLe(queue.length, 8);
            uint256 sum = 0;
            for (uint256 j = 0; j < queue.length; j++) {
                sum += queue[j].amount;
                assertLt(queue[j].ticket, j + 1 < queue.length ? queue[j + 1].ticket : operator.nextTicket);
            }
            assertEq(sum, operator.queued);
        }
    }

    function invariant_the_head_folds_the_recorded_facts() public view {
        (bytes32 head, uint64 seq) = vault.head();
        assertEq(head, actors.folded());
        assertEq(seq, actors.facts());
        assertEq(vm.load(address(vault), bytes32(vault.HEAD_SLOT())), head);
    }

    /// The total's `floorPrev` may exceed the sum, by those who were jailed since: a slash lowers no quorum.
    function invariant_the_total_is_the_sum_of_the_operators() public view {
        (uint256 value, uint256 floor, uint256 floorPrev) = (0, 0, 0);
        for (uint256 i = 0; i < actors.ownerCount(); i++) {
            if (!actors.isRegistered(actors.owners(i))) continue;
            CycleStake memory one = vault.cycleStakeOf(actors.owners(i));
            value += one.value;
            floor += one.floor;
            floorPrev += one.floorPrev;
            assertLe(one.floor, one.value);
        }
        CycleStake memory total = vault.totalCycleStake();
        assertEq(total.value, value);
        assertEq(total.floor, floor);
        assertGe(total.floorPrev, floorPrev);
    }

    function invariant_a_vote_weighs_the_lowest_stake_of_the_cycle_before() public view {
        uint64 present = vault.currentCycle();
        for (uint256 i = 0; i < actors.ownerCount(); i++) {
            address owner = actors.owners(i);
            if (!actors.isRegistered(owner)) continue;
            address signer = vault.operatorOf(owner).signer;
            if (!vault.speaksIn(signer, present - 1)) continue;
            (address account, uint128 weight) = vault.voterOf(signer);
            assertEq(account, owner);
            assertEq(weight, vault.cycleStakeOf(owner).floorPrev);
        }
    }

    /// The invariants would hold of people who do nothing, too: these do everything.
    function test_the_actors_do_everything() public {
        for (uint256 i = 0; i < 1_000; i++) {
            uint256 dice = uint256(keccak256(abi.encode(i)));
            (uint256 who, uint128 amount) = (dice >> 8, uint128(dice >> 64));
            uint256 verb = dice % 11;
            if (verb == 0) actors.enter(who, amount);
            if (verb == 1) actors.deposit(who, amount);
            if (verb == 2) actors.leave(who, amount);
            if (verb == 3) actors.comeBack(who, dice >> 16);
            if (verb == 4) actors.takeOut(who, dice >> 16);
            if (verb == 5) actors.changeKeys(who, dice & 4096 == 0);
            if (verb == 6) actors.contradict(who, dice >> 16);
            if (verb == 7) actors.beFreed(who);
            if (verb == 8) actors.collect(who);
            if (verb == 9) actors.govern(uint64(amount), uint16(dice >> 32), false);
            if (verb == 10) actors.wait(uint32(dice >> 32));
        }
        for (uint8 kind = 1; kind <= 8; kind++) {
            assertGe(actors.told(kind), 5, vm.toString(kind));
        }
        assertGe(actors.told(16), 1);
        assertGe(actors.told(17), 5);
        assertGt(actors.bountiesPaid(), 0);
        assertGe(10 * actors.done(), 7 * actors.tried(), "too many of them do nothing");
        afterInvariant();
    }

    /// Everything that has matured can be taken out now, whatever happened before, and by everyone in turn.
    function afterInvariant() public {
        vm.warp(block.timestamp + 365 days);
        for (uint256 i = 0; i < actors.ownerCount(); i++) {
            address owner = actors.owners(i);
            if (!actors.isRegistered(owner)) continue;
            uint128 active = vault.operatorOf(owner).active;
            if (vault.queueOf(owner).length > 0) _takeOut(owner);
            if (active == 0) continue;
            vm.prank(owner);
            vault.unstake(active);
        }
        vm.warp(block.timestamp + 365 days);
        for (uint256 i = 0; i < actors.ownerCount(); i++) {
            address owner = actors.owners(i);
            if (actors.isRegistered(owner) && vault.queueOf(owner).length > 0) _takeOut(owner);
        }
        uint256 unpaid = 0;
        for (uint256 i = 0; i < actors.courierCount(); i++) {
            unpaid += vault.bountyOf(actors.couriers(i));
        }
        assertEq(coin.balanceOf(address(vault)), actors.burned() + unpaid, "only what was burned stays");
    }

    function _takeOut(address owner) private {
        uint128 queued = vault.operatorOf(owner).queued;
        uint256 before = coin.balanceOf(owner);
        vm.prank(owner);
        vault.withdraw(8);
        assertEq(coin.balanceOf(owner) - before, queued);
    }
}
