// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {PoolBounds, PoolParameters, PoolProposal} from "../libraries/PoolTerms.sol";
import {RewardRoot} from "../libraries/Roots.sol";
import {IJournal} from "./IJournal.sol";
import {IStakeVault} from "./IStakeVault.sol";

/// Everything that is fixed when a pool is deployed, and the parameters it begins with.
struct PoolDeployment {
    IStakeVault vault;
    IERC20 token;
    address governor;
    address guardian;
    PoolParameters parameters;
    PoolBounds bounds;
}

/// What `account` earned in all, and the proof that the active root says so.
struct Claim {
    address account;
    uint128 cumulative;
    bytes32[] proof;
}

/// A root that waits out its delay.
struct PendingRoot {
    bytes32 root;
    /// What it pays on this chain, in all.
    uint128 total;
    uint64 cycle;
    /// From this moment it pays. 0 if no root is pending.
    uint64 activates;
}

/// @title The rewards of williw on Base
/// @notice Pays owners what two thirds of the stake voted for, and nothing else. It records what it was funded with and
/// which roots were posted in a journal whose hash lies in one storage slot, `HEAD_SLOT`.
///
/// Safety. What is in the pool leaves it by claims alone; no role can take it, lower the two thirds, or post a root. It
/// assumes that
/// - of the stake that counts, less than two thirds belong to those who would vote for a wrong root. Such a root can give
///   away all that is not claimed yet, and what its total grows by: at most `maxPerCycle` for each cycle that it covers. It
///   waits for a veto as long as the delay is, which may be set to nothing;
/// - the guardian's transaction is included within the delay;
/// - the token moves exactly what it is asked to move, and balances move in no other way;
/// - the vault is one of this project: it says whose signer speaks for whom, and for how much;
/// - there is one pool for a vault. Votes name the network, not the pool, so a second one would pay the first one's roots.
///
/// Liveness. Without two thirds of the stake nothing is posted; nothing that was earned is lost, and the next root pays for
/// the gap. A guardian can delay that by three roots and not by more. The governor can set a quorum that nobody reaches, or a
/// growth of nothing, with notice and inside the bounds; what is in the pool then stays there until it is changed again. New
/// parameters hold at once where they are applied, also for a cycle that is being counted. An owner whose recipient the token
/// refuses to pay waits, and nobody else does.
///
/// Errors are listed in src/libraries/Refusals.sol; each verb names its own in the order in which it checks.
interface IRewardPool is IJournal {
    /// @notice An owner's rewards were paid.
    /// @param cumulative What was paid for the owner in all.
    event Claimed(address indexed account, address indexed recipient, uint128 amount, uint128 cumulative);

    /// @notice An owner wants to be paid at another address, which has to confirm.
    event RecipientProposed(address indexed account, address indexed recipient);

    /// @notice An owner's rewards are paid at this address from now on.
    event RecipientConfirmed(address indexed account, address indexed recipient);

    /// @notice Another guardian.
    event GuardianSet(address indexed guardian);

    /// @notice Pays into the pool. Nobody can take it out again but by claims.
    /// @dev Anyone may call it who approved the amount. Refuses: ZeroAmount, Overflow, InexactTransfer, and whatever the token refuses.
    function fund(uint128 amount) external;

    /// @notice Counts signatures of operators for a root of the cycle before this one. With two thirds of that cycle's
    /// stake, which has to be `minQuorum` in all, the root is posted, and pays once the delay is over.
    /// @dev Anyone may call it, in the first half of a cycle, with any number of signatures, as often as they like. An
    /// operator that was counted already, or that has no stake in that cycle, is passed over: whoever sends a part of the
    /// signatures first spoils nothing. One signature that is refused refuses all of them: leave out who does not count, for
    /// a jail that ends meanwhile makes its signature void. Refuses: OutsideVoting, CycleClosed, TotalFell, TotalTooHigh, Unfunded, Length,
    /// and then for each signature in turn BadV, BadScalar, HighS, Unrecoverable, UnknownSigner, OutsideTenure.
    /// @param signatures 65 bytes r, s, v each, one after the other.
    function vote(uint64 cycle, RewardRoot calldata root, bytes calldata signatures) external;

