// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// The one interval a signer ever has on this chain.
struct Tenure {
    /// The owner it speaks for; zero if nobody ever had this signer.
    address account;
    uint64 from;
    /// How often the operator's jail had ended when the signer was installed. An earlier term is void.
    uint32 term;
    /// The last cycle, once the signer was replaced; 0 while it serves (nobody is replaced before cycle 1).
    uint64 through;
}

/// When a signer spoke for its operator. A statement outside that interval counts nowhere and slashes nowhere.
library Tenures {
    /// How many cycles after a rotation the new signer begins: the one in which it happens and the next stay with the
    /// old.
    uint64 private constant ROTATION_NOTICE = 2;

    /// Opens the tenure of a signer that is valid at once: a first one, or the one that ends a jail.
    function begin(Tenure storage self, address account, uint64 cycle, uint32 term) internal {
        (self.account, self.from, self.term) = (account, cycle, term);
    }

    /// Replaces the signer in `cycle`: the old one serves through the next cycle, the new one from then on.
    function rotate(Tenure storage self, Tenure storage next, uint64 cycle) internal {
        self.through = cycle + ROTATION_NOTICE - 1;
        begin(next, self.account, cycle + ROTATION_NOTICE, self.term);
    }

    /// True if a statement of `cycle` by this signer counts for an operator in its `term`.
    function covers(Tenure memory self, uint64 cycle, uint32 term) internal pure returns (bool) {
        return self.term == term && self.from <= cycle && (self.through == 0 || cycle <= self.through);
    }
}
