// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// Wraps the chain's own coin as WETH does, which pays with a stipend of 2,300 gas, and can be told to do it badly.
contract Wrapped is ERC20 {
    uint256 public kept;

    constructor() ERC20("Wrapped", "WRAP") {}

    function keep(uint256 part) external {
        kept = part;
    }

    function deposit() external payable {
        _mint(msg.sender, msg.value - kept);
    }

    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        payable(msg.sender).transfer(amount - kept);
    }
}
