// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";

contract PoolTermsTest is PoolFixture {
    PoolParameters private next = PoolParameters(3_000e18, 1 hours, 7e18);

    function body(PoolParameters memory p) private pure returns (bytes memory) {
        return abi.encodePacked(p.minQuorum, p.delay, p.maxPerCycle);
    }

    function propose(PoolParameters memory p) private {
        vm.prank(governor);
        pool.propose(p);
    }

    function test_hold_after_the_notice() public {
        uint64 effective = uint64(block.timestamp) + PERIOD;
        bytes32 head = expectPoolFact(33, abi.encodePacked(body(next), effective));
        propose(next);
        assertPoolHead(head);
        assertEq(pool.proposal().effective, effective);
        assertEq(pool.parameters().minQuorum, 2_000e18);

        vm.warp(effective - 1);
        vm.expectRevert(NoticeRunning.selector);
        pool.applyProposed();
        vm.warp(effective);
        head = expectPoolFact(32, body(next));
        vm.prank(stranger);
        pool.applyProposed();
        assertPoolHead(head);
        assertEq(keccak256(abi.encode(pool.parameters())), keccak256(abi.encode(next)));
        vm.expectRevert(NothingProposed.selector);
        pool.applyProposed();
    }

    function test_the_notice_is_the_vaults_unstaking_period_of_then() public {
        vm.startPrank(governor);
        vault.propose(Parameters(1_000e18, 10e18, 30 days, 500, 12));
        skip(PERIOD);
        pool.propose(next);
        assertEq(pool.proposal().effective, block.timestamp + PERIOD);
        vault.applyProposed();
        pool.propose(next);
        assertEq(pool.proposal().effective, block.timestamp + 30 days);
    }

    function test_a_new_proposal_starts_the_notice_anew() public {
        propose(next);
        skip(PERIOD - 1);
        propose(next);
        skip(1);
        vm.expectRevert(NoticeRunning.selector);
        pool.applyProposed();
    }

    function test_a_pending_root_keeps_the_delay_it_was_posted_with() public {
        propose(next);
        skip(PERIOD);
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        uint64 cycle = vault.currentCycle() - 1;
        post(cycle, rootOf(keccak256("root"), 1));
        uint64 activates = pool.pendingRoot().activates;
        pool.applyProposed();
        assertEq(pool.pendingRoot().activates, activates);
    }

    function test_refuses_NotGovernor() public {
        vm.expectRevert(NotGovernor.selector);
        pool.propose(next);
    }

    function test_refuses_OutOfBounds() public {
        PoolBounds memory bounds = pool.bounds();
        for (uint256 i = 0; i < 7; i++) {
            PoolParameters memory p = next;
            if (i == 0) p.minQuorum = bounds.least.minQuorum - 1;
            if (i == 1) p.minQuorum = bounds.most.minQuorum + 1;
            if (i == 2) p.delay = bounds.most.delay + 1;
            if (i == 3) p.minQuorum = 0;
            if (i == 4) p.delay = bounds.least.delay - 1;
            if (i == 5) p.maxPerCycle = bounds.least.maxPerCycle - 1;
            if (i == 6) p.maxPerCycle = bounds.most.maxPerCycle + 1;
            vm.expectRevert(OutOfBounds.selector);
            propose(p);
        }
        propose(bounds.least);
        propose(bounds.most);
    }

    function test_refuses_UnsoundPeriods() public {
        PoolDeployment memory d = poolDeployment();
        d.bounds.most.delay = LENGTH;
        pool = deployPool(d);
        next.delay = LENGTH / 2 + 1;
        vm.expectRevert(UnsoundPeriods.selector);
        propose(next);
        next.delay = LENGTH / 2;
        propose(next);
    }

    function test_ownership_passes_in_two_steps() public {
        Ownable2Step owned = Ownable2Step(address(pool));
        vm.prank(governor);
        owned.transferOwnership(stranger);
        assertEq(owned.owner(), governor);
        vm.expectRevert(NotOffered.selector);
        owned.acceptOwnership();
        vm.prank(stranger);
        owned.acceptOwnership();
        vm.expectRevert(NotOffered.selector);
        vm.prank(stranger);
        owned.acceptOwnership();
        vm.expectRevert(NotGovernor.selector);
        propose(next);
        vm.expectRevert(NotRenounceable.selector);
        vm.prank(stranger);
        owned.renounceOwnership();
    }
}