    /// @notice Strikes out the pending root. Its cycle is void for ever; the next root pays for the gap.
    /// @dev The guardian may call it, until the root's delay is over and not more than three times before a root activates.
    /// Refuses: NotGuardian, NothingPending, VetoesSpent.
    function veto() external;

    /// @notice Pays what the active root says that `account` earned and has not had, to its recipient.
    /// @dev Anyone may call it for anyone; nothing to claim is no error. Refuses: NoRoot, BadProof, AboveTotal, and whatever
    /// the token refuses.
    /// @param cumulative What the leaf says: everything that was ever earned.
    function claim(address account, uint128 cumulative, bytes32[] calldata proof) external returns (uint128 amount);

    /// @notice Several claims at once, all of them or none.
    /// @dev Anyone may call it. Refuses as `claim` does.
    /// @return amount What was paid in all.
    function claimMany(Claim[] calldata claims) external returns (uint256 amount);

    /// @notice Names where the caller's rewards shall be paid, in force once that address confirms. Until then, and if it
    /// never does, nothing changes. Zero takes the offer back.
    /// @dev Anyone may call it. Refuses nothing.
    function setRecipient(address recipient) external;

    /// @notice Confirms that the caller can be paid: the rewards of `account` go to it from now on.
    /// @dev Whoever `account` named may call it. Refuses: NotRecipient.
    function confirmRecipient(address account) external;

    /// @notice Names another guardian, who can do nothing but veto; zero is nobody.
    /// @dev The governor may call it. Refuses: NotGovernor.
    function setGuardian(address guardian) external;

    /// @notice Announces new parameters.
    /// @dev The governor may call it. A new proposal replaces the one before and starts its notice anew: the vault's
    /// unstaking period in force now. Refuses: NotGovernor, OutOfBounds, UnsoundPeriods.
    function propose(PoolParameters calldata parameters) external;

    /// @notice Puts announced parameters in force, at once.
    /// @dev Anyone may call it once the notice is over, also while votes are counted: what is announced counts already for
    /// whoever proposes a root. Refuses: NothingProposed, NoticeRunning.
    function applyProposed() external;

    /// @notice Whose stake votes here.
    function vault() external view returns (IStakeVault);

    /// @notice What is paid.
    function token() external view returns (IERC20);

    /// @notice Who may veto.
    function guardian() external view returns (address);

    /// @notice Everything that was ever paid in.
    function funded() external view returns (uint128);

    /// @notice Everything that was ever claimed.
    function paid() external view returns (uint128);

    /// @notice What was paid for an owner in all.
    function claimedOf(address account) external view returns (uint128);

    /// @notice Where an owner's rewards are paid: to itself until another address confirmed.
    function recipientOf(address account) external view returns (address);

    /// @notice Who has to confirm to become an owner's recipient; zero if nobody.
    function proposedRecipientOf(address account) external view returns (address);

    /// @notice The root that pays now, and what it pays on this chain in all; zeros before the first.
    function activeRoot() external view returns (bytes32 root, uint128 total);

    /// @notice The root that waits out its delay now.
    function pendingRoot() external view returns (PendingRoot memory);

    /// @notice The first cycle that no active root covers.
    function uncovered() external view returns (uint64);

    /// @notice The cycle after the last one for which a root was posted, vetoed or not.
    function firstOpen() external view returns (uint64);

    /// @notice How many roots were struck out since the last one that activated.
    function vetoes() external view returns (uint8);

    /// @notice The stake that was counted for a root of `cycle`; 0 once it was posted itself.
    function tallyOf(uint64 cycle, RewardRoot calldata root) external view returns (uint128);

    /// @notice Whether `cycle` is the last one for which an operator's vote was counted; earlier ones are not remembered.
    function hasVoted(address account, uint64 cycle) external view returns (bool);

    /// @notice The parameters in force.
    function parameters() external view returns (PoolParameters memory);

    /// @notice The limits that parameters never leave.
    function bounds() external view returns (PoolBounds memory);

    /// @notice What is announced; `effective` is 0 if nothing is.
    function proposal() external view returns (PoolProposal memory);
}
