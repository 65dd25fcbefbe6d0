// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {CycleStake} from "../libraries/CycleStakes.sol";
import {LinkTerms} from "../libraries/Links.sol";
import {Entry} from "../libraries/Operators.sol";
import {Tenure} from "../libraries/Tenures.sol";
import {Bounds, Parameters, Proposal} from "../libraries/Terms.sol";
import {IJournal} from "./IJournal.sol";

/// Everything that is fixed when a vault is deployed, and the parameters it begins with.
struct Deployment {
    IERC20 token;
    address governor;
    string name;
    bytes32 solanaGenesisHash;
    bytes32 solanaProgramId;
    uint64 genesis;
    uint64 cycleLength;
    Parameters parameters;
    Bounds bounds;
}

/// An operator as it is now.
struct OperatorView {
    uint64 index;
    uint128 active;
    uint128 queued;
    address signer;
    uint64 nonce;
    uint64 term;
    /// Before this moment its jail cannot end; 0 if it is free.
    uint64 jailedUntil;
    uint64 nextTicket;
}

/// @title The stake of williw on Base
/// @notice Holds the stake of owners, answers whose signer speaks for whom, and takes from those who contradict
/// themselves. It records every change in a journal whose hash lies in one storage slot, `HEAD_SLOT`.
///
/// Safety. The vault pays out only what an owner unstaked or what was credited as a bounty; no role can move stake, slash,
/// or delay a withdrawal that has matured. It assumes that
/// - the token moves exactly what it is asked to move, and balances move in no other way. A deposit that arrives in
///   another amount is refused; a token whose balances shrink by themselves is not detected later, and the last to leave
///   would find too little;
/// - at least one node reads the journal while evidence lives, so that a contradiction is brought before it is too old;
/// - signatures of secp256k1 cannot be forged, and block time does not run backwards.
///
/// Liveness. It assumes that the token's transfers to an owner succeed: an owner whom the token refuses to pay waits, and
/// nobody else does. Everything that anyone can be made to loop over is capped by the eight entries of a queue.
///
/// Errors are listed in src/libraries/Refusals.sol; each verb names its own in the order in which it checks.
interface IStakeVault is IJournal {
    /// @notice Deposits were stopped or resumed.
    event DepositsPaused(bool paused);

    /// @notice A bounty was paid out.
    event BountyCollected(address indexed beneficiary, uint128 amount);

    /// @notice Creates the caller's operator with its first stake, its peer and its signer.
    /// @dev Anyone may call it once. Refuses: Paused, AlreadyRegistered, StaleNonce, SignerTaken, ZeroSigner, Length, BadV,
    /// BadScalar, HighS, Unrecoverable, WrongSigner, BelowMinStake, Overflow, InexactTransfer, and whatever the token
    /// refuses. The peer's half of the link is recorded, not checked.
    /// @param amount At least `minStake`; taken from the caller, who has approved it.
    /// @param signature The signer's, over the link: 65 bytes r, s, v.
    function register(uint128 amount, LinkTerms calldata link, bytes calldata signature) external;

