//! The program as its users meet it: a module for each subcommand.

mod completions;
mod harness;
mod png;
mod search;
mod train;
