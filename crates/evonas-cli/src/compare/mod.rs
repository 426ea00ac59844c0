//! `evonas compare`: many runs of several algorithms on one benchmark.

mod drawings;
mod text;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use evonas::comparison::{
    Benchmark, BitsBenchmark, Capped, Comparison, ComparisonError, DigitsBenchmark, Protocol,
    RunRecord, Setup, TrainingBenchmark,
};
use evonas::report::ComparisonProgress;
use evonas::space::CategoricalSpace;
use evonas::training::images::{IdxFolder, ImageDataset, digits};

use crate::Failure;
use crate::failure::{Failures, occupied};
use crate::ignored::refuse_ignored;
use crate::naming::{AlgorithmName, BenchmarkName, LockOption, TableOptions, protocol};
use crate::output::print;
use crate::ranges::{count, large_count, positive, seed, workers};

/// Compare search algorithms on a benchmark, and say which differences are more than chance
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas compare --benchmark bits --algorithms aging,non-aging,random --out comparison
  evonas compare --table nasbench201.csv.gz --dataset cifar100 --runs 100 --json")]
pub(crate) struct CompareOptions {
    /// What is searched
    #[arg(long, value_enum, default_value_t = BenchmarkName::NasBench201)]
    benchmark: BenchmarkName,
    /// The algorithms, separated by commas: aging, non-aging, random, reinforce, ppo (an LSTM controller that takes far
    /// longer than the others), and without evaluating a network twice recommended (aging evolution with the sizes that
    /// serve best), crossover (the same, with two parents for half of the children), local-search, annealing, surrogate
    /// (a random forest that predicts accuracies), nsga2 (networks that are accurate and small at once), and as controls
    /// for those that favor large networks: random-by-multiply-adds, random-by-parameters, evolution-by-multiply-adds,
    /// evolution-by-parameters. By compute, also by a proxy of untrained networks, whose scores count as compute:
    /// evolution-by-synflow, evolution-by-gradient-norm, evolution-by-low-gradient-norm,
    /// evolution-by-low-gradient-norm-of-large (large networks only), evolution-by-jacobian-covariance; inheriting
    /// (children begin with their parents' weights), promoted (trainings that go on if they are among the best), the same
    /// of large networks (promoted-by-multiply-adds, promoted-by-parameters), and promoted-random (the same of random
    /// networks)
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        value_parser = AlgorithmName::parse,
        default_values_t = AlgorithmName::QUICK
    )]
    algorithms: Vec<AlgorithmName>,
    /// Independent runs of each algorithm [default: 500; on digits 3, by compute 10]
    #[arg(long, value_name = "N", value_parser = count)]
    runs: Option<usize>,
    /// Population size P of aging and non-aging [default: 10 on nasbench201, 100 on bits, otherwise 20]
    #[arg(long, value_name = "P", value_parser = count)]
    population: Option<usize>,
    /// Tournament size S of aging and non-aging [default: 3 on nasbench201, 10 on bits, otherwise 5]
    #[arg(long, value_name = "S", value_parser = count)]
    sample: Option<usize>,
    /// Simulated seconds of a run; on bits and digits its trials, and by compute billions of multiply-adds [default: the
    /// protocol's; on bits 1000, on digits 100, by compute those of a hundred full trials]
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    budget: Option<f64>,
    #[command(flatten)]
    table: TableOptions,
    /// The rules of nasbench201: nats-bench or nas-bench-201 [default: nats-bench]
    #[arg(long, value_parser = protocol)]
    protocol: Option<Protocol>,
    /// Refuse networks with more multiply-adds for one image, on nasbench201 and digits [default: no limit]
    #[arg(long, value_name = "N", value_parser = large_count)]
    max_multiply_adds: Option<u64>,
    /// How many images to train and validate on, in real training [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    images: Option<usize>,
    /// The folder of the four IDX files, for idx-by-compute [default: none]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Epochs of a full trial, by compute [default: 3]
    #[arg(long, value_name = "EPOCHS", value_parser = count)]
    epochs: Option<usize>,
    /// Epochs of the training from scratch that judges what was found, by compute [default: 12]
    #[arg(long, value_name = "EPOCHS", value_parser = count)]
    final_epochs: Option<usize>,
    /// Judge what was found by so many of the test images, by compute [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    test_images: Option<usize>,
    /// Threads that share the runs, at most 4096; they don't change the results [default: one per core]
    #[arg(long, value_name = "N", value_parser = workers)]
    workers: Option<usize>,
    /// The root seed
    #[arg(long, value_parser = seed, default_value_t = 0)]
    seed: u64,
    /// Write CSV files and drawings to this folder, and each run to its runs.jsonl as it ends. A folder that
    /// already holds a comparison is refused [default: keep nothing]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Resume the comparison in --out if there is one: finished runs are taken from it. --runs and --algorithms
    /// may change; all other settings must be the same [default: off]
    #[arg(long, requires = "out")]
    resume: bool,
    #[command(flatten)]
    lock: LockOption,
    /// Show no progress on standard error [default: off]
    #[arg(long)]
    quiet: bool,
    /// Print only one JSON object per algorithm, each on a line [default: off]
    #[arg(long)]
    json: bool,
}