    /// @notice `register` after the token's permit.
    /// @dev As `register`. A permit that fails is ignored: somebody may have used it already, and then the allowance is
    /// there.
    function registerWithPermit(
        uint128 amount,
        LinkTerms calldata link,
        bytes calldata signature,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice `register` with the chain's own coin: what is sent along is wrapped and staked.
    /// @dev Anyone may call it once, if the vault's token wraps that coin. Refuses as `register` does, and NotWrapped.
    function registerNative(LinkTerms calldata link, bytes calldata signature) external payable;

    /// @notice Adds to the stake of `account`. It moves no clock of the owner's and raises no floor.
    /// @dev Anyone may call it for any owner. Refuses: Paused, NotRegistered, BelowMinDeposit, Overflow, InexactTransfer,
    /// and whatever the token refuses.
    function stake(address account, uint128 amount) external;

    /// @notice `stake` after the token's permit.
    /// @dev As `stake`. A permit that fails is ignored.
    function stakeWithPermit(address account, uint128 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice `stake` with the chain's own coin.
    /// @dev Anyone may call it for any owner, if the vault's token wraps that coin. Refuses as `stake` does, and NotWrapped.
    function stakeNative(address account) external payable;

    /// @notice Moves stake of the caller into the queue, where it stays slashable until it is withdrawn.
    /// @dev The owner may call it, jailed or not. Refuses: NotRegistered, QueueFull, ZeroAmount, InsufficientStake.
    /// @return ticket The number of the new entry.
    function unstake(uint128 amount) external returns (uint64 ticket);

    /// @notice Takes an unstake of the caller back: what is left of the entry is active again.
    /// @dev The owner may call it, jailed or not. Refuses: NotRegistered, NoSuchEntry, ZeroAmount.
    function restake(uint64 ticket) external;

    /// @notice Pays the caller its oldest matured entries, at most `limit` of them. No role can stop it.
    /// @dev The owner may call it, jailed or not. Refuses: NotRegistered, NothingMatured, and whatever the token refuses.
    /// An entry that is still thawing does not block those behind it.
    function withdraw(uint256 limit) external returns (uint128 amount);

    /// @notice `withdraw` in the chain's own coin.
    /// @dev The owner may call it, jailed or not, if the vault's token wraps that coin. Refuses as `withdraw` does, and
    /// NotWrapped, InexactTransfer, NotPayable: `withdraw` pays the token itself.
    function withdrawNative(uint256 limit) external returns (uint128 amount);

    /// @notice Replaces the caller's link: a new peer, a new signer, or both.
    /// @dev The owner may call it while not jailed. A new signer speaks from the cycle after the next, the old one until
    /// then. Refuses: NotRegistered, Jailed, StaleNonce, SignerTaken, ZeroSigner, Length, BadV, BadScalar, HighS,
    /// Unrecoverable, WrongSigner.
    function rotate(LinkTerms calldata link, bytes calldata signature) external;

    /// @notice Slashes and jails whoever signed both statements of the evidence.
    /// @dev Anyone may call it. It takes what is there, queue included, and moves no token: nothing outside can make it
    /// fail. Refuses: Length, UnknownKind, SlotNotZero, BadV, BadScalar, HighS, Unrecoverable, DifferentSigners,
    /// NoConflict, UnknownSigner, Jailed, OutsideTenure, TooOld.
    /// @param evidence 228 bytes: two signed statements.
    /// @param beneficiary Whose bounty it is; credited here, paid by `collect`.
    /// @return taken What the owner lost. The bounty is a part of it; the rest stays here for ever.
    function slash(bytes calldata evidence, address beneficiary) external returns (uint128 taken);

    /// @notice Ends the caller's jail with a new signer; every earlier signer is void from now on.
    /// @dev The owner may call it, one unstaking period after the slash. Refuses: NotRegistered, NotJailed, StaleNonce,
    /// SignerTaken, ZeroSigner, Length, BadV, BadScalar, HighS, Unrecoverable, WrongSigner, BelowMinStake, StillJailed.
    function unjail(LinkTerms calldata link, bytes calldata signature) external;

    /// @notice Pays the bounties of `beneficiary` to it; nothing to pay is no error.
    /// @dev Anyone may call it. Refuses only what the token refuses.
    function collect(address beneficiary) external returns (uint128 amount);

    /// @notice Stops or resumes deposits (`register`, `stake`) and nothing else.
    /// @dev The governor may call it. Refuses: NotGovernor.
    function setPaused(bool paused) external;

    /// @notice Announces new parameters. Whoever dislikes them can leave by the old ones before they hold.
    /// @dev The governor may call it. A new proposal replaces the one before and starts its notice anew: the unstaking
    /// period in force now. Refuses: NotGovernor, Bps, OutOfBounds, UnsoundPeriods.
    function propose(Parameters calldata parameters) external;

    /// @notice Puts announced parameters in force.
    /// @dev Anyone may call it once the notice is over. Refuses: NothingProposed, NoticeRunning.
    function applyProposed() external;

    /// @notice What separates every signature for this network from those for any other.
    function networkId() external view returns (bytes32);

    /// @notice What is staked.
    function token() external view returns (IERC20);

    /// @notice When cycle 0 began.
    function genesis() external view returns (uint64);

    /// @notice How many seconds a cycle has.
    function cycleLength() external view returns (uint64);

    /// @notice The cycle of this block.
    function currentCycle() external view returns (uint64);

    /// @notice How many operators there are; none is ever removed.
    function operatorCount() external view returns (uint64);

    /// @notice Everything that ever came in.
    function deposited() external view returns (uint128);

    /// @notice True while deposits are stopped.
    function paused() external view returns (bool);

    /// @notice The parameters in force.
    function parameters() external view returns (Parameters memory);

    /// @notice The limits that parameters never leave.
    function bounds() external view returns (Bounds memory);

    /// @notice What is announced; `effective` is 0 if nothing is.
    function proposal() external view returns (Proposal memory);

    /// @notice An owner's operator. Refuses: NotRegistered.
    function operatorOf(address account) external view returns (OperatorView memory);

    /// @notice An owner's queue in the order of its tickets. Refuses: NotRegistered.
    function queueOf(address account) external view returns (Entry[] memory);

    /// @notice The interval in which a signer spoke, and for whom; all zero if nobody ever had it.
    function tenureOf(address signer) external view returns (Tenure memory);

    /// @notice True if a statement of `cycle` by `signer` counts: inside its interval and in its operator's term.
    function speaksIn(address signer, uint64 cycle) external view returns (bool);

    /// @notice Whose vote about the cycle before this one a signer casts, and the cycle stake that is behind it.
    /// @dev Refuses: UnknownSigner, OutsideTenure.
    function voterOf(address signer) external view returns (address account, uint128 weight);

    /// @notice An owner's cycle stake as of this block. Refuses: NotRegistered.
    function cycleStakeOf(address account) external view returns (CycleStake memory);

    /// @notice The cycle stake of all operators together, as of this block.
    function totalCycleStake() external view returns (CycleStake memory);

    /// @notice What `collect` would pay.
    function bountyOf(address beneficiary) external view returns (uint128);
}
