//! The options of `evonas search`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use evonas::search::Duplicates;
use evonas::search::journal::{JournalHeader, SyncPolicy};

use super::evaluation::EvaluationOptions;
use super::nats::CoordinatorOptions;
use super::proxy::ProxyOptions;
use crate::Failure;
use crate::ignored::refuse_ignored;
use crate::naming::{LockOption, SearchAlgorithm, StopperName, duplicates, sync_policy};
use crate::ranges::{count, large_count, seconds, share, workers};

/// Evolve an image classifier
///
/// Regularized (aging) evolution over NASNet cells: every candidate is trained as a network, and the best is
/// trained once more, for longer, on all training images. Its accuracy on the test images, which the search
/// hasn't seen, is the result.
#[derive(Args, Debug)]
#[command(after_help = "\
Files in the folder of --out:
  journal.jsonl      every trial as it is proposed and as it ends; --resume reads it
  trials.jsonl       one JSON object per finished trial
  best.json          the best trial so far, with its genotype; after a final training that diverged, the next
                     best, whose network is kept, until there is a better trial
  diverged.json      the genotypes that are better than that one, and whose final trainings diverged
  recipe.json        data set, network and training settings, for evonas train --from
  report.html        what the search did, as a page for a browser; written when the search ends, and by evonas report
  best.safetensors   the network of the final training, for evonas evaluate and evonas predict
  earlier.safetensors
                     that of an earlier run, if a better genotype was found since; if there are several, the others
                     are earlier-2.safetensors and so on

Ctrl-C lets the running trials end, pressed again it interrupts them, and a third time it ends the program at once.
SIGTERM and SIGHUP interrupt. All that was recorded is kept, the best genotype so far is printed, and the exit code is
130, 143 or 129. The time in which the process is suspended (Ctrl-Z) doesn't count towards --timeout.

Recommended: half as many trials, of the largest of ten mutants each, find networks as good in two thirds of the time
of the digits (docs/benchmarks.md has the figures, and those of half as many trials alone):
  evonas search --proxy multiply-adds --trials 50 --out found
On 200 images of Fashion-MNIST, where size says nothing of the accuracy, --proxy found no better networks.

Examples:
  evonas search --trials 200 --out found
  evonas search --isolate --timeout 600 --out found
  evonas search --nats nats://host:4222 --run digits --workers 8 --out found
  evonas search --dataset idx --data fashion-mnist --limit 10000 --filters 8 --epochs 2 --out found")]
