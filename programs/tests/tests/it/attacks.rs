//! Attacks that programs like this one fell to, each by its name, and that this one does not.

mod ancestors;
mod creation;
mod mints;
mod purses;
mod sealevel;
