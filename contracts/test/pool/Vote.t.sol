// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";

contract VoteTest is PoolFixture {
    RewardRoot private root;

    function setUp() public override {
        super.setUp();
        root = rootOf(keccak256("root"), PER_CYCLE);
    }

    function refused(bytes4 reason, uint64 cycle, RewardRoot memory posted, bytes memory signatures) private {
        vm.expectRevert(reason);
        pool.vote(cycle, posted, signatures);
    }

    function expectPending(uint64 cycle, RewardRoot memory posted) private returns (bytes32) {
        return expectPoolFact(35, abi.encodePacked(cycle, encoded(posted), uint64(block.timestamp) + DELAY));
    }

    function test_two_thirds_post_a_root_that_pays_after_the_delay() public {
        bytes32 head = expectPending(past, root);
        post(past, root);
        assertPoolHead(head);
        PendingRoot memory pending = pool.pendingRoot();
        assertEq(pending.root, root.root);
        assertEq(pending.total, PER_CYCLE);
        assertEq(pending.cycle, past);
        assertEq(pending.activates, block.timestamp + DELAY);
        assertEq(pool.firstOpen(), past + 1);
        (bytes32 active, uint128 total) = pool.activeRoot();
        assertEq(uint256(active) + total, 0, "nothing is paid before the delay is over");
        assertEq(pool.uncovered(), past - 1);

        skip(DELAY);
        (active, total) = pool.activeRoot();
        assertEq(active, root.root);
        assertEq(total, PER_CYCLE);
        assertEq(pool.pendingRoot().activates, 0);
        assertEq(pool.uncovered(), past + 1);
    }

    function test_votes_come_in_parts_and_each_operator_counts_once() public {
        bytes memory alices = ballot(aliceKey, past, root);
        pool.vote(past, root, "");
        assertEq(pool.tallyOf(past, root), 0);
        pool.vote(past, root, alices);
        assertEq(pool.tallyOf(past, root), 5_000e18);
        assertTrue(pool.hasVoted(alice, past) && !pool.hasVoted(alice, past + 1) && !pool.hasVoted(bob, past));
        // Whoever sent a part of it first spoils nothing.
        pool.vote(past, root, abi.encodePacked(alices, alices));
        assertEq(pool.tallyOf(past, root), 5_000e18);
        assertEq(pool.pendingRoot().activates, 0);
        pool.vote(past, root, abi.encodePacked(alices, ballot(carolKey, past, root)));
        assertEq(pool.pendingRoot().root, root.root, "6,000 of 9,000 are two thirds");
        assertEq(pool.tallyOf(past, root), 0, "what is posted needs no tally");
    }

    function test_one_atom_less_than_two_thirds_is_too_little() public {
        stake(bob, 500e18 + 1);
        stake(alice, 4_000e18);
        skipCycles(2);
        past = vault.currentCycle() - 1;
        // 9,000 of 13,500 and one.
        pool.vote(past, root, ballot(aliceKey, past, root));
        assertEq(pool.pendingRoot().activates, 0);
        assertEq(pool.tallyOf(past, root), 9_000e18);
        assertEq(vault.totalCycleStake().floorPrev, 13_500e18 + 1);
    }

    function test_an_operator_votes_for_one_root_of_a_cycle() public {
        RewardRoot memory other = rootOf(keccak256("other"), PER_CYCLE);
        pool.vote(past, root, ballot(aliceKey, past, root));
        pool.vote(past, other, ballot(aliceKey, past, other));
        assertEq(pool.tallyOf(past, other), 0);
        pool.vote(past, other, abi.encodePacked(ballot(bobKey, past, other), ballot(carolKey, past, other)));
        assertEq(pool.pendingRoot().activates, 0, "a cycle whose votes split is skipped");
    }

    function test_a_vote_counts_for_exactly_what_was_signed() public {
        pool.vote(past, root, ballot(aliceKey, past, root));
        RewardRoot memory other = root;
        other.totalSolana += 1;
        assertEq(pool.tallyOf(past, other), 0);
        assertEq(pool.tallyOf(past + 1, root), 0);
        refused(UnknownSigner.selector, past, other, ballot(aliceKey, past, root));
    }

    function test_stake_that_came_in_the_cycle_does_not_count() public {
        address dave = makeAddr("dave");
        register(dave, key("dave's"), 100_000e18);
        skipCycles(1);
        uint64 cycle = vault.currentCycle() - 1;
        pool.vote(cycle, root, ballot(key("dave's"), cycle, root));
        assertEq(pool.tallyOf(cycle, root), 0);
        assertFalse(pool.hasVoted(dave, cycle));
        assertEq(vault.totalCycleStake().floorPrev, 9_000e18);
    }

    function test_a_jailed_operator_does_not_count_and_lowers_no_quorum() public {
        slash(bobKey);
        bytes memory signatures = abi.encodePacked(ballot(aliceKey, past, root), ballot(bobKey, past, root));
        pool.vote(past, root, signatures);
        assertEq(pool.tallyOf(past, root), 5_000e18);
        assertEq(pool.pendingRoot().activates, 0, "5,000 of 9,000");
        pool.vote(past, root, ballot(carolKey, past, root));
        assertEq(pool.pendingRoot().root, root.root);
    }

    function test_whoever_left_since_still_counts_for_the_cycle() public {
        unstake(alice, 5_000e18);
        post(past, root);
        assertEq(pool.pendingRoot().root, root.root);
    }

    function test_the_old_signer_votes_for_its_cycles_and_the_new_one_for_the_others() public {
        uint256 second = key("alice's second signer");
        rotate(alice, second, 2);
        pool.vote(past, root, ballot(aliceKey, past, root));
        refused(OutsideTenure.selector, past, root, ballot(second, past, root));
        skipCycles(3);
        uint64 cycle = vault.currentCycle() - 1;
        refused(OutsideTenure.selector, cycle, root, ballot(aliceKey, cycle, root));
        pool.vote(cycle, root, ballot(second, cycle, root));
        assertEq(pool.tallyOf(cycle, root), 5_000e18);
    }

    function test_a_quorum_of_nobody_posts_nothing() public {
        vm.prank(governor);
        pool.propose(PoolParameters(9_000e18 + 1, DELAY, PER_CYCLE));
        skip(PERIOD);
        pool.applyProposed();
        skipCycles(1);
        vm.warp(GENESIS + vault.currentCycle() * LENGTH);
        past = vault.currentCycle() - 1;
        post(past, root);
        assertEq(pool.pendingRoot().activates, 0, "all of them are fewer than the quorum");
        assertEq(pool.tallyOf(past, root), 8_000e18);
        // Who comes later in the same cycle does not help: what counts is the cycle that is voted about.
        stake(carol, 10e18);
        pool.vote(past, root, ballot(carolKey, past, root));
        assertEq(pool.pendingRoot().activates, 0);
    }

    function test_an_empty_vault_posts_nothing() public {
        unstake(alice, 5_000e18);
        unstake(bob, 3_000e18);
        unstake(carol, 1_000e18);
        skipCycles(2);
        past = vault.currentCycle() - 1;
        assertEq(vault.totalCycleStake().floorPrev, 0);
        post(past, root);
        assertEq(pool.pendingRoot().activates, 0);
    }

    function test_refuses_OutsideVoting_of_every_cycle_but_the_one_before() public {
        uint64[4] memory cycles = [0, past - 1, past + 1, type(uint64).max];
        for (uint256 i = 0; i < cycles.length; i++) {
            vm.expectRevert(OutsideVoting.selector);
            pool.vote(cycles[i], root, "");
        }
    }

    function test_refuses_OutsideVoting_from_half_a_cycle_on() public {
        vm.warp(GENESIS + (past + 1) * LENGTH + LENGTH / 2 - 1);
        pool.vote(past, root, "");
        skip(1);
        vm.expectRevert(OutsideVoting.selector);
        pool.vote(past, root, "");
    }

    function test_refuses_OutsideVoting_in_the_first_cycle_of_all() public {
        Deployment memory d = deployment(IERC20(address(coin)));
        d.genesis = uint64(block.timestamp);
        vault = deploy(d);
        pool = deployPool(poolDeployment());
        vm.expectRevert(OutsideVoting.selector);
        pool.vote(0, root, "");
        vm.expectRevert(OutsideVoting.selector);
        pool.vote(type(uint64).max, root, "");
        vm.expectRevert(UnknownSigner.selector);
        vault.voterOf(alice);
    }

    function test_refuses_CycleClosed() public {
        post(past, root);
        vm.expectRevert(CycleClosed.selector);
        pool.vote(past, root, "");
        vm.prank(guardian);
        pool.veto();
        vm.expectRevert(CycleClosed.selector);
        pool.vote(past, root, "");
    }

    function test_refuses_TotalFell() public {
        pay(PER_CYCLE);
        skipCycles(1);
        vm.warp(GENESIS + vault.currentCycle() * LENGTH);
        past = vault.currentCycle() - 1;
        root.totalBase = PER_CYCLE - 1;
        vm.expectRevert(TotalFell.selector);
        pool.vote(past, root, "");
        root.totalBase = PER_CYCLE;
        post(past, root);
        skip(DELAY);
        (, uint128 total) = pool.activeRoot();
        assertEq(total, PER_CYCLE, "a root may pay nothing more");
    }

    function test_refuses_TotalTooHigh_for_the_cycles_it_covers() public {
        // The pool was deployed two cycles ago: that one and the one after it are covered.
        root.totalBase = 2 * PER_CYCLE + 1;
        vm.expectRevert(TotalTooHigh.selector);
        pool.vote(past, root, "");
        root.totalBase = 2 * PER_CYCLE;
        post(past, root);
        skip(DELAY);

        skipCycles(3);
        vm.warp(GENESIS + vault.currentCycle() * LENGTH);
        past = vault.currentCycle() - 1;
        root.totalBase = 5 * PER_CYCLE + 1;
        vm.expectRevert(TotalTooHigh.selector);
        pool.vote(past, root, "");
        root.totalBase = 5 * PER_CYCLE;
        post(past, root);
    }

    function test_refuses_TotalTooHigh_before_its_own_first_cycle() public {
        pool = deployPool(poolDeployment());
        root.totalBase = 0;
        pool.vote(past, root, "");
        root.totalBase = 1;
        vm.expectRevert(TotalTooHigh.selector);
        pool.vote(past, root, "");
    }

    function test_a_vetoed_root_leaves_its_allowance_to_the_next() public {
        post(past, root);
        vm.prank(guardian);
        pool.veto();
        skipCycles(1);
        past += 1;
        root.totalBase = 3 * PER_CYCLE;
        post(past, root);
        assertEq(pool.pendingRoot().total, 3 * PER_CYCLE);
    }

    function test_refuses_Unfunded() public {
        skipCycles(20);
        past = vault.currentCycle() - 1;
        root.totalBase = FUNDS + 1;
        vm.expectRevert(Unfunded.selector);
        pool.vote(past, root, "");
        root.totalBase = FUNDS;
        pool.vote(past, root, "");
    }

    function test_no_allowance_is_too_large() public {
        PoolDeployment memory d = poolDeployment();
        (d.parameters.maxPerCycle, d.bounds.most.maxPerCycle) = (type(uint128).max, type(uint128).max);
        pool = deployPool(d);
        fundPool(FUNDS);
        skipCycles(10);
        past = vault.currentCycle() - 1;
        root.totalBase = FUNDS;
        post(past, root);
        assertEq(pool.pendingRoot().total, FUNDS);
    }

    function test_refuses_Length() public {
        bytes memory one = ballot(aliceKey, past, root);
        vm.expectRevert(abi.encodeWithSelector(Length.selector, 66));
        pool.vote(past, root, abi.encodePacked(one, hex"00"));
    }

    function test_refuses_what_is_wrong_with_each_signature_in_turn() public {
        bytes memory good = ballot(aliceKey, past, root);
        bytes memory bad = ballot(bobKey, past, root);
        bad[64] = 0x1d;
        refused(BadV.selector, past, root, abi.encodePacked(good, bad));
        bad[64] = 0x1b;
        for (uint256 i = 32; i < 64; i++) {
            bad[i] = 0;
        }
        refused(BadScalar.selector, past, root, abi.encodePacked(good, bad, ballot(key("nobody's"), past, root)));
        bad[32] = 0x80;
        refused(HighS.selector, past, root, abi.encodePacked(good, bad));
        refused(UnknownSigner.selector, past, root, abi.encodePacked(good, ballot(key("nobody's"), past, root), bad));
        assertEq(pool.tallyOf(past, root), 0, "a refusal leaves no trace");
        assertFalse(pool.hasVoted(alice, past));
    }

    function test_a_vote_is_evidence_against_another() public {
        RewardRoot memory other = rootOf(keccak256("other"), 1);
        bytes memory evidence = abi.encodePacked(
            uint8(3), past, uint64(0), keccak256(encodedForDigest(root)), ballot(aliceKey, past, root)
        );
        evidence = abi.encodePacked(
            evidence, uint8(3), past, uint64(0), keccak256(encodedForDigest(other)), ballot(aliceKey, past, other)
        );
        assertEq(vault.slash(evidence, stranger), 250e18);
    }

    function encodedForDigest(RewardRoot memory r) private pure returns (bytes memory) {
        return abi.encode(r.root, uint256(r.totalBase), uint256(r.totalSolana), r.blobHash);
    }

    function testFuzz_a_root_needs_two_thirds(uint128 a, uint128 b, uint128 c) public {
        uint128[3] memory amounts = [a, b, c];
        address[3] memory owners = [alice, bob, carol];
        uint256[3] memory keys = [aliceKey, bobKey, carolKey];
        for (uint256 i = 0; i < 3; i++) {
            amounts[i] = uint128(bound(amounts[i], 10e18, 1e30));
            stake(owners[i], amounts[i]);
        }
        skipCycles(2);
        past = vault.currentCycle() - 1;
        uint256 total = vault.totalCycleStake().floorPrev;
        uint256 tally = 0;
        for (uint256 i = 0; i < 3; i++) {
            tally += vault.cycleStakeOf(owners[i]).floorPrev;
            pool.vote(past, root, ballot(keys[i], past, root));
            bool posted = pool.pendingRoot().activates != 0;
            assertEq(posted, 3 * tally >= 2 * total);
            if (posted) return;
        }
    }

    function test_a_signer_of_before_the_jail_votes_no_more() public {
        slash(aliceKey);
        skip(PERIOD);
        unjail(alice, key("alice's second signer"), 2);
        skipCycles(2);
        vm.warp(GENESIS + vault.currentCycle() * LENGTH);
        uint64 cycle = vault.currentCycle() - 1;
        refused(OutsideTenure.selector, cycle, root, ballot(aliceKey, cycle, root));
        pool.vote(cycle, root, ballot(key("alice's second signer"), cycle, root));
        assertEq(pool.tallyOf(cycle, root), 4_750e18);
    }

    function test_a_quorum_of_exactly_all_is_one() public {
        vm.prank(governor);
        pool.propose(PoolParameters(9_000e18, DELAY, PER_CYCLE));
        skip(PERIOD);
        pool.applyProposed();
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        past = vault.currentCycle() - 1;
        post(past, root);
        assertEq(pool.pendingRoot().root, root.root);
    }

    function test_totals_are_refused_before_the_length_of_the_signatures() public {
        root.totalBase = 2 * PER_CYCLE + 1;
        refused(TotalTooHigh.selector, past, root, hex"00");
        root.totalBase = FUNDS + 1;
        skipCycles(1);
        refused(TotalTooHigh.selector, past + 1, root, hex"00");
    }

    function test_two_thirds_of_the_largest_stake() public {
        coin.mint(bob, type(uint128).max - 9_000e18);
        vm.startPrank(bob);
        coin.approve(address(vault), type(uint256).max);
        vault.stake(bob, type(uint128).max - 9_000e18);
        vm.stopPrank();
        skipCycles(2);
        past = vault.currentCycle() - 1;
        pool.vote(past, root, ballot(aliceKey, past, root));
        assertEq(pool.pendingRoot().activates, 0);
        pool.vote(past, root, ballot(bobKey, past, root));
        assertEq(pool.pendingRoot().root, root.root);
    }

    function test_only_the_last_vote_is_remembered() public {
        pool.vote(past, root, ballot(aliceKey, past, root));
        assertTrue(pool.hasVoted(alice, past));
        assertFalse(pool.hasVoted(alice, past - 1));
        assertFalse(pool.hasVoted(alice, past + 1));
        assertFalse(pool.hasVoted(carol, 0));
    }

    function test_new_parameters_hold_for_a_cycle_that_is_being_counted() public {
        vm.startPrank(governor);
        pool.propose(PoolParameters(9_000e18 + 1, DELAY, PER_CYCLE));
        skip(PERIOD);
        pool.applyProposed();
        pool.propose(PoolParameters(9_000e18, DELAY, PER_CYCLE));
        skip(PERIOD);
        vm.stopPrank();
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        past = vault.currentCycle() - 1;
        post(past, root);
        assertEq(pool.pendingRoot().activates, 0);
        pool.applyProposed();
        pool.vote(past, root, "");
        assertEq(pool.pendingRoot().root, root.root);
    }

    function test_a_cycle_of_an_odd_length_takes_votes_through_its_shorter_half() public {
        Deployment memory d = deployment(IERC20(address(coin)));
        (d.genesis, d.cycleLength) = (uint64(block.timestamp), 101);
        vault = deploy(d);
        pool = deployPool(oddPool());
        vm.warp(d.genesis + 101 + 49);
        root.totalBase = 0;
        pool.vote(0, root, "");
        skip(1);
        refused(OutsideVoting.selector, 0, root, "");
    }

    function oddPool() private view returns (PoolDeployment memory d) {
        d = poolDeployment();
        (d.parameters.delay, d.bounds.least.delay) = (50, 50);
    }
}
