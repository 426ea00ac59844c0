//! The library's behavior through its public interface, one module a concept.
//!
//! One binary, so that Burn is linked once.

#![allow(clippy::ptr_arg)]

mod canonical;
#[cfg(feature = "burn")]
mod checkpoint;
#[cfg(feature = "burn")]
mod checkpoint_hostile;
mod choices;
mod comparison;
mod comparison_contenders;
#[cfg(feature = "burn")]
mod comparison_digits;
mod comparison_record;
mod comparison_refusals;
#[cfg(feature = "burn")]
mod comparison_training;
mod crossover;
mod custom_algorithms;
mod descriptions;
#[cfg(feature = "burn")]
mod digits;
#[cfg(feature = "burn")]
mod double;
mod ended_by_errors;
mod evolution;
mod examples;
mod executors;
mod failures;
mod fuzz;
mod guide;
mod hostile;
#[cfg(feature = "burn")]
mod inheritance;
mod journal;
#[cfg(feature = "burn")]
mod kernels;
#[cfg(unix)]
mod kill;
#[cfg(feature = "burn")]
mod latency;
#[cfg(all(feature = "burn", target_os = "linux"))]
mod memory;
mod nasbench201;
mod nasnet;
#[cfg(all(unix, feature = "nats"))]
mod nats;
#[cfg(feature = "tabular")]
mod nats_bench;
#[cfg(feature = "burn")]
mod network;
#[cfg(feature = "burn")]
mod noise;
mod objectives;
mod observers;
mod ordered;
#[cfg(feature = "burn")]
mod own_images;
mod panics;
mod pareto;
#[cfg(feature = "burn")]
mod parity;
mod patience;
mod plans;
#[cfg(feature = "report")]
mod plots;
#[cfg(feature = "burn")]
mod ppo;
#[cfg(unix)]
mod processes;
mod promotion;
mod proxies;
#[cfg(feature = "tabular")]
mod published;
#[cfg(feature = "tabular")]
mod real_table;
mod recordable;
mod reinforce;
#[cfg(feature = "report")]
mod report_page;
mod sealed;
mod search;
mod searchers;
mod stopping;
#[cfg(feature = "tabular")]
mod tabular;
#[cfg(feature = "tabular")]
mod tabular_lines;
#[cfg(feature = "burn")]
mod tasks;
mod threads;
mod timeless;
#[cfg(feature = "burn")]
mod trained;
#[cfg(feature = "burn")]
mod training;
#[cfg(feature = "burn")]
mod untrained;
mod warm_start;
#[cfg(feature = "burn")]
mod weights;
mod what_if;
