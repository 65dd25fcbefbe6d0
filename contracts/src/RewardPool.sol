// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Journal} from "./Journal.sol";
import {Claim, IRewardPool, PendingRoot, PoolDeployment} from "./interfaces/IRewardPool.sol";
import {IStakeVault} from "./interfaces/IStakeVault.sol";
import {Coins} from "./libraries/Coins.sol";
import {Facts} from "./libraries/Facts.sol";
import {Network} from "./libraries/Network.sol";
import {PoolBounds, PoolParameters, PoolProposal, PoolTerms} from "./libraries/PoolTerms.sol";
import "./libraries/Refusals.sol";
import {RewardRoot, Roots} from "./libraries/Roots.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Times} from "./libraries/Times.sol";

/// @title RewardPool
/// @notice See IRewardPool. Every verb checks, then changes, then records, and calls the token last.
///
/// A root becomes active by time alone. What follows from that is written down by the next verb that needs it: `_settled`.
contract RewardPool is IRewardPool, Journal {
    using Coins for IERC20;
    using Roots for RewardRoot;
    using SafeERC20 for IERC20;

    /// After so many vetoes in a row the guardian has none until a root activates.
    uint8 private constant VETOES_IN_A_ROW = 3;

    /// What every claim reads and writes, in one slot.
    struct Purse {
        /// What is left of the active root's total.
        uint128 unpaid;
        /// From when the pending root pays; 0 if none is pending.
        uint64 activates;
        /// The first cycle that no activated root covers. Cycles are seconds at the least, of which there are never 2^48.
        uint48 uncovered;
        uint8 vetoes;
        /// Which of the two roots is the active one, 1 or 2; 0 before the first.
        uint8 place;
    }

    /// What roots pay on this chain, in all.
    struct Totals {
        uint128 active;
        uint128 pending;
    }

    struct Claimant {
        uint128 claimed;
        bool isRedirected;
    }

    // The rest of the slot with the number of the last fact.
    /// @inheritdoc IRewardPool
    uint64 public firstOpen;
    /// @inheritdoc IRewardPool
    uint128 public funded;

    Purse private _purse;
    Totals private _totals;
    bytes32[2] private _roots;
    PoolParameters private _parameters;
    PoolProposal private _proposal;
    /// Written by the constructor and never again.
    PoolBounds private _bounds;
    /// @inheritdoc IRewardPool
    address public guardian;
    mapping(bytes32 ballot => uint128) private _tallies;
    /// The cycle after the last one in which an operator was counted.
    mapping(address account => uint64) private _votedBefore;
    mapping(address account => Claimant) private _claimants;
    mapping(address account => address) private _recipients;
    /// @inheritdoc IRewardPool
    mapping(address account => address) public proposedRecipientOf;

    /// @inheritdoc IRewardPool
    IStakeVault public immutable vault;
    /// @inheritdoc IRewardPool
    IERC20 public immutable token;
    uint64 private immutable _genesis;
    uint64 private immutable _cycleLength;
    bytes32 private immutable _domain;

    /// @notice Refuses: OwnableInvalidOwner, OutOfBounds, UnsoundPeriods, and a vault or token that does not exist.
    constructor(PoolDeployment memory d) Journal(d.governor) {
        (_genesis, _cycleLength) = (d.vault.genesis(), d.vault.cycleLength());
        PoolTerms.check(d.parameters, d.bounds, _cycleLength);
        d.token.balanceOf(address(this));
        (vault, token, guardian) = (d.vault, d.token, d.guardian);
        bytes32 networkId = d.vault.networkId();
        _domain = Signatures.domainSeparator(networkId);
        _bounds = d.bounds;
        _parameters = d.parameters;
        _purse.uncovered = uint48(d.vault.currentCycle());
        _begin(networkId);
        _record(Facts.POOL_PARAMETERS, address(0), Facts.poolParameters(d.parameters));
    }

    // In.

    /// @inheritdoc IRewardPool
    function fund(uint128 amount) external {
        require(amount != 0, ZeroAmount());
        require(amount <= type(uint128).max - funded, Overflow());
        uint128 sum = funded + amount;
        funded = sum;
        _record(Facts.FUNDED, address(0), Facts.funded(sum));
        token.pull(amount);
    }

    // Roots.

    /// @inheritdoc IRewardPool
    function vote(uint64 cycle, RewardRoot calldata root, bytes calldata signatures) external {
        require(_takesVotes(cycle), OutsideVoting());
        require(cycle >= firstOpen, CycleClosed());
        Purse memory purse = _settled();
        _checkTotal(root.totalBase, cycle, purse.uncovered);
        require(signatures.length % Signatures.LEN == 0, Length(signatures.length));

        bytes32 ballot = root.ballot(_domain, cycle);
        uint128 tally = _tallies[ballot] + _count(ballot, cycle, signatures);
        uint128 total = vault.totalCycleStake().floorPrev;
        if (total < _parameters.minQuorum || uint256(tally) * 3 < uint256(total) * 2) {
            _tallies[ballot] = tally;
            return;
        }
        // Nobody counts for this cycle any more.
        delete _tallies[ballot];
        uint64 activates = Times.later(_parameters.delay);
        firstOpen = cycle + 1;
        _totals.pending = root.totalBase;
        _roots[_otherPlace(purse.place) - 1] = root.root;
        purse.activates = activates;
        _purse = purse;
        _record(Facts.ROOT_PENDING, address(0), Facts.rootPending(cycle, root, activates));
    }

    /// @inheritdoc IRewardPool
    function veto() external {
        require(msg.sender == guardian, NotGuardian());
        Purse memory purse = _purse;
        require(block.timestamp < purse.activates, NothingPending());
        require(purse.vetoes < VETOES_IN_A_ROW, VetoesSpent());
        (purse.activates, purse.vetoes) = (0, purse.vetoes + 1);
        _purse = purse;
        _record(Facts.ROOT_VETOED, address(0), Facts.rootVetoed(firstOpen - 1));
    }

    // Out. Nothing here can be stopped.

    /// @inheritdoc IRewardPool
    function claim(address account, uint128 cumulative, bytes32[] calldata proof) external returns (uint128 amount) {
        Purse memory purse = _settled();
        address recipient;
        (amount, recipient) = _claim(purse, account, cumulative, proof);
        if (amount == 0) return 0;
        _purse = purse;
        token.safeTransfer(recipient, amount);
    }

    /// @inheritdoc IRewardPool
    function claimMany(Claim[] calldata claims) external returns (uint256 amount) {
        Purse memory purse = _settled();
        uint128[] memory amounts = new uint128[](claims.length);
        address[] memory recipients = new address[](claims.length);
        for (uint256 i = 0; i < claims.length; i++) {
            (amounts[i], recipients[i]) = _claim(purse, claims[i].account, claims[i].cumulative, claims[i].proof);
            amount += amounts[i];
        }
        _purse = purse;
        for (uint256 i = 0; i < claims.length; i++) {
            if (amounts[i] != 0) token.safeTransfer(recipients[i], amounts[i]);
        }
    }

    /// @inheritdoc IRewardPool
    function setRecipient(address recipient) external {
        proposedRecipientOf[msg.sender] = recipient;
        emit RecipientProposed(msg.sender, recipient);
    }

    /// @inheritdoc IRewardPool
    function confirmRecipient(address account) external {
        require(proposedRecipientOf[account] == msg.sender, NotRecipient());
        delete proposedRecipientOf[account];
        _recipients[account] = msg.sender;
        _claimants[account].isRedirected = msg.sender != account;
        emit RecipientConfirmed(account, msg.sender);
    }

    // Terms.

    /// @inheritdoc IRewardPool
    function setGuardian(address next) external onlyOwner {
        guardian = next;
        emit GuardianSet(next);
    }

    /// @inheritdoc IRewardPool
    function propose(PoolParameters calldata next) external onlyOwner {
        PoolTerms.check(next, _bounds, _cycleLength);
        uint64 effective = Times.later(vault.parameters().unstakingPeriod);
        _proposal = PoolProposal(next, effective);
        _record(Facts.POOL_PARAMETERS_PROPOSED, address(0), Facts.poolParametersProposed(next, effective));
    }

    /// @inheritdoc IRewardPool
    function applyProposed() external {
        PoolProposal memory ripe = _proposal;
        require(ripe.effective != 0, NothingProposed());
        require(block.timestamp >= ripe.effective, NoticeRunning());
        delete _proposal;
        _parameters = ripe.parameters;
        _record(Facts.POOL_PARAMETERS, address(0), Facts.poolParameters(ripe.parameters));
    }

    // Views.

    /// @inheritdoc IRewardPool
    function paid() external view returns (uint128) {
        return _totals.active - _purse.unpaid;
    }

    /// @inheritdoc IRewardPool
    function claimedOf(address account) external view returns (uint128) {
        return _claimants[account].claimed;
    }

    /// @inheritdoc IRewardPool
    function recipientOf(address account) external view returns (address) {
        return _recipientOf(account, _claimants[account].isRedirected);
    }

    /// @inheritdoc IRewardPool
    function activeRoot() external view returns (bytes32 root, uint128 total) {
        uint8 place = _isRipe() ? _otherPlace(_purse.place) : _purse.place;
        if (place != 0) (root, total) = (_roots[place - 1], _isRipe() ? _totals.pending : _totals.active);
    }

    /// @inheritdoc IRewardPool
    function pendingRoot() external view returns (PendingRoot memory pending) {
        if (block.timestamp >= _purse.activates) return pending;
        bytes32 root = _roots[_otherPlace(_purse.place) - 1];
        return PendingRoot(root, _totals.pending, firstOpen - 1, _purse.activates);
    }

    /// @inheritdoc IRewardPool
    function uncovered() external view returns (uint64) {
        return _isRipe() ? firstOpen : _purse.uncovered;
    }

    /// @inheritdoc IRewardPool
    function vetoes() external view returns (uint8) {
        return _isRipe() ? 0 : _purse.vetoes;
    }

    /// @inheritdoc IRewardPool
    function tallyOf(uint64 cycle, RewardRoot calldata root) external view returns (uint128) {
        return _tallies[root.ballot(_domain, cycle)];
    }

    /// @inheritdoc IRewardPool
    function hasVoted(address account, uint64 cycle) external view returns (bool) {
        return _votedBefore[account] == cycle + 1;
    }

    /// @inheritdoc IRewardPool
    function parameters() external view returns (PoolParameters memory) {
        return _parameters;
    }

    /// @inheritdoc IRewardPool
    function bounds() external view returns (PoolBounds memory) {
        return _bounds;
    }

    /// @inheritdoc IRewardPool
    function proposal() external view returns (PoolProposal memory) {
        return _proposal;
    }

    // Checks.

    /// In the first half of a cycle, votes for the one before are taken.
    function _takesVotes(uint64 cycle) private view returns (bool) {
        uint64 elapsed = uint64(block.timestamp) - _genesis;
        uint64 present = elapsed / _cycleLength;
        return present != 0 && cycle == present - 1 && elapsed % _cycleLength < _cycleLength / 2;
    }

    /// This chain's total only grows, slowly, and never above what is there to pay it.
    function _checkTotal(uint128 total, uint64 cycle, uint64 from) private view {
        uint128 before = _totals.active;
        require(total >= before, TotalFell());
        require(total - before <= uint256(_parameters.maxPerCycle) * (cycle + 1 - from), TotalTooHigh());
        require(total <= funded, Unfunded());
    }

    function _isRipe() private view returns (bool) {
        return _purse.activates != 0 && _purse.activates <= block.timestamp;
    }

    function _otherPlace(uint8 place) private pure returns (uint8) {
        return place == 1 ? 2 : 1;
    }

    function _recipientOf(address account, bool isRedirected) private view returns (address) {
        return isRedirected ? _recipients[account] : account;
    }

    // Effects.

    /// The purse once time has done its part.
    function _settled() private returns (Purse memory purse) {
        purse = _purse;
        if (purse.activates == 0 || block.timestamp < purse.activates) return purse;
        Totals memory totals = _totals;
        _totals.active = totals.pending;
        purse.unpaid += totals.pending - totals.active;
        // A root is pending for the last cycle that was closed.
        (purse.activates, purse.uncovered, purse.vetoes) = (0, uint48(firstOpen), 0);
        purse.place = _otherPlace(purse.place);
        _purse = purse;
    }

    /// Counts each operator once per cycle, by the stake it had in that cycle.
    function _count(bytes32 ballot, uint64 cycle, bytes calldata signatures) private returns (uint128 weight) {
        for (uint256 at = 0; at < signatures.length; at += Signatures.LEN) {
            address signer = Signatures.recover(ballot, signatures[at:at + Signatures.LEN]);
            (address account, uint128 counted) = vault.voterOf(signer);
            if (counted == 0 || _votedBefore[account] > cycle) continue;
            _votedBefore[account] = cycle + 1;
            // Parts of what is staked, which fits.
            weight += counted;
        }
    }

    /// What is to be paid for one leaf, and to whom. The caller stores the purse, and pays.
    function _claim(Purse memory purse, address account, uint128 cumulative, bytes32[] calldata proof)
        private
        returns (uint128 amount, address recipient)
    {
        require(purse.place != 0, NoRoot());
        Roots.check(_roots[purse.place - 1], Roots.leaf(Network.BASE, _word(account), cumulative), proof);
        Claimant memory claimant = _claimants[account];
        if (cumulative <= claimant.claimed) return (0, account);
        amount = cumulative - claimant.claimed;
        // The leaves of a bad root may promise more than its total, but the pool pays no more than that.
        require(amount <= purse.unpaid, AboveTotal());
        purse.unpaid -= amount;
        _claimants[account].claimed = cumulative;
        recipient = _recipientOf(account, claimant.isRedirected);
        emit Claimed(account, recipient, amount, cumulative);
    }
}
