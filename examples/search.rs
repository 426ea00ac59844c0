//! Evolves an image classifier: regularized evolution over the NASNet cell space, every candidate
//! trained as a Burn network. Try `--help`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;

use burn::tensor::Device;
use clap::{Parser, ValueEnum};
use evonas::network::{CellNetwork, Fan, ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::replacement::WorstOfSample;
use evonas::report::ProgressBar;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace};
use evonas::training::images::{ImageDataset, digits, read_idx_folder};
use evonas::training::{
    CellDecoder, DeviceName, Epoch, Trainer, TrainingConfig, TrainingEvaluator, train_fully,
};
use serde_json::json;

#[derive(Parser)]
#[command(about = "Evolve an image classifier by regularized evolution", version)]
struct Options {
    /// The images: the embedded digits, or an IDX folder (MNIST, Fashion-MNIST)
    #[arg(long, value_enum, default_value = "digits")]
    dataset: Dataset,
    /// The folder of the IDX files
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Use only so many training images (as many of each class as its share)
    #[arg(long)]
    limit: Option<usize>,
    /// The search space: SP-I has eight operations, SP-II nineteen, SP-III twice as many pairs as well
    #[arg(long, value_enum, default_value = "sp1")]
    space: Space,
    /// Population size P
    #[arg(long, default_value_t = 25)]
    population: usize,
    /// Sample size S of a tournament
    #[arg(long, default_value_t = 8)]
    sample: usize,
    /// Trials in all, the initial population included
    #[arg(long, default_value_t = 100)]
    trials: u64,
    /// Trials at the same time; the number of cores if not given
    #[arg(long)]
    workers: Option<usize>,
    /// The root seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Normal cells per stack N
    #[arg(long, default_value_t = 1)]
    cells: usize,
    /// Filters F of the first stack
    #[arg(long, default_value_t = 4)]
    filters: usize,
    /// Epochs of a trial
    #[arg(long, default_value_t = 1)]
    epochs: usize,
    /// Epochs of the final training; twelve times those of a trial if not given
    #[arg(long)]
    final_epochs: Option<usize>,
    /// Images in a step
    #[arg(long, default_value_t = 32)]
    batch: usize,
    /// Learning rate that the cosine schedule starts with
    #[arg(long, default_value_t = 0.1)]
    learning_rate: f64,
    /// auto, cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "auto")]
    device: DeviceName,
    /// The search algorithm
    #[arg(long, value_enum, default_value = "aging")]
    algorithm: AlgorithmName,
    /// Also report the best of as many random genotypes
    #[arg(long)]
    baseline: bool,
    /// Record the run in this folder, and keep the network of the final training there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// No progress, no report
    #[arg(long)]
    quiet: bool,
    /// Print the result as one JSON object on the last line
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Dataset {
    Digits,
    Idx,
}

#[derive(Clone, Copy, ValueEnum)]
enum Space {
    Sp1,
    Sp2,
    Sp3,
}

#[derive(Clone, Copy, ValueEnum)]
enum AlgorithmName {
    Aging,
    NonAging,
    Random,
}

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let task = Task::new(options)?;
    let stop = StopSignal::new();
    let signal = stop.clone();
    ctrlc::set_handler(move || signal.stop())?;

    let result = task.search(options.algorithm, options.out.clone(), &stop)?;
    let found = task.found(&result, &stop)?;
    if !options.quiet {
        println!(
            "{}: {} trials, {} failed, {:.0} s",
            result.termination,
            result.history.len(),
            result.history.failed(),
            result.duration.as_secs_f64()
        );
        task.print("best genotype", &found);
    }
    if options.baseline && !stop.is_set() {
        let random = task.search(AlgorithmName::Random, None, &stop)?;
        task.print(
            "best of as many random genotypes",
            &task.found(&random, &stop)?,
        );
    }
    if options.json {
        let (best_fitness, genotype) = match &found.best {
            Some((fitness, genotype)) => (Some(fitness), Some(genotype.to_string())),
            None => (None, None),
        };
        println!(
            "{}",
            json!({
                "best_fitness": best_fitness,
                "test_accuracy": found.test_accuracy,
                "trials": result.history.len(),
                "failed": result.history.failed(),
                "seconds": result.duration.as_secs_f64(),
                "parameters": found.parameters,
                "genotype": genotype,
            })
        );
    }
    // Last, so that a full disk costs no result.
    if let (Some(folder), Some(network)) = (&options.out, &found.network) {
        network.save(folder.join("best.safetensors"))?;
    }
    Ok(())
}

/// What stays the same between the search and its baseline.
struct Task<'a> {
    options: &'a Options,
    dataset: ImageDataset,
    decoder: CellDecoder,
    trainer: Trainer,
    final_trainer: Trainer,
    device: Device,
    workers: usize,
}

/// The outcome of a search and of the final training.
struct Found {
    best: Option<(f64, NasnetGenotype)>,
    parameters: Option<u64>,
    test_accuracy: Option<f64>,
    network: Option<CellNetwork>,
}

