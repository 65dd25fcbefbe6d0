// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract SlashTest is Fixture {
    function setUp() public override {
        super.setUp();
        register(alice, aliceKey, STAKE);
        register(bob, key("bob's"), STAKE);
        skipCycles(2);
    }

    function refused(bytes memory reason, bytes memory bad) private {
        vm.expectRevert(reason);
        vault.slash(bad, stranger);
    }

    function test_takes_of_everything_and_jails() public {
        unstake(alice, 1_000e18);
        unstake(alice, 1); // a single atom: rounded up, all of it goes
        uint128 taken = 200e18 + 50e18 + 1;
        uint128 bounty = taken / 20;
        uint128 active = 3_800e18 - 1;
        bytes memory proof = evidence(aliceKey, 102);
        expectFact(
            7, alice, abi.encodePacked(word(alice), active, uint128(950e18), taken, bounty, word(stranger), proof)
        );
        assertEq(vault.slash(proof, stranger), taken);
        assertFolded();

        OperatorView memory operator = vault.operatorOf(alice);
        assertEq(operator.active, active);
        assertEq(operator.queued, 950e18);
        assertEq(operator.jailedUntil, block.timestamp + vault.parameters().unstakingPeriod);
        assertEq(vault.queueOf(alice)[0].amount, 950e18);
        assertEq(vault.queueOf(alice)[1].amount, 0);
        assertEq(vault.bountyOf(stranger), bounty);
    }

    function test_the_jailed_count_nothing_and_the_quorum_stays() public {
        slash(aliceKey);
        assertStake(vault.cycleStakeOf(alice), 0, 0, 0);
        assertStake(vault.totalCycleStake(), STAKE, STAKE, 2 * STAKE);
        skipCycles(1);
        assertStake(vault.cycleStakeOf(alice), 0, 0, 0);
        assertStake(vault.totalCycleStake(), STAKE, STAKE, STAKE);
    }

    function test_moves_no_token() public {
        vm.mockCallRevert(address(coin), bytes(""), bytes("the token is broken"));
        slash(aliceKey);
    }

    function test_works_while_deposits_are_paused() public {
        vm.prank(governor);
        vault.setPaused(true);
        slash(aliceKey);
    }

    function test_the_order_of_the_statements_does_not_matter() public {
        vault.slash(abi.encodePacked(vote(aliceKey, 102, "another"), vote(aliceKey, 102, "one root")), stranger);
    }

    function test_a_replaced_signer_still_answers_for_its_cycles() public {
        rotate(alice, key("second"), 2); // the first serves through 103
        skipCycles(4);
        vault.slash(evidence(aliceKey, 103), stranger);
    }

    function test_refuses_Length() public {
        refused(abi.encodeWithSelector(Length.selector, 0), "");
        refused(abi.encodeWithSelector(Length.selector, 114), vote(aliceKey, 102, "one root"));
    }

    function test_refuses_UnknownKind() public {
        bytes memory one = signed(aliceKey, Statement(5, 102, 0, "a"));
        refused(abi.encodeWithSelector(UnknownKind.selector, 5), abi.encodePacked(one, one));
    }

    function test_refuses_SlotNotZero() public {
        bytes memory one = signed(aliceKey, Statement(4, 102, 1, "a"));
        refused(abi.encodeWithSelector(SlotNotZero.selector), abi.encodePacked(one, one));
    }

    function test_refuses_bad_signatures() public {
        bytes memory proof = evidence(aliceKey, 102);
        proof[113] = 0;
        refused(abi.encodeWithSelector(BadV.selector), proof);
        proof[113] = bytes1(uint8(27));
        proof[81] = 0x80;
        refused(abi.encodeWithSelector(HighS.selector), proof);
        for (uint256 i = 49; i < 81; i++) {
            proof[i] = 0xff;
        }
        refused(abi.encodeWithSelector(BadScalar.selector), proof);
        proof = evidence(aliceKey, 102);
        for (uint256 i = 49; i < 81; i++) {
            proof[i] = i == 80 ? bytes1(0x05) : bytes1(0);
        }
        refused(abi.encodeWithSelector(Unrecoverable.selector), proof);
    }

    function test_refuses_DifferentSigners() public {
        bytes memory other = vote(key("bob's"), 102, "another");
        refused(
            abi.encodeWithSelector(DifferentSigners.selector), abi.encodePacked(vote(aliceKey, 102, "one root"), other)
        );
    }

    function test_refuses_NoConflict() public {
        bytes memory one = vote(aliceKey, 102, "one root");
        refused(abi.encodeWithSelector(NoConflict.selector), abi.encodePacked(one, one));
    }

    function test_refuses_UnknownSigner() public {
        refused(abi.encodeWithSelector(UnknownSigner.selector), evidence(key("nobody"), 102));
    }

    function test_refuses_Jailed() public {
        slash(aliceKey);
        refused(abi.encodeWithSelector(Jailed.selector), evidence(aliceKey, 102));
    }

    function test_refuses_OutsideTenure() public {
        refused(abi.encodeWithSelector(OutsideTenure.selector), evidence(aliceKey, 99));
    }

    function test_refuses_OutsideTenure_after_an_earlier_jail() public {
        slash(aliceKey);
        skip(PERIOD);
        unjail(alice, key("second"), 2);
        // The old signer's statements of today are as void as those of before.
        refused(abi.encodeWithSelector(OutsideTenure.selector), evidence(aliceKey, vault.currentCycle()));
        refused(abi.encodeWithSelector(OutsideTenure.selector), evidence(aliceKey, 102));
    }

    function test_refuses_TooOld() public {
        skipCycles(12);
        vault.slash(evidence(aliceKey, 102), stranger);
        skipCycles(1);
        refused(abi.encodeWithSelector(TooOld.selector), evidence(key("bob's"), 102));
    }

    function testFuzz_takes_its_fraction_rounded_up(uint128 amount, uint16 bps) public {
        bps = uint16(bound(bps, 0, 10_000));
        amount = uint128(bound(amount, 1_000e18, type(uint128).max - 2 * STAKE));
        vm.prank(governor);
        vault.propose(Parameters(1_000e18, 10e18, PERIOD, bps, 12));
        skip(PERIOD);
        vault.applyProposed();
        address carol = makeAddr("carol");
        register(carol, key("carol's"), amount);
        uint128 taken = slash(key("carol's"));
        assertEq(taken, (uint256(amount) * bps + 9_999) / 10_000);
        assertEq(vault.operatorOf(carol).active, amount - taken);
        assertEq(vault.bountyOf(stranger), taken / 20);
    }
}
