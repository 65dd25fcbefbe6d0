// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Named here so that they are built; the tests deploy them from that build, as they do the contracts themselves.
import {Token} from "../../bench/Token.sol";
import {CycledVault} from "../../bench/floor/CycledVault.sol";
import {FloorPool} from "../../bench/floor/FloorPool.sol";
import {FloorVault} from "../../bench/floor/FloorVault.sol";
import {FoldedPool} from "../../bench/floor/FoldedPool.sol";
import {FoldedVault} from "../../bench/floor/FoldedVault.sol";