pub(crate) struct SearchOptions {
    #[command(flatten)]
    pub(super) evaluation: EvaluationOptions,
    #[command(flatten)]
    pub(super) nats: CoordinatorOptions,
    /// Population size P, in genotypes; for evolution [default: 25]
    #[arg(long, value_name = "P", value_parser = count)]
    pub(super) population: Option<usize>,
    /// Sample size S of a tournament, in genotypes; for evolution [default: 8]
    #[arg(long, value_name = "S", value_parser = count)]
    pub(super) sample: Option<usize>,
    /// Trials in all, the initial population included
    #[arg(long, value_parser = large_count, default_value_t = 100)]
    pub(super) trials: u64,
    /// Trials at the same time, at most 4096 [default: on the CPU the number of cores]
    #[arg(long, value_parser = workers, conflicts_with = "workers_per_device")]
    pub(super) workers: Option<usize>,
    /// Trials at the same time on each device [default: 1 on a GPU]
    #[arg(long, value_name = "WORKERS", value_parser = workers)]
    pub(super) workers_per_device: Option<usize>,
    /// Train each worker's candidates in a process of its own, so that a crash, a hang past --timeout or a broken GPU
    /// costs one trial and not the search. A trial whose process dies runs once more. Each process has its own copy of
    /// the images [default: true on GPUs, false on the CPU]
    #[cfg(unix)]
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub(super) isolate: Option<bool>,
    /// Tell the outcomes of trials in the order in which they were asked for, so that the seed determines the
    /// search with several workers too. Costs time: a worker whose trial ends early waits for earlier trials. If
    /// the times of trials vary by a tenth, 1 % on 2 workers and 4 % on 8; if they vary by half, 14 % and 54 %. After
    /// a first Ctrl-C, or with --timeout, the search still depends on timing [default: off; outcomes are told as
    /// trials end]
    #[arg(long)]
    pub(super) ordered: bool,
    /// Epochs of the final training [default: 12 times those of a trial]
    #[arg(long, value_name = "EPOCHS", value_parser = count)]
    pub(super) final_epochs: Option<usize>,
    /// The search algorithm
    #[arg(long, value_enum, default_value = "aging")]
    pub(super) algorithm: SearchAlgorithm,
    /// Also search at random, with as many trials, and report the best; with --quiet only in the JSON object
    /// [default: off]
    #[arg(long)]
    pub(super) baseline: bool,
    /// Record the search in this folder and keep the final training's network there; the files are listed
    /// below [default: nothing is kept]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Resume the search in --out up to --trials, or begin one [default: off; a folder that holds a search
    /// is refused]
    #[arg(long, requires = "out")]
    pub(super) resume: bool,
    /// When the journal is forced to the disk: never, always, or every N lines
    #[arg(
        long,
        value_name = "never|always|N",
        value_parser = sync_policy,
        default_value = "never",
        requires = "out"
    )]
    pub(super) sync: SyncPolicy,
    #[command(flatten)]
    pub(super) lock: LockOption,
    /// The most seconds that a trial may take [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(super) timeout: Option<Duration>,
    /// End the search after this many failed trials in a row
    #[arg(long, value_name = "TRIALS", value_parser = large_count, default_value_t = 50)]
    pub(super) max_failures: u64,
    /// What to do with a genotype that was evaluated before, up to the order of its parts: with redraw:N another one is
    /// drawn, up to N times for a trial [default: redraw:100; a resumed search keeps what it began with]
    #[arg(
        long,
        value_name = "allow|reuse|average|redraw:N",
        value_parser = duplicates
    )]
    pub(super) duplicates: Option<Duplicates>,
    /// Refuse genotypes whose networks have more trainable parameters [default: no limit]
    #[arg(long, value_name = "PARAMETERS", value_parser = large_count)]
    pub(super) max_parameters: Option<u64>,
    /// End the search when a trial reaches this validation accuracy, from 0 to 1 [default: none]
    #[arg(long, value_name = "ACCURACY", value_parser = share)]
    pub(super) target: Option<f64>,
    /// End unpromising trials early, by the validation accuracy after their epochs
    #[arg(long, value_enum, default_value = "none")]
    pub(super) stopper: StopperName,
    /// Train a genotype for so many epochs at first. The best third goes on to three times as many, and so on up to
    /// --epochs (asynchronous successive halving by promotion) [default: off; every genotype is trained for --epochs]
    #[arg(long, value_name = "EPOCHS", value_parser = count)]
    pub(super) promote_from: Option<usize>,
    /// With --promote-from, let so many groups of trials begin at the first, the second, the third number of epochs and so
    /// on, each with the same share of the compute (Hyperband)
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 1, requires = "promote_from")]
    pub(super) brackets: usize,
    #[command(flatten)]
    pub(super) proxy: ProxyOptions,
    /// Begin with these genotypes: a published name, a genotype's text, a file, or the folder of another
    /// search, whose fittest are taken; may be repeated. A resumed search keeps those that it began with
    /// [default: random genotypes]
    #[arg(long, value_name = "GENOTYPE|DIR")]
    pub(super) warm_start: Vec<String>,
    /// Show no progress and print no report [default: off]
    #[arg(long)]
    pub(super) quiet: bool,
    /// Print the result as one JSON object on the last line [default: off]
    #[arg(long)]
    pub(super) json: bool,
}

impl SearchOptions {
    /// The population size P.
    pub(super) fn population_size(&self) -> usize {
        self.population.unwrap_or(25)
    }

    /// Where trainings that pause are kept, if any do.
    pub(super) fn paused(&self) -> Option<PathBuf> {
        self.promote_from?;
        let given = self.evaluation.paused.clone();
        given.or_else(|| Some(self.out.as_ref()?.join("paused")))
    }

    /// The sample size S.
    pub(super) fn sample_size(&self) -> usize {
        self.sample.unwrap_or(8)
    }

    /// What to do with duplicates. A search that began before there was this default, or with another policy, goes on
    /// as it began.
    pub(super) fn duplicates(&self, recorded: Option<&JournalHeader>) -> Duplicates {
        match (self.duplicates, recorded) {
            (Some(policy), _) => policy,
            (None, Some(header)) => header.duplicates,
            (None, None) => Duplicates::Redraw(100),
        }
    }

