// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "../Fixture.sol";

/// Calls that are weighed. A scenario is played to the contract itself and then to those of bench/floor: the same calls, byte
/// for byte, which must answer the same. With `forge test --isolate` each call is a transaction of its own.
abstract contract Measured is Fixture {
    // Who is played to. The weights are kept in a file of that name.
    string internal constant ITSELF = "itself";
    string internal constant FLOOR = "floor";
    string internal constant FOLDED = "folded";
    string internal constant CYCLED = "cycled";

    string internal subject;
    address internal target;
    /// What the contract itself answered.
    mapping(string name => bytes) private _answers;

    function setUp() public virtual override {
        super.setUp();
        coin = Coin(create("Token.sol:Token", ""));
        vault = deploy(deployment(IERC20(address(coin))));
    }

    function measure(string memory name, address sender, bytes memory call) internal {
        vm.prank(sender);
        (bool isDone, bytes memory answer) = target.call(call);
        vm.snapshotGasLastCall(subject, name);
        assertTrue(isDone, name);
        if (isItself()) {
            vm.snapshotValue("calldata", name, call.length);
            _answers[name] = answer;
        } else {
            assertEq(answer, _answers[name], name);
        }
    }

    /// A call that only prepares others.
    function act(address sender, bytes memory call) internal {
        vm.prank(sender);
        (bool isDone,) = target.call(call);
        assertTrue(isDone, "preparation");
    }

    /// Both sides refuse it, for the same reason.
    function assertRefused(address floor, address sender, bytes memory call, bytes memory reason) internal {
        vm.prank(sender);
        (bool isDone, bytes memory answer) = target.call(call);
        assertFalse(isDone, "done");
        assertEq(answer, reason, "another refusal");
        vm.prank(sender);
        (isDone, answer) = floor.call(call);
        assertFalse(isDone, "the floor does it");
        assertEq(answer, reason, "the floor has another refusal");
    }

    function isItself() internal view returns (bool) {
        return same(subject, ITSELF);
    }

    function same(string memory one, string memory other) internal pure returns (bool) {
        return keccak256(bytes(one)) == keccak256(bytes(other));
    }

    function approve(address account, uint128 amount) internal {
        coin.mint(account, amount);
        vm.prank(account);
        coin.approve(target, type(uint256).max);
    }

    function registration(address account, uint256 signerKey, uint128 amount) internal view returns (bytes memory) {
        LinkTerms memory link = terms(signerKey, 1);
        return abi.encodeCall(IStakeVault.register, (amount, link, signLink(account, link, signerKey)));
    }

    /// More than it stakes, so that it never has nothing.
    function enrol(address account, uint256 signerKey, uint128 amount) internal {
        approve(account, 10 * amount);
        act(account, registration(account, signerKey, amount));
    }
}
