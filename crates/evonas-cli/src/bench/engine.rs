//! `evonas bench engine`: what the search engine costs without evaluation. Population 100, samples of 25, ten
//! decisions with ten alternatives each, one thread.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;
use evonas::executor::Simulated;
use evonas::prelude::*;
use evonas::spaces::choices::{Choices, Decisions};
use serde_json::json;

use crate::Failure;
use crate::output::print_line;
use crate::ranges::large_count;

/// Measure the search engine without evaluation
///
/// Population 100, samples of 25, ten decisions with ten alternatives each, one thread.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas bench engine
  evonas bench engine --trials 100000 --json")]
pub(super) struct EngineOptions {
    /// Trials of each measurement
    #[arg(long, value_parser = large_count, default_value_t = 1_000_000)]
    trials: u64,
    /// Print the figures as one JSON object on the last line [default: off]
    #[arg(long)]
    json: bool,
}

impl EngineOptions {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let trials = self.trials;
        // First, while the process has no freed memory that the trials could take.
        let bytes_per_trial = bytes_per_trial(trials)?;
        let early_ns = cycle(trials / 100)?;
        let cycle_ns = cycle(trials)?;
        let simulated_s = simulated()?;

        let folder = tempfile::tempdir()?;
        let start = Instant::now();
        search(trials, Some(folder.path()))?;
        let journal_cycle_ns = nanoseconds(start.elapsed(), trials);
        let start = Instant::now();
        search(trials, Some(folder.path()))?;
        let replay_per_s = trials as f64 / start.elapsed().as_secs_f64();

        if self.json {
            return print_line(json!({
                "trials": trials,
                "cycle_ns": cycle_ns,
                "journal_cycle_ns": journal_cycle_ns,
                "replay_per_s": replay_per_s,
                "bytes_per_trial": bytes_per_trial,
                "simulated_s": simulated_s,
            }));
        }
        let early = trials / 100;
        let bytes =
            bytes_per_trial.map_or("unknown".to_owned(), |bytes| format!("{bytes:.0} bytes"));
        print_line(format_args!(
            "ask and tell: {cycle_ns:.0} ns over {trials} cycles\n              \
             {early_ns:.0} ns over the first {early}\n\
             whole search with a journal: {journal_cycle_ns:.0} ns a trial\n\
             replay: {replay_per_s:.0} trials a second\n\
             memory: {bytes} a trial, without its genotype\n\
             450 simulated workers, 20,000 trials: {simulated_s:.3} s"
        ))
    }
}

fn evolution() -> Result<Evolution<Decisions>, Failure> {
    let mut builder = Choices::builder();
    for decision in 0..10 {
        let alternatives = (0..10).map(|alternative| alternative.to_string());
        builder = builder.decision(format!("decision {decision}"), alternatives);
    }
    let space = builder.build()?;
    let evolution = Evolution::builder(space.clone(), space);
    Ok(evolution.population(100).sample(25).build()?)
}

fn fitness(decisions: &Decisions) -> f64 {
    let places = decisions.places().unwrap_or_default().iter();
    places.map(|&place| f64::from(place)).sum()
}

fn evaluate(decisions: &Decisions, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    Ok(Evaluation::new(fitness(decisions)))
}

fn nanoseconds(duration: Duration, trials: u64) -> f64 {
    duration.as_secs_f64() * 1e9 / trials as f64
}

/// Nanoseconds of an ask and a tell, the algorithm alone.
fn cycle(trials: u64) -> Result<f64, Failure> {
    let mut evolution = Ledger::new(evolution()?);
    let start = Instant::now();
    for _ in 0..trials {
        let trial = evolution.ask();
        let outcome = Outcome::Completed(fitness(&trial.genotype).into());
        evolution.tell(trial.id, &outcome)?;
    }
    black_box(&evolution);
    Ok(nanoseconds(start.elapsed(), trials))
}

fn search(trials: u64, folder: Option<&Path>) -> Result<SearchResult<Decisions>, Failure> {
    let search = Search::new(evolution()?, Serial::new(evaluate), Budget::trials(trials));
    Ok(match folder {
        Some(folder) => search.journal(Journal::open_or_create(folder)?).run()?,
        None => search.run()?,
    })
}

/// Bytes of memory that a finished trial takes, without its genotype. None where the system doesn't say how
/// much the process uses.
fn bytes_per_trial(trials: u64) -> Result<Option<f64>, Failure> {
    let before = resident_bytes();
    let result = search(trials, None)?;
    let after = resident_bytes();
    let genotypes: usize = result
        .history
        .records()
        .iter()
        .map(|record| {
            size_of::<Decisions>() + size_of_val(record.genotype.places().unwrap_or_default())
        })
        .sum();
    let grown = before.zip(after).map(|(before, after)| after - before);
    Ok(grown.map(|bytes| (bytes - genotypes as f64).max(0.0) / trials as f64))
}

/// The memory that this process has in use, by Linux's count.
fn resident_bytes() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024.0 * kibibytes)
}

/// Seconds that 450 virtual workers take for 20,000 trials.
fn simulated() -> Result<f64, Failure> {
    let costly = |decisions: &Decisions, context: &Context<'_>| {
        let cost = 3600.0 * (1.0 + context.rng(0).random::<f64>());
        Ok(Evaluation::new(fitness(decisions)).with_cost(cost))
    };
    let start = Instant::now();
    let executor = Simulated::new(costly, 450)?;
    let result = Search::new(evolution()?, executor, Budget::trials(20_000)).run()?;
    black_box(&result);
    Ok(start.elapsed().as_secs_f64())
}