    /// Refuses what the workers of a run decide for themselves.
    fn check_with_nats(&self) -> Result<(), Failure> {
        if self.baseline {
            return Err("--baseline would be a second search of the same run; leave it out".into());
        }
        #[cfg(unix)]
        let isolate = self.isolate.is_some();
        #[cfg(not(unix))]
        let isolate = false;
        let options = [
            ("--isolate", isolate),
            ("--workers-per-device", self.workers_per_device.is_some()),
        ];
        refuse_ignored("with --nats", &options)
    }

    /// Refuses options that the algorithm has no use for.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.evaluation.objectives.check()?;
        self.proxy.check(self.algorithm)?;
        if self.nats.is_given() {
            self.check_with_nats()?;
        }
        if self.ordered && !matches!(self.stopper, StopperName::None) {
            return Err(
                "--ordered can't be used with --stopper: a stopper judges a trial by what others have reported \
                 by then, which depends on timing"
                    .into(),
            );
        }
        match self.promote_from {
            None => {
                let paused = ("--paused", self.evaluation.paused.is_some());
                refuse_ignored("without --promote-from", &[paused])?;
            }
            Some(first) if first >= self.evaluation.epochs => {
                return Err(format!(
                    "--promote-from {first} leaves nothing to promote to: a trial has {} epochs in all; give more --epochs",
                    self.evaluation.epochs
                )
                .into());
            }
            Some(_) if self.evaluation.inherit.is_some() => {
                return Err(
                    "--inherit and --promote-from can't be combined: a promoted training keeps the schedule of the whole \
                     one, and one that inherits has its own"
                        .into(),
                );
            }
            Some(_) if !matches!(self.stopper, StopperName::None) => {
                return Err(
                    "--stopper and --promote-from both end trainings early; choose one".into(),
                );
            }
            Some(_) => {}
        }
        if matches!(self.stopper, StopperName::None) {
            let every = ("--validate-every", self.evaluation.validate_every.is_some());
            refuse_ignored("without a stopper", &[every])?;
        } else if self.evaluation.validate_every() >= self.evaluation.epochs {
            return Err(format!(
                "--stopper has nothing to judge: a trial has {} epochs, and nothing is left to save after the last; \
                 give more --epochs than --validate-every",
                self.evaluation.epochs
            )
            .into());
        }
        if self.algorithm != SearchAlgorithm::Random {
            return Ok(());
        }
        if !self.evaluation.objectives.objectives().is_empty() {
            return Err("--objectives needs evolution; random search optimizes nothing".into());
        }
        if self.baseline {
            return Err(
                "--baseline would repeat the search, which is random itself; leave it out".into(),
            );
        }
        if !self.warm_start.is_empty() {
            return Err("--warm-start needs evolution; random search has no population".into());
        }
        let options = [
            ("--population", self.population.is_some()),
            ("--sample", self.sample.is_some()),
        ];
        refuse_ignored("with --algorithm random", &options)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: SearchOptions,
    }

    fn header(duplicates: Option<Duplicates>) -> JournalHeader {
        let mut header = json!({
            "journal": "evonas", "format": 3, "crate": "0.1.0", "seed": 0, "space": null, "algorithm": null,
            "evaluator": null,
        });
        if let Some(policy) = duplicates {
            header["duplicates"] = serde_json::to_value(policy).unwrap();
        }
        serde_json::from_value(header).unwrap()
    }

    #[test]
    fn nothing_is_repeated_by_default_and_a_resumed_search_goes_on_as_it_began() {
        let old = header(None);
        let reusing = header(Some(Duplicates::Reuse));
        let default = Line::parse_from(["search"]).options;
        assert_eq!(default.duplicates(None), Duplicates::Redraw(100));
        assert_eq!(default.duplicates(Some(&old)), Duplicates::Allow);
        assert_eq!(default.duplicates(Some(&reusing)), Duplicates::Reuse);
        let given = Line::parse_from(["search", "--duplicates", "average"]).options;
        assert_eq!(given.duplicates(None), Duplicates::Average);
        assert_eq!(given.duplicates(Some(&reusing)), Duplicates::Average);
    }
}
