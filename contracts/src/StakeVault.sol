// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {Journal} from "./Journal.sol";
import {Deployment, IStakeVault, OperatorView} from "./interfaces/IStakeVault.sol";
import {Coins} from "./libraries/Coins.sol";
import {CycleStake, CycleStakes} from "./libraries/CycleStakes.sol";
import {Facts} from "./libraries/Facts.sol";
import {LinkTerms, Links} from "./libraries/Links.sol";
import {Network} from "./libraries/Network.sol";
import {Contradiction, Offences} from "./libraries/Offences.sol";
import {Entry, Operator, Operators} from "./libraries/Operators.sol";
import "./libraries/Refusals.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Cut, Slashes} from "./libraries/Slashes.sol";
import {Tenure, Tenures} from "./libraries/Tenures.sol";
import {Bounds, Parameters, Proposal, Terms} from "./libraries/Terms.sol";
import {Times} from "./libraries/Times.sol";

/// @title StakeVault
/// @notice See IStakeVault. Every verb checks, then changes, then records, and calls the token last.
contract StakeVault is IStakeVault, Journal {
    using Coins for IERC20;
    using CycleStakes for CycleStake;
    using Offences for Contradiction;
    using Operators for Operator;
    using SafeERC20 for IERC20;
    using Tenures for Tenure;

    // The rest of the slot with the number of the last fact.
    /// @inheritdoc IStakeVault
    bool public paused;
    uint56 private _operatorCount;
    /// @inheritdoc IStakeVault
    uint128 public deposited;

    CycleStake private _total;
    Parameters private _parameters;
    Proposal private _proposal;
    /// Written by the constructor and never again.
    Bounds private _bounds;
    mapping(address account => Operator) private _operators;
    mapping(address signer => Tenure) private _tenures;
    /// @inheritdoc IStakeVault
    mapping(address beneficiary => uint128) public bountyOf;

    /// @inheritdoc IStakeVault
    IERC20 public immutable token;
    /// @inheritdoc IStakeVault
    bytes32 public immutable networkId;
    /// @inheritdoc IStakeVault
    uint64 public immutable genesis;
    /// @inheritdoc IStakeVault
    uint64 public immutable cycleLength;
    bytes32 private immutable _domain;

    /// @notice Refuses: NameLength, NameCharacter, HalfAbsent, CycleTooShort, Bps, OutOfBounds, UnsoundPeriods,
    /// BeforeGenesis, OwnableInvalidOwner, and a token that does not exist.
    constructor(Deployment memory d) Journal(d.governor) {
        networkId = Network.id(d.name, block.chainid, address(this), d.solanaGenesisHash, d.solanaProgramId);
        require(d.cycleLength >= 2, CycleTooShort(d.cycleLength));
        require(d.bounds.most.slashBps <= Slashes.WHOLE, Bps(d.bounds.most.slashBps));
        Terms.check(d.parameters, d.bounds, d.cycleLength);
        d.token.balanceOf(address(this));
        token = d.token;
        (genesis, cycleLength) = (d.genesis, d.cycleLength);
        _domain = Signatures.domainSeparator(networkId);
        _bounds = d.bounds;
        _parameters = d.parameters;
        _total.cycle = Times.cycle(d.genesis, d.cycleLength);
        _begin(networkId);
        _record(Facts.VAULT_PARAMETERS, address(0), Facts.vaultParameters(d.parameters));
    }

    // In.

    /// @notice The chain's own coin arrives only out of its wrapping. Refuses: NotWrapped.
    receive() external payable {
        require(msg.sender == address(token), NotWrapped());
    }

    /// @inheritdoc IStakeVault
    function register(uint128 amount, LinkTerms calldata link, bytes calldata signature) public {
        _register(amount, link, signature);
        token.pull(amount);
    }

    /// @inheritdoc IStakeVault
    function registerNative(LinkTerms calldata link, bytes calldata signature) external payable {
        _register(Coins.sent(), link, signature);
        token.wrap(Coins.sent());
    }

    function _register(uint128 amount, LinkTerms calldata link, bytes calldata signature) private {
        require(!paused, Paused());
        Operator storage operator = _operators[msg.sender];
        require(!operator.isRegistered, AlreadyRegistered());
        _checkLink(operator, link, signature);
        require(amount >= _parameters.minStake && amount != 0, BelowMinStake());
        deposited = _plus(deposited, amount);

        uint64 cycle = currentCycle();
        uint56 index = _operatorCount++;
        (operator.isRegistered, operator.index, operator.cycle) = (true, index, cycle);
        (operator.signer, operator.nonce) = (link.signer, link.nonce);
        operator.setActive(_total, cycle, amount);
        _tenures[link.signer].begin(msg.sender, cycle, 0);
        _record(Facts.REGISTERED, msg.sender, Facts.registered(_word(msg.sender), index, amount, link));
    }

    /// @inheritdoc IStakeVault
    function registerWithPermit(
        uint128 amount,
        LinkTerms calldata link,
        bytes calldata signature,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        _permit(amount, deadline, v, r, s);
        register(amount, link, signature);
    }

    /// @inheritdoc IStakeVault
    function stake(address account, uint128 amount) public {
        _stake(account, amount);
        token.pull(amount);
    }

    /// @inheritdoc IStakeVault
    function stakeNative(address account) external payable {
        _stake(account, Coins.sent());
        token.wrap(Coins.sent());
    }

    function _stake(address account, uint128 amount) private {
        require(!paused, Paused());
        Operator storage operator = _registered(account);
        require(amount >= _parameters.minDeposit && amount != 0, BelowMinDeposit());
        // What was ever deposited fits, so every sum of parts of it does.
        deposited = _plus(deposited, amount);

        uint128 active = operator.active + amount;
        operator.setActive(_total, currentCycle(), active);
        _record(Facts.STAKED, account, Facts.staked(_word(account), active));
    }

    /// @inheritdoc IStakeVault
    function stakeWithPermit(address account, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)
        external
    {
        _permit(amount, deadline, v, r, s);
        stake(account, amount);
    }

    // Out. Nothing here can be paused, or blocked by anyone else.

    /// @inheritdoc IStakeVault
    function unstake(uint128 amount) external returns (uint64 ticket) {
        Operator storage operator = _registered(msg.sender);
        uint64 maturity = Times.later(_parameters.unstakingPeriod);
        ticket = operator.unstake(_total, currentCycle(), amount, maturity);
        bytes memory body = Facts.unstaked(_word(msg.sender), operator.active, operator.queued, amount, maturity);
        _record(Facts.UNSTAKED, msg.sender, body);
    }

    /// @inheritdoc IStakeVault
    function restake(uint64 ticket) external {
        Operator storage operator = _registered(msg.sender);
        operator.restake(_total, currentCycle(), ticket);
        _record(Facts.RESTAKED, msg.sender, Facts.restaked(_word(msg.sender), operator.active, operator.queued));
    }

    /// @inheritdoc IStakeVault
    function withdraw(uint256 limit) external returns (uint128 amount) {
        amount = _withdraw(limit);
        // A slash of the whole leaves entries of zero, and some tokens refuse to move nothing.
        if (amount != 0) token.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IStakeVault
    function withdrawNative(uint256 limit) external returns (uint128 amount) {
        amount = _withdraw(limit);
        if (amount != 0) token.unwrap(msg.sender, amount);
    }

    function _withdraw(uint256 limit) private returns (uint128 amount) {
        Operator storage operator = _operators[msg.sender];
        amount = operator.withdraw(limit);
        _record(Facts.WITHDRAWN, msg.sender, Facts.withdrawn(_word(msg.sender), operator.queued, amount));
    }

    /// @inheritdoc IStakeVault
    function collect(address beneficiary) external returns (uint128 amount) {
        amount = bountyOf[beneficiary];
        if (amount == 0) return 0;
        bountyOf[beneficiary] = 0;
        emit BountyCollected(beneficiary, amount);
        token.safeTransfer(beneficiary, amount);
    }

    // Keys and punishment.

    /// @inheritdoc IStakeVault
    function rotate(LinkTerms calldata link, bytes calldata signature) external {
        Operator storage operator = _registered(msg.sender);
        require(!operator.isJailed(), Jailed());
        _checkLink(operator, link, signature);

        if (link.signer != operator.signer) {
            _tenures[operator.signer].rotate(_tenures[link.signer], currentCycle());
        }
        (operator.signer, operator.nonce) = (link.signer, link.nonce);
        _record(Facts.ROTATED, msg.sender, Facts.rotated(_word(msg.sender), link));
    }

    /// @inheritdoc IStakeVault
    function slash(bytes calldata evidence, address beneficiary) external returns (uint128) {
        uint64 cycle = currentCycle();
        address account = _convict(evidence, cycle);
        Cut memory cut =
            _operators[account].slash(_total, cycle, _parameters.slashBps, Times.later(_parameters.unstakingPeriod));
        bountyOf[beneficiary] += cut.bounty;
        _record(Facts.SLASHED, account, Facts.slashed(_word(account), cut, _word(beneficiary), evidence));
        return cut.taken;
    }

    /// @inheritdoc IStakeVault
    function unjail(LinkTerms calldata link, bytes calldata signature) external {
        Operator storage operator = _registered(msg.sender);
        require(operator.isJailed(), NotJailed());
        _checkLink(operator, link, signature);
        // The present signer is void from now on: a new one is needed even if no other owner had it.
        require(operator.active >= _parameters.minStake, BelowMinStake());
        require(block.timestamp >= operator.jailedUntil, StillJailed());

        uint64 cycle = currentCycle();
        operator.unjail(_total, cycle);
        (operator.signer, operator.nonce) = (link.signer, link.nonce);
        _tenures[link.signer].begin(msg.sender, cycle, operator.term);
        _record(Facts.UNJAILED, msg.sender, Facts.unjailed(_word(msg.sender), operator.active, link));
    }

    // Terms.

    /// @inheritdoc IStakeVault
    function setPaused(bool stopped) external onlyOwner {
        paused = stopped;
        emit DepositsPaused(stopped);
    }

    /// @inheritdoc IStakeVault
    function propose(Parameters calldata next) external onlyOwner {
        Terms.check(next, _bounds, cycleLength);
        uint64 effective = Times.later(_parameters.unstakingPeriod);
        _proposal = Proposal(next, effective);
        _record(Facts.VAULT_PARAMETERS_PROPOSED, address(0), Facts.vaultParametersProposed(next, effective));
    }

    /// @inheritdoc IStakeVault
    function applyProposed() external {
        Proposal memory ripe = _proposal;
        require(ripe.effective != 0, NothingProposed());
        require(block.timestamp >= ripe.effective, NoticeRunning());
        delete _proposal;
        _parameters = ripe.parameters;
        _record(Facts.VAULT_PARAMETERS, address(0), Facts.vaultParameters(ripe.parameters));
    }

    // Views.

    /// @inheritdoc IStakeVault
    function currentCycle() public view returns (uint64) {
        return Times.cycle(genesis, cycleLength);
    }

    /// @inheritdoc IStakeVault
    function operatorCount() external view returns (uint64) {
        return _operatorCount;
    }

    /// @inheritdoc IStakeVault
    function parameters() external view returns (Parameters memory) {
        return _parameters;
    }

    /// @inheritdoc IStakeVault
    function bounds() external view returns (Bounds memory) {
        return _bounds;
    }

    /// @inheritdoc IStakeVault
    function proposal() external view returns (Proposal memory) {
        return _proposal;
    }

    /// @inheritdoc IStakeVault
    function operatorOf(address account) external view returns (OperatorView memory) {
        Operator storage o = _registered(account);
        return OperatorView(o.index, o.active, o.queued, o.signer, o.nonce, o.term, o.jailedUntil, o.nextTicket);
    }

    /// @inheritdoc IStakeVault
    function queueOf(address account) external view returns (Entry[] memory queue) {
        Operator storage operator = _registered(account);
        queue = new Entry[](operator.entries);
        for (uint256 i = 0; i < queue.length; i++) {
            queue[i] = operator.queue[i];
        }
    }

    /// @inheritdoc IStakeVault
    function tenureOf(address signer) external view returns (Tenure memory) {
        return _tenures[signer];
    }

    /// @inheritdoc IStakeVault
    function speaksIn(address signer, uint64 cycle) external view returns (bool) {
        Tenure memory tenure = _tenures[signer];
        return tenure.account != address(0) && tenure.covers(cycle, _operators[tenure.account].term);
    }

    /// @inheritdoc IStakeVault
    function voterOf(address signer) external view returns (address account, uint128 weight) {
        Tenure memory tenure = _tenures[signer];
        require(tenure.account != address(0), UnknownSigner());
        Operator storage operator = _operators[tenure.account];
        uint64 present = currentCycle();
        require(present != 0 && tenure.covers(present - 1, operator.term), OutsideTenure());
        return (tenure.account, operator.weight(present));
    }

    /// @inheritdoc IStakeVault
    function cycleStakeOf(address account) external view returns (CycleStake memory) {
        return _registered(account).cycleStake().at(currentCycle());
    }

    /// @inheritdoc IStakeVault
    function totalCycleStake() external view returns (CycleStake memory) {
        return _total.at(currentCycle());
    }

    // Checks.

    function _registered(address account) private view returns (Operator storage operator) {
        operator = _operators[account];
        require(operator.isRegistered, NotRegistered());
    }

    /// The nonce grows, the signer is new here (or stays, while it is not void), and the signer's half verifies.
    function _checkLink(Operator storage operator, LinkTerms calldata link, bytes calldata signature) private view {
        require(link.nonce > operator.nonce, StaleNonce());
        bool stays = link.signer == operator.signer && !operator.isJailed();
        require(stays || _tenures[link.signer].account == address(0), SignerTaken());
        Links.checkSigner(link, _domain, Network.BASE, _word(msg.sender), signature);
    }

    /// The owner who answers for the evidence in this cycle. There is no other way to be slashed.
    function _convict(bytes calldata evidence, uint64 cycle) private view returns (address) {
        Contradiction memory contradiction = Offences.prove(evidence, _domain);
        Tenure memory tenure = _tenures[contradiction.signer];
        Operator storage operator = _operators[tenure.account];
        contradiction.convict(tenure, operator.term, operator.isJailed(), cycle, _parameters.evidenceCycles);
        return tenure.account;
    }

    // Interactions.

    /// A permit that fails is ignored: whoever saw it may have used it first, and then the allowance is there.
    function _permit(uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) private {
        try IERC20Permit(address(token)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    // Numbers.

    function _plus(uint128 a, uint128 b) private pure returns (uint128) {
        require(b <= type(uint128).max - a, Overflow());
        return a + b;
    }
}