impl CompareOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        self.check()?;
        match self.benchmark {
            BenchmarkName::Bits => self.compare(&BitsBenchmark::default()),
            BenchmarkName::NasBench201 => {
                let protocol = self.protocol.unwrap_or(Protocol::NatsBench);
                self.compare_networks(self.table.benchmark(protocol)?)
            }
            BenchmarkName::Digits => {
                let mut builder = DigitsBenchmark::builder();
                if let Some(images) = self.images {
                    builder = builder.images(images);
                }
                self.compare_networks(builder.build()?)
            }
            BenchmarkName::DigitsByCompute => self.compare_networks(self.by_compute(digits())?),
            BenchmarkName::IdxByCompute => {
                let folder = self.data.as_ref().ok_or("idx-by-compute needs --data")?;
                self.compare_networks(self.by_compute(IdxFolder::new(folder).read()?)?)
            }
        }
    }

    fn by_compute(&self, dataset: ImageDataset) -> Result<TrainingBenchmark, ComparisonError> {
        let mut builder = TrainingBenchmark::builder(dataset);
        if let Some(images) = self.images {
            builder = builder.images(images);
        }
        if let Some(epochs) = self.epochs {
            builder = builder.epochs(epochs);
        }
        if let Some(epochs) = self.final_epochs {
            builder = builder.final_epochs(epochs);
        }
        if let Some(images) = self.test_images {
            builder = builder.test_images(images);
        }
        builder.build()
    }

    fn compare_networks<B>(&self, benchmark: B) -> Result<(), Failure>
    where
        B: Benchmark<Space: CategoricalSpace>,
    {
        match self.max_multiply_adds {
            Some(most) => self.compare(&Capped::new(benchmark, most)?),
            None => self.compare(&benchmark),
        }
    }

    /// Refuses options that would have no effect.
    fn check(&self) -> Result<(), Failure> {
        let algorithms = self.algorithms.as_slice();
        let protocol = [("--protocol", self.protocol.is_some())];
        let of_images = [("--images", self.images.is_some())];
        let of_trainings = [
            ("--epochs", self.epochs.is_some()),
            ("--final-epochs", self.final_epochs.is_some()),
            ("--test-images", self.test_images.is_some()),
        ];
        let of_files = [("--data", self.data.is_some())];
        let of_networks = [("--max-multiply-adds", self.max_multiply_adds.is_some())];
        let of_evolution = [
            ("--population", self.population.is_some()),
            ("--sample", self.sample.is_some()),
        ];
        let when = format!("with --benchmark {}", self.benchmark.as_str());
        if self.benchmark != BenchmarkName::NasBench201 {
            refuse_ignored(&when, &self.table.given())?;
            refuse_ignored(&when, &protocol)?;
        }
        let (by_compute, trains) = match self.benchmark {
            BenchmarkName::DigitsByCompute | BenchmarkName::IdxByCompute => (true, true),
            BenchmarkName::Digits => (false, true),
            BenchmarkName::Bits | BenchmarkName::NasBench201 => (false, false),
        };
        if !trains {
            refuse_ignored(&when, &of_images)?;
        }
        if !by_compute {
            refuse_ignored(&when, &of_trainings)?;
        }
        if self.benchmark != BenchmarkName::IdxByCompute {
            refuse_ignored(&when, &of_files)?;
        }
        if self.benchmark == BenchmarkName::Bits {
            refuse_ignored(&when, &of_networks)?;
        }
        let evolves = [AlgorithmName::Aging, AlgorithmName::NonAging]
            .iter()
            .any(|evolution| algorithms.contains(evolution));
        match evolves {
            true => Ok(()),
            false => refuse_ignored("without aging or non-aging in --algorithms", &of_evolution),
        }
    }

    fn compare<B: Benchmark<Space: CategoricalSpace>>(&self, benchmark: &B) -> Result<(), Failure> {
        let population = self.population.unwrap_or_else(|| benchmark.population());
        let sample = self.sample.unwrap_or_else(|| benchmark.sample());
        let contenders = self.algorithms.iter();
        let contenders = contenders.map(|name| name.contender::<B>(population, sample));
        let setup = self.setup(benchmark)?;
        let start = Instant::now();
        let mut builder = Comparison::builder(benchmark)
            .contenders(contenders)
            .setup(setup.clone());
        if let Some(folder) = &self.out {
            let opening = RunRecord::options().lock(self.lock.policy);
            builder = builder.record(match self.resume {
                true => opening.open_or_create(folder)?,
                false => opening.create(folder).map_err(|error| match error {
                    ComparisonError::Occupied(_) => occupied(folder, "a comparison"),
                    error => error.into(),
                })?,
            });
        }
        if !self.quiet {
            builder = builder.observe(ComparisonProgress::new());
        }
        let comparison = builder.run()?;
        let took = start.elapsed();
        let mut failures = Failures::default();
        if let Some(folder) = &self.out {
            failures.add(comparison.write_csv(folder).map_err(Failure::from));
            failures.add(drawings::draw(&comparison, benchmark.test_name(), folder));
        }
        failures.add(print(match self.json {
            true => text::as_json(&comparison)?,
            false => text::as_text(&comparison, &setup, took),
        }));
        failures.first()
    }

    fn setup(&self, benchmark: &impl Benchmark) -> Result<Setup, Failure> {
        let mut setup = Setup::new(benchmark).seed(self.seed);
        if let Some(runs) = self.runs {
            setup = setup.runs(runs);
        }
        if let Some(workers) = self.workers {
            setup = setup.workers(workers);
        }
        if let Some(seconds) = self.budget {
            setup = setup.budget_seconds(seconds)?;
        }
        Ok(setup)
    }
}
