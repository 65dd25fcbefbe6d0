//! The program's bytecode in a real SVM.
//!
//! `world` is a network with a program on it and people around it; everything else asks it to send transactions and
//! compares what came of them. The bytecode is `programs/bytecode/williw.so`, or the file that `WILLIW_SO` names.

mod arithmetic;
mod attacks;
mod both_chains;
mod cu;
mod probe;
mod substituted;
mod traces;
mod vectors;
mod verbs;
mod world;
