//! The chains: what their endpoints agree on, who of them lies, and the way in for transactions.
//!
//! An endpoint is somebody else's machine. It may be down, behind, on a fork, or bought, and a node that admits peers by
//! what endpoints say is only as good as its way of not believing them. So nothing here is taken from one endpoint because
//! it said so: what is final is agreed by a quorum, what a journal holds is folded and compared with the chain's own
//! storage, and whatever cannot be proven at all (the unfinal tail) carries the names of those who showed it. Each way of
//! being wrong has a name of its own, so that a person can see which of their endpoints to replace.
//!
//! [`base`] reads Base, and [`release`] knows what should stand there; [`verb`] says what an owner can ask of its vault,
//! [`wallet`] holds the key that signs it, and [`send`] has the steps in which it is carried out; [`address`] reads what
//! people write. Rules about stake or peers are not here: those are the core's.

pub mod address;
pub mod base;
pub mod release;
pub mod send;
pub mod verb;
pub mod wallet;
