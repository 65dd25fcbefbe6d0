// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import "./Measured.sol";

/// What the verbs of the vault cost, beside the least that does the same.
contract VaultGasTest is Measured {
    uint256 private bobKey = key("bob's");

    /// Plays the scenario to everyone, from the middle of a life on: what is written again and again was written before.
    modifier played() {
        string[4] memory subjects = [ITSELF, FLOOR, FOLDED, CYCLED];
        for (uint256 i = 0; i < subjects.length; i++) {
            _begin(subjects[i]);
            _;
        }
    }

    modifier playedToItself() {
        _begin(ITSELF);
        _;
    }

    function _begin(string memory name) private {
        vm.warp(GENESIS + 100 * LENGTH);
        subject = name;
        target = isItself() ? address(vault) : _floor();
        enrol(bob, bobKey, STAKE);
        enrol(alice, aliceKey, STAKE);
        skip(LENGTH);
        act(bob, abi.encodeCall(vault.stake, (bob, 10e18)));
        act(alice, abi.encodeCall(vault.stake, (alice, 10e18)));
        act(alice, abi.encodeCall(vault.unstake, (2e18)));
        skip(PERIOD);
        act(alice, abi.encodeCall(vault.withdraw, (8)));
        skip(2 * LENGTH);
    }

    /// The floor of the vault, or that with a part of what the vault does besides.
    function _floor() private returns (address) {
        bytes memory arguments = abi.encode(coin, domain(), GENESIS, LENGTH, vault.parameters());
        if (same(subject, FOLDED)) return create("FoldedVault.sol:FoldedVault", arguments);
        if (same(subject, CYCLED)) return create("CycledVault.sol:CycledVault", arguments);
        return create("FloorVault.sol:FloorVault", arguments);
    }

    function test_register() public played {
        address carol = makeAddr("carol");
        uint256 carolKey = key("carol's");
        approve(carol, 2 * STAKE);
        measure("register", carol, registration(carol, carolKey, STAKE));
    }

    function test_stake() public played {
        bytes memory call = abi.encodeCall(vault.stake, (alice, 20e18));
        measure("stake, first of a cycle", alice, call);
        measure("stake, again", alice, call);
    }

    function test_unstake_and_withdraw() public played {
        measure("unstake", alice, abi.encodeCall(vault.unstake, (2e18)));
        skip(PERIOD);
        measure("withdraw", alice, abi.encodeCall(vault.withdraw, (8)));
        for (uint256 i = 0; i < 8; i++) {
            act(alice, abi.encodeCall(vault.unstake, (2e18)));
        }
        skip(PERIOD);
        measure("withdraw, eight entries", alice, abi.encodeCall(vault.withdraw, (8)));
    }

    function test_slash() public played {
        uint64 cycle = (uint64(block.timestamp) - GENESIS) / LENGTH;
        act(alice, abi.encodeCall(vault.unstake, (2e18)));
        // The beneficiary has a bounty already.
        act(bob, abi.encodeCall(vault.slash, (evidence(bobKey, cycle), stranger)));
        skip(LENGTH);
        measure("slash, one entry queued", bob, abi.encodeCall(vault.slash, (evidence(aliceKey, cycle), stranger)));
    }

    function test_slash_a_full_queue() public played {
        uint64 cycle = (uint64(block.timestamp) - GENESIS) / LENGTH;
        for (uint256 i = 0; i < 8; i++) {
            act(alice, abi.encodeCall(vault.unstake, (2e18)));
        }
        act(bob, abi.encodeCall(vault.slash, (evidence(bobKey, cycle), stranger)));
        skip(LENGTH);
        measure("slash, eight entries queued", bob, abi.encodeCall(vault.slash, (evidence(aliceKey, cycle), stranger)));
    }

    function test_restake() public playedToItself {
        act(alice, abi.encodeCall(vault.unstake, (2e18)));
        measure("restake", alice, abi.encodeCall(vault.restake, (1)));
    }

    function test_rotate() public playedToItself {
        uint256 next = key("alice's second");
        LinkTerms memory link = terms(next, 2);
        measure("rotate", alice, abi.encodeCall(vault.rotate, (link, signLink(alice, link, next))));
    }

    function test_collect_and_unjail() public playedToItself {
        uint64 cycle = (uint64(block.timestamp) - GENESIS) / LENGTH;
        // The beneficiary has something already.
        coin.mint(stranger, 1);
        act(bob, abi.encodeCall(vault.slash, (evidence(aliceKey, cycle), stranger)));
        measure("collect", bob, abi.encodeCall(vault.collect, (stranger)));
        skip(PERIOD);
        uint256 next = key("alice's second");
        LinkTerms memory link = terms(next, 2);
        measure("unjail", alice, abi.encodeCall(vault.unjail, (link, signLink(alice, link, next))));
    }

    /// A floor that checked less would be none.
    function test_the_floor_refuses_what_the_vault_refuses() public {
        _begin(FLOOR);
        address floor = target;
        _begin(ITSELF);
        address carol = makeAddr("carol");
        uint256 carolKey = key("carol's");
        bytes memory call = registration(carol, carolKey, STAKE);
        assertRefused(floor, alice, call, abi.encodeWithSelector(AlreadyRegistered.selector));
        assertRefused(floor, carol, registration(carol, aliceKey, STAKE), abi.encodeWithSelector(SignerTaken.selector));
        assertRefused(
            floor, carol, registration(carol, carolKey, 999e18), abi.encodeWithSelector(BelowMinStake.selector)
        );
        LinkTerms memory link = terms(carolKey, 1);
        bytes memory signature = signLink(carol, link, aliceKey);
        bytes memory reason = abi.encodeWithSelector(WrongSigner.selector, vm.addr(aliceKey));
        assertRefused(floor, carol, abi.encodeCall(vault.register, (STAKE, link, signature)), reason);
        signature[64] = 0x1d;
        reason = abi.encodeWithSelector(BadV.selector);
        assertRefused(floor, carol, abi.encodeCall(vault.register, (STAKE, link, signature)), reason);
        link.nonce = 0;
        reason = abi.encodeWithSelector(StaleNonce.selector);
        assertRefused(floor, carol, abi.encodeCall(vault.register, (STAKE, link, signature)), reason);

        bytes4 unknown = NotRegistered.selector;
        assertRefused(floor, alice, abi.encodeCall(vault.stake, (carol, 20e18)), abi.encodeWithSelector(unknown));
        assertRefused(floor, carol, abi.encodeCall(vault.unstake, (1)), abi.encodeWithSelector(unknown));
        assertRefused(floor, carol, abi.encodeCall(vault.withdraw, (1)), abi.encodeWithSelector(unknown));
        reason = abi.encodeWithSelector(BelowMinDeposit.selector);
        assertRefused(floor, alice, abi.encodeCall(vault.stake, (alice, 1)), reason);
        reason = abi.encodeWithSelector(InsufficientStake.selector);
        assertRefused(floor, alice, abi.encodeCall(vault.unstake, (2 * STAKE)), reason);
        reason = abi.encodeWithSelector(NothingMatured.selector);
        assertRefused(floor, alice, abi.encodeCall(vault.withdraw, (1)), reason);
    }

    function test_the_floor_refuses_the_evidence_that_the_vault_refuses() public {
        _begin(FLOOR);
        address floor = target;
        _begin(ITSELF);
        uint64 cycle = (uint64(block.timestamp) - GENESIS) / LENGTH;
        bytes memory one = vote(aliceKey, cycle, "one root");
        _assertNoEvidence(floor, abi.encodePacked(one, one), abi.encodeWithSelector(NoConflict.selector));
        _assertNoEvidence(floor, one, abi.encodeWithSelector(Length.selector, one.length));
        bytes memory other = vote(bobKey, cycle, "another");
        _assertNoEvidence(floor, abi.encodePacked(one, other), abi.encodeWithSelector(DifferentSigners.selector));
        bytes memory stale = evidence(aliceKey, cycle - 13);
        _assertNoEvidence(floor, stale, abi.encodeWithSelector(TooOld.selector));
        bytes memory early = evidence(aliceKey, 99);
        _assertNoEvidence(floor, early, abi.encodeWithSelector(OutsideTenure.selector));
        bytes memory foreign = evidence(key("nobody's"), cycle);
        _assertNoEvidence(floor, foreign, abi.encodeWithSelector(UnknownSigner.selector));
        other = vote(aliceKey, cycle, "another");
        other[0] = 0x05;
        _assertNoEvidence(floor, abi.encodePacked(one, other), abi.encodeWithSelector(UnknownKind.selector, 5));
        other[0] = 0x03;
        other[9] = 0x01;
        _assertNoEvidence(floor, abi.encodePacked(one, other), abi.encodeWithSelector(SlotNotZero.selector));
    }

    function _assertNoEvidence(address floor, bytes memory what, bytes memory reason) private {
        assertRefused(floor, stranger, abi.encodeCall(vault.slash, (what, stranger)), reason);
    }
}
