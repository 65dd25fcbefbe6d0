// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import "../../src/libraries/Refusals.sol";
import {FloorVault} from "./FloorVault.sol";

/// FloorVault that also knows the lowest stake of each cycle, of every operator and of all together.
contract CycledVault is FloorVault {
    uint128 private _value;
    uint128 private _floor;
    // Slot 1
    uint128 private _floorPrev;
    uint64 private _cycle;

    constructor(IERC20 token, bytes32 domain, uint64 genesis, uint64 cycleLength, Settings memory settings)
        FloorVault(token, domain, genesis, cycleLength, settings)
    {
        _cycle = _currentCycle();
    }

    /// Whose vote about the cycle before this one a signer casts, and the stake that is behind it.
    function voterOf(address signer) external view returns (address account, uint128 weight) {
        Tenure memory tenure = _tenures[signer];
        account = tenure.account;
        require(account != address(0), UnknownSigner());
        Operator storage operator = _operators[account];
        uint64 present = _currentCycle();
        bool covered = present != 0 && tenure.term == operator.term && tenure.from < present
            && (tenure.through == 0 || present <= tenure.through + 1);
        require(covered, OutsideTenure());
        uint64 touched = operator.cycle;
        if (touched == present) return (account, operator.floorPrev);
        if (operator.jailedUntil != 0) return (account, 0);
        return (account, touched + 1 == present ? operator.floor : operator.active);
    }

    /// What the voters for the cycle before this one have together.
    function total() external view returns (uint128) {
        uint64 present = _currentCycle();
        uint64 touched = _cycle;
        return touched == present ? _floorPrev : touched + 1 == present ? _floor : _value;
    }

    function _setActive(Operator storage operator, uint128 active) internal override {
        uint64 present = _currentCycle();
        bool isFree = operator.jailedUntil == 0;
        _set(operator, present, isFree ? operator.active : 0, isFree ? active : 0);
        (operator.active, operator.cycle) = (active, present);
    }

    function _jail(Operator storage operator, uint128 active, uint56 until) internal override {
        uint64 present = _currentCycle();
        _set(operator, present, operator.active, 0);
        operator.floorPrev = 0;
        (operator.active, operator.cycle, operator.jailedUntil) = (active, present, until);
    }

    /// Closes the books of the cycles before, and lowers the floors of this one if that much is missing.
    function _set(Operator storage operator, uint64 present, uint128 before, uint128 value) private {
        unchecked {
            uint64 touched = operator.cycle;
            uint128 floor = operator.floor;
            if (touched != present) {
                operator.floorPrev = touched + 1 == present ? floor : before;
                floor = before;
                if (value >= floor) operator.floor = floor;
            }
            touched = _cycle;
            (uint128 sum, uint128 lowest) = (_value, _floor);
            if (touched != present) {
                (_floorPrev, _cycle) = (touched + 1 == present ? lowest : sum, present);
                lowest = sum;
            }
            if (value < floor) {
                lowest -= floor - value;
                operator.floor = value;
            }
            (_value, _floor) = (sum - before + value, lowest);
        }
    }
}
