// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

contract DeploymentTest is Fixture {
    Deployment private d;

    function setUp() public override {
        super.setUp();
        d = deployment(IERC20(address(coin)));
    }

    /// By a call, which passes on that an expectation was not met; a creation would swallow it.
    function refused(bytes4 reason) private {
        vm.expectPartialRevert(reason);
        this.deployAgain();
    }

    function test_the_first_fact_holds_the_parameters() public view {
        (bytes32 head, uint64 seq) = vault.head();
        bytes32 id = keccak256(
            abi.encode(
                "williw-v1", "fixture", block.chainid, address(vault), keccak256("genesis"), keccak256("program")
            )
        );
        assertEq(vault.networkId(), id);
        assertEq(seq, 1);
        bytes32 head0 = keccak256(abi.encodePacked("williw-journal-v1", id, uint8(1), word(address(vault))));
        bytes memory body =
            abi.encodePacked(uint128(1_000e18), uint128(10e18), uint64(14 days), uint16(500), uint64(12));
        bytes memory fact =
            abi.encodePacked(head0, uint64(1), uint64(block.timestamp), uint64(block.number), uint8(16), body);
        assertEq(head, keccak256(fact));
        assertEq(vault.totalCycleStake().cycle, 100);
    }

    function test_the_head_lies_in_its_slot_with_the_number_in_the_next() public {
        register(alice, aliceKey, STAKE);
        (bytes32 head, uint64 seq) = vault.head();
        assertEq(vault.HEAD_SLOT(), 2);
        assertEq(vm.load(address(vault), bytes32(uint256(2))), head);
        assertEq(uint64(uint256(vm.load(address(vault), bytes32(uint256(3))))), seq);
        assertEq(seq, 2);
    }

    function test_a_network_of_Base_alone() public {
        (d.solanaGenesisHash, d.solanaProgramId) = (0, 0);
        deploy(d);
    }

    function test_refuses_NameLength() public {
        d.name = "";
        refused(NameLength.selector);
    }

    function test_refuses_NameCharacter() public {
        d.name = "Upper";
        refused(NameCharacter.selector);
    }

    function test_refuses_HalfAbsent() public {
        d.solanaProgramId = 0;
        refused(HalfAbsent.selector);
    }

    function test_refuses_CycleTooShort() public {
        d.cycleLength = 1;
        refused(CycleTooShort.selector);
    }

    function test_refuses_Bps_in_the_bounds_too() public {
        d.bounds.most.slashBps = 10_001;
        refused(Bps.selector);
    }

    function test_refuses_OutOfBounds() public {
        d.parameters.minStake = d.bounds.most.minStake + 1;
        refused(OutOfBounds.selector);
    }

    function test_refuses_OutOfBounds_of_no_stake_at_all() public {
        d.bounds.least.minStake = 0;
        d.parameters.minStake = 0;
        refused(OutOfBounds.selector);
    }

    function test_refuses_UnsoundPeriods() public {
        d.parameters.unstakingPeriod -= 1;
        refused(UnsoundPeriods.selector);
    }

    function test_refuses_UnsoundPeriods_beyond_any_number() public {
        d.bounds.most.evidenceCycles = type(uint64).max;
        d.parameters.evidenceCycles = type(uint64).max;
        refused(UnsoundPeriods.selector);
    }

    function test_refuses_BeforeGenesis() public {
        d.genesis = uint64(block.timestamp) + 1;
        refused(BeforeGenesis.selector);
    }

    function test_refuses_a_token_that_is_none() public {
        d.token = IERC20(makeAddr("nothing"));
        vm.expectRevert();
        this.deployAgain();
    }

    function test_refuses_no_governor() public {
        d.governor = address(0);
        vm.expectRevert();
        this.deployAgain();
    }

    function deployAgain() external {
        deploy(d);
    }
}
