//! The search itself: data, networks, trainers and devices from the options.

use std::path::PathBuf;
use std::thread::available_parallelism;

use burn::tensor::Device;
use evonas::network::{Cost, NetworkConfig, NetworkPlan};
use evonas::prelude::*;
use evonas::report::{ProgressBar, WarningLines, note};
use evonas::search::journal::{JournalError, JournalLock};
use evonas::search::{BestFile, Journal, SearchError, TrialsFile};
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::stopper::{MedianRule, SuccessiveHalving};
use evonas::training::images::ImageDataset;
use evonas::training::{CellDecoder, Devices, Trainer, TrainingEvaluator};
use serde_json::{Value, json};

use super::options::SearchOptions;
use super::warm_start;
use crate::Failure;
use crate::failure::occupied;
use crate::naming::{DatasetName, PresetName, SearchAlgorithm, StopperName};
use crate::recipe::{BEST_FILE, Recipe, RecipeFile};

/// What the search and its baseline share.
pub(super) struct Task<'a> {
    pub(super) options: &'a SearchOptions,
    pub(super) dataset: ImageDataset,
    pub(super) decoder: CellDecoder,
    trainer: Trainer,
    pub(super) final_trainer: Trainer,
    /// How to repeat the final training.
    pub(super) recipe: Recipe,
    pub(super) devices: Devices,
    workers: usize,
}

/// A search that has ended.
pub(super) struct Searched {
    pub(super) result: SearchResult<NasnetGenotype>,
    /// The error that ended it.
    pub(super) error: Option<SearchError>,
    /// Keeps other processes out of its folder.
    pub(super) lock: Option<JournalLock>,
}

impl<'a> Task<'a> {
    /// Reads the data and opens the devices.
    pub(super) fn new(options: &'a SearchOptions) -> Result<Self, Failure> {
        let location = options.data.location();
        let mut dataset = location.read()?;
        if let Some(limit) = options.limit {
            dataset = dataset.limit_train(limit, options.seed);
        }
        let images = &dataset.train;
        let network = PresetName::Short.network(
            NetworkConfig::new(images.shape(), images.classes())
                .cells_per_stack(options.cells)
                .filters(options.filters),
        );
        network.validate()?;
        let training = |epochs| {
            let preset = PresetName::Short.training(images.shape());
            preset
                .epochs(epochs)
                .batch_size(options.batch)
                .learning_rate(options.learning_rate)
        };
        let recipe = Recipe {
            dataset: location.absolute(),
            limit: options.limit,
            limit_seed: options.seed,
            network,
            training: training(options.final_epochs.unwrap_or(12 * options.epochs)),
        };
        let trainer = Trainer::new(training(options.epochs))?;
        let devices = options.device.open_all()?;
        let workers = match (options.workers, options.workers_per_device) {
            (Some(workers), _) => workers,
            (None, Some(each)) => each.saturating_mul(devices.count()),
            (None, None) if devices.is_cpu() => cores(),
            (None, None) => devices.count(),
        };
        Ok(Self {
            options,
            decoder: CellDecoder::new(recipe.network.clone()),
            trainer,
            final_trainer: Trainer::new(recipe.training.clone())?,
            recipe,
            devices,
            workers,
            dataset,
        })
    }

    /// Says what the trials run on.
    pub(super) fn note_workers(&self) {
        if !self.options.quiet {
            note(format_args!("{} workers on {}", self.workers, self.devices));
        }
    }

