// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";

/// The verbs of a pool with whatever they may be given; those that are not here have their fuzz beside their tests.
contract PoolFuzzTest is PoolFixture {
    function testFuzz_fund_adds_up(uint128[4] memory amounts) public {
        uint256 sum = FUNDS;
        for (uint256 i = 0; i < 4; i++) {
            reward.mint(address(this), type(uint120).max);
            amounts[i] = uint128(bound(amounts[i], 1, type(uint120).max));
            fundPool(amounts[i]);
            sum += amounts[i];
        }
        assertEq(pool.funded(), sum);
        assertEq(reward.balanceOf(address(pool)), sum);
    }

    function testFuzz_a_total_is_posted_if_and_only_if_it_may_be(uint128 total, uint8 gap, uint128 funds) public {
        fundPool(uint128(bound(funds, 1, 3_000e18)));
        pay(PER_CYCLE);
        vm.warp(GENESIS + (vault.currentCycle() + 1 + gap % 40) * LENGTH);
        uint64 cycle = vault.currentCycle() - 1;
        total = uint128(bound(total, 0, 5_000e18));
        uint256 most = PER_CYCLE + uint256(PER_CYCLE) * (cycle - past);
        RewardRoot memory root = rootOf(keccak256("root"), total);
        bytes memory signatures = abi.encodePacked(ballot(aliceKey, cycle, root), ballot(bobKey, cycle, root));
        if (total < PER_CYCLE) vm.expectRevert(TotalFell.selector);
        else if (total > most) vm.expectRevert(TotalTooHigh.selector);
        else if (total > pool.funded()) vm.expectRevert(Unfunded.selector);
        pool.vote(cycle, root, signatures);
        bool isSound = total >= PER_CYCLE && total <= most && total <= pool.funded();
        assertEq(pool.firstOpen(), isSound ? cycle + 1 : past + 1);
    }

    function testFuzz_veto_until_the_delay_is_over(uint32 time, uint64 delay) public {
        vm.prank(governor);
        pool.propose(PoolParameters(2_000e18, uint64(bound(delay, 1 minutes, 12 hours)), PER_CYCLE));
        skip(PERIOD);
        pool.applyProposed();
        vm.warp(GENESIS + (vault.currentCycle() + 1) * LENGTH);
        past = vault.currentCycle() - 1;
        RewardRoot memory root = rootOf(keccak256("root"), PER_CYCLE);
        post(past, root);
        uint256 activates = block.timestamp + pool.parameters().delay;
        skip(bound(time, 0, 1 days));
        if (block.timestamp >= activates) vm.expectRevert(NothingPending.selector);
        vm.prank(guardian);
        pool.veto();
        vm.warp(activates + 1 days);
        (bytes32 active,) = pool.activeRoot();
        assertEq(active != 0, pool.vetoes() == 0);
        assertEq(pool.uncovered(), active != 0 ? past + 1 : 100);
    }

    function testFuzz_claimMany_pays_each_its_own(uint64[4] memory amounts, uint8[6] memory picks) public {
        address[4] memory owners = [alice, bob, carol, stranger];
        bytes32[4] memory leaves;
        uint128 total = 0;
        for (uint256 i = 0; i < 4; i++) {
            leaves[i] = Roots.leaf(1, word(owners[i]), amounts[i]);
            total += amounts[i];
        }
        (bytes32 left, bytes32 right) = (node(leaves[0], leaves[1]), node(leaves[2], leaves[3]));
        post(past, rootOf(node(left, right), total));
        skip(DELAY);
        Claim[] memory claims = new Claim[](picks.length);
        bool[4] memory isPicked;
        for (uint256 i = 0; i < picks.length; i++) {
            uint256 who = picks[i] % 4;
            bytes32[] memory proof = new bytes32[](2);
            (proof[0], proof[1]) = (leaves[who ^ 1], who < 2 ? right : left);
            claims[i] = Claim(owners[who], amounts[who], proof);
            isPicked[who] = true;
        }
        uint256 wanted = 0;
        for (uint256 i = 0; i < 4; i++) {
            if (isPicked[i]) wanted += amounts[i];
        }
        assertEq(pool.claimMany(claims), wanted);
        for (uint256 i = 0; i < 4; i++) {
            assertEq(reward.balanceOf(owners[i]), isPicked[i] ? amounts[i] : 0);
        }
    }

    function node(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }

    function testFuzz_only_whom_the_owner_names_becomes_its_recipient(address named, address other) public {
        vm.prank(alice);
        pool.setRecipient(named);
        if (other != named || other == address(0)) vm.expectRevert(NotRecipient.selector);
        vm.prank(other);
        pool.confirmRecipient(alice);
        if (named == address(0)) return;
        vm.prank(named);
        if (other == named) vm.expectRevert(NotRecipient.selector);
        pool.confirmRecipient(alice);
        assertEq(pool.recipientOf(alice), named);
    }

    function testFuzz_propose_takes_exactly_what_is_sound(PoolParameters memory p) public {
        p.minQuorum = uint128(bound(p.minQuorum, 0, 2e24));
        p.delay = uint64(bound(p.delay, 0, 1 days));
        bool isWithin = p.minQuorum >= 1e18 && p.minQuorum <= 1e24 && p.delay >= 1 minutes && p.delay <= 12 hours
            && p.maxPerCycle >= 1 && p.maxPerCycle <= 1e30;
        if (!isWithin) vm.expectRevert(OutOfBounds.selector);
        vm.prank(governor);
        pool.propose(p);
    }
}
