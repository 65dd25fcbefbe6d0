//! One function per command.

pub(crate) mod deploy;
pub(crate) mod guard;
pub(crate) mod init;
pub(crate) mod jail;
pub(crate) mod keys;
pub(crate) mod operator;
pub(crate) mod outbox;
pub(crate) mod peers;
pub(crate) mod run;
pub(crate) mod slash;
pub(crate) mod stake;
pub(crate) mod status;