    /// Fails only if the search can't be set up.
    pub(super) fn search(
        &self,
        algorithm: SearchAlgorithm,
        out: Option<PathBuf>,
        stop: &StopSignal,
    ) -> Result<Searched, Failure> {
        let options = self.options;
        let seed = options.seed;
        let space = options.space.space();
        let evolution = Evolution::builder(space.clone(), space.mutation())
            .population(options.population_size())
            .sample(options.sample_size())
            .seed(seed);
        let opening = Journal::options().lock(options.lock.policy);
        let journal = match &out {
            Some(folder) if options.resume => Some(opening.open_or_create(folder)?),
            Some(folder) => Some(opening.create(folder).map_err(|error| match error {
                JournalError::Occupied(_) => occupied(folder, "a search"),
                error => error.into(),
            })?),
            None => None,
        };
        let lock = journal.as_ref().map(Journal::lock);
        let initial = match journal.as_ref().and_then(Journal::header) {
            // What --warm-start names may have changed since.
            Some(recorded) => recorded.initial()?,
            None => warm_start::genotypes(options)?,
        };
        let algorithm: Box<dyn Algorithm<NasnetGenotype>> = match algorithm {
            SearchAlgorithm::Aging => Box::new(evolution.initial(initial).build()?),
            SearchAlgorithm::NonAging => Box::new(evolution.non_aging().initial(initial).build()?),
            SearchAlgorithm::Random => Box::new(RandomSearch::new(space, seed)),
        };
        let executor = self.executor(stop)?;
        let executor: Box<dyn Executor<NasnetGenotype>> = match options.ordered {
            true => Box::new(Ordered::new(executor)),
            false => executor,
        };
        let mut budget = Budget::trials(options.trials);
        if let Some(target) = options.target {
            budget = budget.target_fitness(target);
        }
        let mut search = Search::new(algorithm, executor, budget)
            .max_consecutive_failures(options.max_failures)
            // The genotype is seldom to blame.
            .retry(Retry::none().lost(1))
            .duplicates_by(options.duplicates, NasnetGenotype::canonical);
        if let Some(limit) = options.timeout {
            search = search.timeout(limit);
        }
        if let Some(most) = options.max_parameters {
            let config = self.recipe.network.clone();
            search = search.constraint(move |genotype| check_parameters(genotype, &config, most));
        }
        search = match options.stopper {
            StopperName::None => search,
            StopperName::Median => search.stopper(MedianRule::new()),
            StopperName::Halving => search.stopper(SuccessiveHalving::builder().factor(2).build()?),
        };
        if let (Some(folder), Some(journal)) = (out, journal) {
            search = search
                .journal(journal.sync(options.sync).evaluator(self.describe()))
                .observe(TrialsFile::new(folder.join("trials.jsonl")))
                .observe(BestFile::new(folder.join(BEST_FILE)))
                .observe(RecipeFile {
                    folder,
                    recipe: self.recipe.clone(),
                });
        }
        // Either prints each warning as it comes up.
        search = match options.quiet {
            true => search.observe(WarningLines),
            false => search.observe(ProgressBar::new()),
        };
        let ended = search.run_to_the_end();
        Ok(Searched {
            result: ended.result,
            error: ended.error,
            lock,
        })
    }

    fn executor(&self, stop: &StopSignal) -> Result<Box<dyn Executor<NasnetGenotype>>, Failure> {
        #[cfg(unix)]
        if self.options.isolate.unwrap_or(!self.devices.is_cpu()) {
            return Ok(Box::new(self.processes(self.workers, stop)?));
        }
        let evaluator = self.evaluator(&self.devices.all())?;
        let threads = Threads::with_stop_signal(evaluator, self.workers, stop)?;
        Ok(Box::new(threads))
    }

    pub(super) fn evaluator(
        &self,
        devices: &[Device],
    ) -> Result<TrainingEvaluator<CellDecoder>, Failure> {
        let options = self.options;
        let (decoder, trainer) = (self.decoder.clone(), self.trainer.clone());
        let evaluator = TrainingEvaluator::builder(decoder, trainer, &self.dataset.train)
            .validation_fraction(0.2)
            .split_seed(options.seed)
            .validate_every(options.validate_every())
            .devices(devices)
            .threads_per_worker((cores() / self.workers.max(1)).max(1))
            .build()?;
        Ok(evaluator)
    }

    /// All that a trial's score depends on besides its genotype and seed.
    pub(super) fn describe(&self) -> Value {
        let mut description = json!({
            "network": self.recipe.network,
            "training": self.trainer.config(),
            "dataset": self.recipe.dataset.name.to_string(),
            "training_images": self.dataset.train.len(),
            "limit": self.options.limit,
        });
        // The digits are part of the program; a folder may hold anything.
        if self.recipe.dataset.name != DatasetName::Digits {
            let checksum = format!("{:08x}", self.dataset.train.checksum());
            description["training_images_checksum"] = json!(checksum);
        }
        description
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
