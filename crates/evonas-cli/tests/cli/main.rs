//! The program as its users meet it: a module for each subcommand.

mod bench;
#[cfg(unix)]
mod campaign;
mod compare;
mod completions;
mod convert;
mod describe;
mod draw;
mod export;
#[cfg(all(unix, feature = "nats"))]
mod guide;
mod harness;
mod hostile;
#[cfg(unix)]
mod inputs;
mod journal;
#[cfg(unix)]
mod kept_networks;
#[cfg(all(unix, feature = "nats"))]
mod nats;
mod png;
mod ranges;
mod report;
mod search;
mod search_cheaply;
#[cfg(target_os = "linux")]
mod search_isolated;
mod search_stops;
#[cfg(unix)]
mod survival;
mod train;
#[cfg(feature = "wgpu")]
mod wgpu;
mod whatif;
mod written_files;
