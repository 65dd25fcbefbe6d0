//! The names that the files have for our errors.

use williw_core::amount::{BpsAboveOne, Overflow};
use williw_core::ed25519::PeerFault;
use williw_core::fact::BodyFault;
use williw_core::link::SignerFault;
use williw_core::network::NetworkFault;
use williw_core::offence::Acquittal;
use williw_core::secp256k1::SignatureFault;
use williw_core::statement::StatementFault;

/// An error that the files have a name for.
pub(super) trait Named {
    fn name(&self) -> &'static str;
}

impl Named for NetworkFault {
    fn name(&self) -> &'static str {
        match self {
            Self::NameLength(_) => "NameLength",
            Self::NameCharacter => "NameCharacter",
            Self::HalfAbsent(_) => "HalfAbsent",
            Self::NoChain => "NoChain",
        }
    }
}

impl Named for StatementFault {
    fn name(&self) -> &'static str {
        match self {
            Self::Length(_) => "Length",
            Self::UnknownKind(_) => "UnknownKind",
            Self::SlotNotZero => "SlotNotZero",
        }
    }
}

impl Named for SignatureFault {
    fn name(&self) -> &'static str {
        match self {
            Self::BadV => "BadV",
            Self::BadScalar => "BadScalar",
            Self::HighS => "HighS",
            Self::Unrecoverable => "Unrecoverable",
        }
    }
}

impl Named for SignerFault {
    fn name(&self) -> &'static str {
        match self {
            Self::ZeroSigner => "ZeroSigner",
            Self::Signature(fault) => fault.name(),
            Self::WrongSigner(_) => "WrongSigner",
        }
    }
}

impl Named for PeerFault {
    fn name(&self) -> &'static str {
        match self {
            Self::BadS => "BadS",
            Self::NonCanonicalA => "NonCanonicalA",
            Self::NotAPoint => "NotAPoint",
            Self::SmallOrderA => "SmallOrderA",
            Self::NonCanonicalR => "NonCanonicalR",
            Self::SmallOrderR => "SmallOrderR",
            Self::Mismatch => "Mismatch",
        }
    }
}

impl Named for Acquittal {
    fn name(&self) -> &'static str {
        match self {
            Self::Malformed(fault) => fault.name(),
            Self::Signature(fault) => fault.name(),
            Self::DifferentSigners => "DifferentSigners",
            Self::NoConflict => "NoConflict",
            Self::UnknownSigner => "UnknownSigner",
            Self::Jailed => "Jailed",
            Self::OutsideTenure => "OutsideTenure",
            Self::TooOld => "TooOld",
        }
    }
}

impl Named for BodyFault {
    fn name(&self) -> &'static str {
        match self {
            Self::UnknownKind(_) => "UnknownKind",
            Self::Length(_) => "Length",
            Self::BadAddress => "BadAddress",
            Self::Bps(_) => "Bps",
            Self::Evidence(_) => "Evidence",
        }
    }
}

impl Named for BpsAboveOne {
    fn name(&self) -> &'static str {
        "Bps"
    }
}

impl Named for Overflow {
    fn name(&self) -> &'static str {
        "Overflow"
    }
}
