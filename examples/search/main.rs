//! Evolves an image classifier: regularized evolution over the NASNet cell space, every candidate
//! trained as a Burn network. Try `--help`.

mod options;
mod warm_start;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::Parser;
use evonas::network::{CellNetwork, Cost, Fan, ImageShape, NetworkConfig, NetworkPlan};
use evonas::objective::Direction;
use evonas::prelude::*;
use evonas::replacement::WorstOfSample;
use evonas::report::ProgressBar;
use evonas::search::{BestFile, Journal, TrialsFile};
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace};
use evonas::stopper::{MedianRule, SuccessiveHalving};
use evonas::training::images::{DatasetName, ImageDataset};
use evonas::training::{
    CellDecoder, Devices, Progress, Trainer, TrainingConfig, TrainingEvaluator, train_fully,
};
use options::{AlgorithmName, Options, Space, StopperName};
use serde_json::json;

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
    if matches!(options.algorithm, AlgorithmName::Random) && !options.warm_start.is_empty() {
        return Err("--warm-start goes with evolution; random search has no population".into());
    }
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
    config: NetworkConfig,
    decoder: CellDecoder,
    trainer: Trainer,
    final_trainer: Trainer,
    devices: Devices,
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
        let data = options.data.as_deref();
        let mut dataset = options.dataset.read(data, options.resize)?;
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
        let devices = options.device.open_all()?;
        let workers = match (options.workers, options.workers_per_device) {
            (Some(workers), _) => workers,
            (None, Some(each)) => each.saturating_mul(devices.count()),
            (None, None) if devices.is_cpu() => cores(),
            (None, None) => devices.count(),
        };
        if !options.quiet {
            eprintln!("{workers} workers on {devices}");
        }
        Ok(Self {
            options,
            decoder: CellDecoder::new(config.clone()),
            config,
            trainer: trainer(options.epochs)?,
            final_trainer: trainer(final_epochs)?,
            devices,
            workers,
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
        let journal = match &out {
            Some(folder) if options.resume => Some(Journal::open_or_create(folder)?),
            Some(folder) => Some(Journal::create(folder)?),
            None => None,
        };
        let initial = match (&out, &journal) {
            (Some(folder), Some(journal)) => {
                warm_start::kept(options, folder, journal.is_resumed())?
            }
            _ => warm_start::genotypes(options)?,
        };
        let algorithm: Box<dyn Algorithm<NasnetGenotype>> = match algorithm {
            AlgorithmName::Aging => Box::new(evolution.initial(initial).build()?),
            AlgorithmName::NonAging => {
                let evolution = evolution.replacement(WorstOfSample).initial(initial);
                Box::new(evolution.build()?)
            }
            AlgorithmName::Random => Box::new(RandomSearch::new(space, seed)),
        };
        let evaluator = TrainingEvaluator::on_devices(
            self.decoder.clone(),
            self.trainer.clone(),
            &self.dataset.train,
            0.2,
            seed,
            &self.devices.all(),
        )?
        .threads_per_worker((cores() / self.workers.max(1)).max(1));
        let executor = Threads::with_stop_signal(evaluator, self.workers, stop)?;
        let mut budget = Budget::trials(options.trials);
        if let Some(target) = options.target {
            budget = budget.target_fitness(target);
        }
        let mut search = Search::new(algorithm, executor, budget)
            .max_consecutive_failures(options.max_failures)
            .duplicates_by(options.duplicates, NasnetGenotype::canonical);
        if let Some(limit) = options.timeout {
            search = search.timeout(limit);
        }
        if let Some(most) = options.max_parameters {
            let config = self.config.clone();
            search = search.constraint(move |genotype| check_parameters(genotype, &config, most));
        }
        search = match options.stopper {
            StopperName::None => search,
            StopperName::Median => search.stopper(MedianRule::new(Direction::Minimize)),
            StopperName::Halving => {
                search.stopper(SuccessiveHalving::new(Direction::Minimize, 1, 2)?)
            }
        };
        if let (Some(folder), Some(journal)) = (out, journal) {
            search = search
                .journal(journal.sync(options.sync).evaluator(self.describe()))
                .observe(TrialsFile::new(folder.join("trials.jsonl")))
                .observe(BestFile::new(folder.join("best.json")));
        }
        // Either prints each warning when it comes up.
        search = match options.quiet {
            true => search.observe(print_warnings),
            false => search.observe(ProgressBar::new()),
        };
        Ok(search.run()?)
    }

    /// All that a trial's score depends on beside its genotype and seed.
    fn describe(&self) -> String {
        let mut description = json!({
            "network": self.config,
            "training": self.trainer.config(),
            "dataset": self.options.dataset.to_string(),
            "training_images": self.dataset.train.len(),
            "limit": self.options.limit,
        });
        // The digits come with the program; a folder may hold anything.
        if self.options.dataset != DatasetName::Digits {
            let checksum = format!("{:08x}", self.dataset.train.checksum());
            description["training_images_checksum"] = json!(checksum);
        }
        description.to_string()
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
            let mut go_on = |_: Progress| match stop.is_set() {
                true => Err(EvaluationError::Interrupted),
                false => Ok(()),
            };
            match train_fully(
                &best.genotype,
                &self.decoder,
                &self.final_trainer,
                &self.dataset,
                best.seed,
                &self.devices.first(),
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

fn print_warnings(event: &Event<'_, NasnetGenotype>) {
    let warnings = match *event {
        Event::Resumed { warnings, .. } => warnings,
        Event::Warned { warning } => std::slice::from_ref(warning),
        _ => return,
    };
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
}

fn check_parameters(
    genotype: &NasnetGenotype,
    config: &NetworkConfig,
    most: u64,
) -> Result<(), String> {
    let plan = NetworkPlan::new(genotype, config).map_err(|error| error.to_string())?;
    let parameters = Cost::of(&plan).parameters;
    if parameters > most {
        return Err(format!(
            "{parameters} parameters; at most {most} are allowed"
        ));
    }
    Ok(())
}

fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}
