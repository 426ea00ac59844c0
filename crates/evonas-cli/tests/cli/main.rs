//! The program as its users meet it: a module for each subcommand.

mod bench;
mod compare;
mod completions;
mod convert;
mod describe;
mod draw;
mod harness;
mod png;
mod ranges;
mod search;
mod search_stops;
mod train;
#[cfg(feature = "wgpu")]
mod wgpu;
mod whatif;