impl<'a> Task<'a> {
    fn new(options: &'a Options) -> Result<Self, Failure> {
        let mut dataset = match (options.dataset, &options.data) {
            (Dataset::Digits, None) => digits(),
            (Dataset::Digits, Some(_)) => {
                return Err("--data goes with --dataset idx; the digits are embedded".into());
            }
            (Dataset::Idx, Some(folder)) => read_idx_folder(folder)?,
            (Dataset::Idx, None) => {
                return Err("--dataset idx needs the folder of its files: add --data DIR".into());
            }
        };
        if let Some(limit) = options.limit {
            dataset.train = dataset.train.limit(limit, options.seed);
        }
        let images = &dataset.train;
        let shape = ImageShape::new(images.channels(), images.height(), images.width());
        // Smaller initial logits than the released rule's: a trial of one epoch is short.
        let config = NetworkConfig::new(options.cells, options.filters, images.classes(), shape)
            .with_classifier_fan(Fan::In);
        config.validate()?;
        let trainer = |epochs| {
            Trainer::new(TrainingConfig {
                learning_rate: options.learning_rate,
                ..TrainingConfig::new(epochs, options.batch)
            })
        };
        let final_epochs = options.final_epochs.unwrap_or(12 * options.epochs);
        Ok(Self {
            options,
            decoder: CellDecoder::new(config),
            trainer: trainer(options.epochs)?,
            final_trainer: trainer(final_epochs)?,
            device: options.device.open()?,
            workers: options.workers.unwrap_or_else(cores),
            dataset,
        })
    }

    fn search(
        &self,
        algorithm: AlgorithmName,
        out: Option<PathBuf>,
        stop: &StopSignal,
    ) -> Result<SearchResult<NasnetGenotype>, Failure> {
        let options = self.options;
        let seed = options.seed;
        let space = match options.space {
            Space::Sp1 => NasnetSpace::sp1(),
            Space::Sp2 => NasnetSpace::sp2(),
            Space::Sp3 => NasnetSpace::sp3(),
        };
        let evolution = EvolutionBuilder::new(space.clone(), space.mutation())
            .population(options.population)
            .sample(options.sample)
            .seed(seed);
        let algorithm: Box<dyn Algorithm<NasnetGenotype>> = match algorithm {
            AlgorithmName::Aging => Box::new(evolution.build()?),
            AlgorithmName::NonAging => Box::new(evolution.replacement(WorstOfSample).build()?),
            AlgorithmName::Random => Box::new(RandomSearch::new(space, seed)),
        };
        let evaluator = TrainingEvaluator::new(
            self.decoder.clone(),
            self.trainer.clone(),
            &self.dataset.train,
            0.2,
            seed,
            &self.device,
        )?
        .threads_per_worker((cores() / self.workers.max(1)).max(1));
        let executor = Threads::with_stop_signal(evaluator, self.workers, stop)?;
        let mut search = Search::new(algorithm, executor, Budget::trials(options.trials));
        if let Some(folder) = out {
            search = search.observe(RunFolder::create(folder)?);
        }
        if !options.quiet {
            search = search.observe(ProgressBar::new());
        }
        Ok(search.run()?)
    }

    /// Trains the best genotype in full; a search that was stopped is only reported.
    fn found(
        &self,
        result: &SearchResult<NasnetGenotype>,
        stop: &StopSignal,
    ) -> Result<Found, Failure> {
        let Some(best) = result.best() else {
            return Ok(Found {
                best: None,
                parameters: None,
                test_accuracy: None,
                network: None,
            });
        };
        let mut found = Found {
            best: best
                .fitness()
                .map(|fitness| (fitness, best.genotype.clone())),
            parameters: best
                .metric("parameters")
                .map(|parameters| parameters as u64),
            test_accuracy: None,
            network: None,
        };
        if !stop.is_set() {
            if !self.options.quiet {
                eprintln!(
                    "training the best genotype for {} epochs",
                    self.final_trainer.config().epochs
                );
            }
            let mut go_on = |_: Option<Epoch>| match stop.is_set() {
                true => Err(EvaluationError::Interrupted),
                false => Ok(()),
            };
            match train_fully(
                &best.genotype,
                &self.decoder,
                &self.final_trainer,
                &self.dataset,
                best.seed,
                &self.device,
                &mut go_on,
            ) {
                Ok(training) => {
                    found.test_accuracy = Some(training.test_accuracy);
                    found.network = Some(training.network);
                }
                Err(EvaluationError::Interrupted) => {}
                Err(error) => return Err(format!("the final training failed: {error}").into()),
            }
        }
        Ok(found)
    }

    fn print(&self, title: &str, found: &Found) {
        let Some((fitness, genotype)) = &found.best else {
            println!("{title}: none, since no trial has a score");
            return;
        };
        println!("\n{title}: {genotype}");
        println!(
            "validation accuracy in the search: {:.2} %",
            100.0 * fitness
        );
        match found.test_accuracy {
            Some(accuracy) => println!(
                "test accuracy after {} epochs on all training images: {:.2} %",
                self.final_trainer.config().epochs,
                100.0 * accuracy
            ),
            None => println!("test accuracy: not measured, since the search was stopped"),
        }
        if let Some(parameters) = found.parameters {
            println!("parameters: {parameters}");
        }
        print!("{}", genotype.in_words());
    }
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}
