// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../PoolFixture.sol";

contract PoolDeploymentTest is PoolFixture {
    PoolDeployment private d;

    function setUp() public override {
        super.setUp();
        d = poolDeployment();
    }

    /// By a call, which passes on that an expectation was not met; a creation would swallow it.
    function refused(bytes4 reason) private {
        vm.expectRevert(reason);
        this.deployAgain();
    }

    function test_the_first_fact_holds_the_parameters() public {
        pool = deployPool(d);
        (bytes32 head, uint64 seq) = pool.head();
        assertEq(seq, 1);
        bytes32 id = vault.networkId();
        bytes32 head0 = keccak256(abi.encodePacked("williw-journal-v1", id, uint8(1), word(address(pool))));
        bytes memory body = abi.encodePacked(uint128(2_000e18), DELAY, PER_CYCLE);
        bytes memory fact =
            abi.encodePacked(head0, uint64(1), uint64(block.timestamp), uint64(block.number), uint8(32), body);
        assertEq(head, keccak256(fact));
        assertEq(pool.uncovered(), vault.currentCycle());
        assertEq(pool.firstOpen(), 0);
        assertEq(address(pool.vault()), address(vault));
        assertEq(address(pool.token()), address(reward));
        assertEq(pool.guardian(), guardian);
        assertEq(keccak256(abi.encode(pool.bounds())), keccak256(abi.encode(d.bounds)));
    }

    function test_the_head_lies_where_that_of_the_vault_does() public view {
        (bytes32 head, uint64 seq) = pool.head();
        assertEq(vm.load(address(pool), bytes32(uint256(2))), head);
        assertEq(uint64(uint256(vm.load(address(pool), bytes32(uint256(3))))), seq);
        assertEq(pool.HEAD_SLOT(), vault.HEAD_SLOT());
    }

    function test_refuses_OutOfBounds_of_a_quorum_of_nobody() public {
        (d.parameters.minQuorum, d.bounds.least.minQuorum) = (0, 0);
        refused(OutOfBounds.selector);
    }

    function test_refuses_UnsoundPeriods() public {
        (d.parameters.delay, d.bounds.most.delay) = (LENGTH / 2 + 1, LENGTH);
        refused(UnsoundPeriods.selector);
    }

    function test_refuses_a_token_that_is_none() public {
        d.token = IERC20(makeAddr("nothing"));
        vm.expectRevert();
        this.deployAgain();
    }

    function test_refuses_a_vault_that_is_none() public {
        d.vault = IStakeVault(makeAddr("nothing"));
        vm.expectRevert();
        this.deployAgain();
    }

    function test_refuses_no_governor() public {
        d.governor = address(0);
        vm.expectRevert();
        this.deployAgain();
    }

    function deployAgain() external {
        deployPool(d);
    }
}
