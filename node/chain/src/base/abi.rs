//! The interfaces of vault and pool, from the ABIs that are checked in beside the contracts, and the little of ERC-20 that
//! owners need.

use alloy::primitives::Address;
use alloy::sol;
use williw_core::identity::Account;

sol!(
    #[sol(all_derives)]
    StakeVault,
    "../../contracts/abi/StakeVault.json"
);

sol!(
    #[sol(all_derives)]
    RewardPool,
    "../../contracts/abi/RewardPool.json"
);

sol! {
    /// The token, with the refusals that most tokens use.
    #[sol(all_derives)]
    contract Token {
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
    }
}

/// The address of an account that exists on Base; none for any other.
pub(crate) fn address_of(account: Account) -> Option<Address> {
    account.exists_on(williw_core::identity::ChainId::Base).then(|| Address::from_slice(&account.0[12..]))
}

/// The account of an address.
pub(crate) fn account_of(address: Address) -> Account {
    Account::evm(address.into_array())
}
