// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

import {LinkTerms} from "../../src/libraries/Links.sol";
import "../../src/libraries/Refusals.sol";
import {Checks} from "./Checks.sol";

/// The least that a vault can do: the checks of StakeVault in its order, the storage that they need, one plain event.
///
/// There is no journal here and no cycle stake; FoldedVault adds the one and CycledVault the other, to tell what they cost.
/// What is written only there has its place here already, where it fills a slot.
contract FloorVault {
    using Checks for IERC20;
    using SafeERC20 for IERC20;

    event Registered(address indexed account, uint64 index, uint128 active, LinkTerms link);
    event Staked(address indexed account, uint128 active);
    event Unstaked(address indexed account, uint128 active, uint128 queued, uint128 amount, uint64 maturity);
    event Withdrawn(address indexed account, uint128 queued, uint128 amount);
    event Slashed(
        address indexed account,
        uint128 active,
        uint128 queued,
        uint128 taken,
        uint128 bounty,
        address beneficiary,
        bytes evidence
    );

    struct Settings {
        uint128 minStake;
        uint128 minDeposit;
        uint64 unstakingPeriod;
        uint16 slashBps;
        uint64 evidenceCycles;
    }

    struct Entry {
        uint128 amount;
        uint64 maturity;
        uint64 ticket;
    }

    struct Operator {
        uint128 active;
        /// Of the cycle stake, as are both floors.
        uint64 cycle;
        uint56 jailedUntil;
        bool isRegistered;
        // Slot 1
        uint128 queued;
        uint64 nextTicket;
        uint56 index;
        uint8 entries;
        // Slot 2
        address signer;
        uint64 nonce;
        uint32 term;
        // Slot 3
        uint128 floor;
        uint128 floorPrev;
        // Slots 4 to 11
        Entry[8] queue;
    }

    struct Tenure {
        address account;
        uint64 from;
        uint32 term;
        // Slot 1
        uint64 through;
    }

    /// What was signed, in the places where it lies in the calldata of evidence.
    struct Position {
        uint256 kind;
        uint64 cycle;
        uint64 slot;
        bytes32 digest;
        address signer;
    }

    bytes32 private constant LINK =
        keccak256("Link(bytes32 peer,address signer,uint8 chain,bytes32 owner,uint64 nonce)");
    bytes32 private constant STATEMENT = keccak256("Statement(uint8 kind,uint64 cycle,uint64 slot,bytes32 digest)");
    uint256 private constant QUEUE_CAP = 8;
    uint256 private constant STATEMENT_LEN = 49;
    uint256 private constant EVIDENCE_LEN = 2 * (STATEMENT_LEN + Checks.SIGNATURE_LEN);

    IERC20 private immutable _token;
    bytes32 private immutable _domain;
    uint64 private immutable _genesis;
    uint64 private immutable _cycleLength;

    Settings private _settings;
    mapping(address account => Operator) internal _operators;
    mapping(address signer => Tenure) internal _tenures;
    mapping(address beneficiary => uint128) private _bounties;
    bool private _paused;
    uint56 private _operatorCount;
    uint128 private _deposited;

    constructor(IERC20 token, bytes32 domain, uint64 genesis, uint64 cycleLength, Settings memory settings) {
        (_token, _domain, _genesis, _cycleLength) = (token, domain, genesis, cycleLength);
        _settings = settings;
    }

    function register(uint128 amount, LinkTerms calldata link, bytes calldata signature) external {
        require(!_paused, Paused());
        Operator storage operator = _operators[msg.sender];
        require(!operator.isRegistered, AlreadyRegistered());
        // The nonce of whoever is not registered is zero.
        require(link.nonce != 0, StaleNonce());
        Tenure storage tenure = _tenures[link.signer];
        require(tenure.account == address(0), SignerTaken());
        _checkSigner(link, signature);
        require(amount >= _settings.minStake && amount != 0, BelowMinStake());
        _deposit(amount);

        uint56 index = _operatorCount++;
        (operator.isRegistered, operator.index) = (true, index);
        (operator.signer, operator.nonce) = (link.signer, link.nonce);
        (tenure.account, tenure.from) = (msg.sender, _currentCycle());
        _setActive(operator, amount);
        _registered(index, amount, link);
        _token.pull(amount);
    }

    function stake(address account, uint128 amount) external {
        require(!_paused, Paused());
        Operator storage operator = _operators[account];
        require(operator.isRegistered, NotRegistered());
        require(amount >= _settings.minDeposit && amount != 0, BelowMinDeposit());
        _deposit(amount);
        uint128 active;
        unchecked {
            active = operator.active + amount;
        }
        _setActive(operator, active);
        _staked(account, active);
        _token.pull(amount);
    }

    function unstake(uint128 amount) external returns (uint64 ticket) {
        Operator storage operator = _operators[msg.sender];
        require(operator.isRegistered, NotRegistered());
        uint8 entries = operator.entries;
        require(entries < QUEUE_CAP, QueueFull());
        require(amount != 0, ZeroAmount());
        uint128 active = operator.active;
        require(amount <= active, InsufficientStake());
        uint256 end = block.timestamp + _settings.unstakingPeriod;
        uint64 maturity = end > type(uint64).max ? type(uint64).max : uint64(end);
        ticket = operator.nextTicket;
        operator.queue[entries] = Entry(amount, maturity, ticket);
        uint128 queued;
        unchecked {
            queued = operator.queued + amount;
            active -= amount;
            (operator.queued, operator.nextTicket, operator.entries) = (queued, ticket + 1, entries + 1);
        }
        _setActive(operator, active);
        _unstaked(active, queued, amount, maturity);
    }

    function withdraw(uint256 limit) external returns (uint128 amount) {
        Operator storage operator = _operators[msg.sender];
        uint256 entries = operator.entries;
        // An empty queue is all that there is to see of an owner without an operator.
        if (entries == 0) require(operator.isRegistered, NotRegistered());
        uint256 kept = 0;
        unchecked {
            for (uint256 i = 0; i < entries; i++) {
                Entry memory entry = operator.queue[i];
                if (entry.maturity <= block.timestamp && i - kept < limit) {
                    amount += entry.amount;
                } else {
                    if (kept != i) operator.queue[kept] = entry;
                    kept++;
                }
            }
            require(kept < entries, NothingMatured());
            uint128 queued = operator.queued - amount;
            (operator.queued, operator.entries) = (queued, uint8(kept));
            _withdrawn(queued, amount);
        }
        if (amount != 0) _token.safeTransfer(msg.sender, amount);
    }

    function slash(bytes calldata evidence, address beneficiary) external returns (uint128 taken) {
        uint64 present = _currentCycle();
        (address account, Operator storage operator) = _convict(evidence, present);
        uint256 bps = _settings.slashBps;
        uint256 end = block.timestamp + _settings.unstakingPeriod;
        uint128 active = operator.active;
        uint128 queued = operator.queued;
        unchecked {
            uint128 part = _fractionUp(active, bps);
            active -= part;
            taken = part;
            uint256 entries = operator.entries;
            for (uint256 i = 0; i < entries; i++) {
                uint128 amount = operator.queue[i].amount;
                part = _fractionUp(amount, bps);
                operator.queue[i].amount = amount - part;
                queued -= part;
                taken += part;
            }
            operator.queued = queued;
            _jail(operator, active, end < type(uint56).max ? uint56(end) : type(uint56).max);
            // What was ever deposited fits.
            _bounties[beneficiary] += taken / 20;
        }
        _slashed(account, active, queued, taken, beneficiary, evidence);
    }

    // What FoldedVault and CycledVault do in another way.

    function _registered(uint56 index, uint128 active, LinkTerms calldata link) internal virtual {
        emit Registered(msg.sender, index, active, link);
    }

    function _staked(address account, uint128 active) internal virtual {
        emit Staked(account, active);
    }

    function _unstaked(uint128 active, uint128 queued, uint128 amount, uint64 maturity) internal virtual {
        emit Unstaked(msg.sender, active, queued, amount, maturity);
    }

    function _withdrawn(uint128 queued, uint128 amount) internal virtual {
        emit Withdrawn(msg.sender, queued, amount);
    }

    function _slashed(
        address account,
        uint128 active,
        uint128 queued,
        uint128 taken,
        address beneficiary,
        bytes calldata evidence
    ) internal virtual {
        emit Slashed(account, active, queued, taken, taken / 20, beneficiary, evidence);
    }

    function _setActive(Operator storage operator, uint128 active) internal virtual {
        operator.active = active;
    }

    function _jail(Operator storage operator, uint128 active, uint56 until) internal virtual {
        (operator.active, operator.jailedUntil) = (active, until);
    }

    // Checks.

    function _currentCycle() internal view returns (uint64) {
        require(block.timestamp >= _genesis, BeforeGenesis());
        unchecked {
            return (uint64(block.timestamp) - _genesis) / _cycleLength;
        }
    }

    function _deposit(uint128 amount) private {
        uint128 before = _deposited;
        require(amount <= type(uint128).max - before, Overflow());
        unchecked {
            _deposited = before + amount;
        }
    }

    function _checkSigner(LinkTerms calldata link, bytes calldata signature) private view {
        require(link.signer != address(0), ZeroSigner());
        require(signature.length == Checks.SIGNATURE_LEN, Length(signature.length));
        bytes32 structHash =
            keccak256(abi.encode(LINK, link.peer, link.signer, 1, uint256(uint160(msg.sender)), link.nonce));
        uint256 at;
        assembly ("memory-safe") {
            at := signature.offset
        }
        address signedBy = Checks.recover(Checks.digest(_domain, structHash), at);
        require(signedBy == link.signer, WrongSigner(signedBy));
    }

    function _convict(bytes calldata evidence, uint64 present)
        private
        view
        returns (address account, Operator storage operator)
    {
        require(evidence.length == EVIDENCE_LEN, Length(evidence.length));
        uint256 at;
        assembly ("memory-safe") {
            at := evidence.offset
        }
        Position memory one = _read(at);
        Position memory other = _read(at + EVIDENCE_LEN / 2);
        one.signer = _signerOf(one, at + STATEMENT_LEN);
        other.signer = _signerOf(other, at + EVIDENCE_LEN / 2 + STATEMENT_LEN);
        require(one.signer == other.signer, DifferentSigners());
        bool sameKey = one.kind < 3 ? one.slot == other.slot : one.cycle == other.cycle;
        require(one.kind == other.kind && one.digest != other.digest && sameKey, NoConflict());

        Tenure memory tenure = _tenures[one.signer];
        account = tenure.account;
        require(account != address(0), UnknownSigner());
        operator = _operators[account];
        require(operator.jailedUntil == 0, Jailed());
        bool covered = tenure.term == operator.term && tenure.from <= one.cycle && tenure.from <= other.cycle
            && (tenure.through == 0 || (one.cycle <= tenure.through && other.cycle <= tenure.through));
        require(covered, OutsideTenure());
        uint256 oldest = one.cycle < other.cycle ? one.cycle : other.cycle;
        require(present <= oldest + _settings.evidenceCycles, TooOld());
    }

    /// The statement at `at` in the calldata: `kind 1 | cycle 8 | slot 8 | digest 32`.
    function _read(uint256 at) private pure returns (Position memory position) {
        uint256 head;
        bytes32 digest;
        assembly ("memory-safe") {
            head := calldataload(at)
            digest := calldataload(add(at, 17))
        }
        uint256 kind = head >> 248;
        require(kind != 0 && kind <= 4, UnknownKind(uint8(kind)));
        (position.kind, position.cycle) = (kind, uint64(head >> 184));
        (position.slot, position.digest) = (uint64(head >> 120), digest);
        require(kind < 3 || position.slot == 0, SlotNotZero());
    }

    function _signerOf(Position memory position, uint256 at) private view returns (address) {
        bytes32 structHash =
            keccak256(abi.encode(STATEMENT, position.kind, position.cycle, position.slot, position.digest));
        return Checks.recover(Checks.digest(_domain, structHash), at);
    }

    function _fractionUp(uint128 amount, uint256 bps) private pure returns (uint128) {
        unchecked {
            return uint128((amount * bps + 9_999) / 10_000);
        }
    }
}
