//! The search itself.

use std::path::PathBuf;

use evonas::network::{Cost, NetworkConfig, NetworkPlan};
use evonas::prelude::*;
use evonas::report::{ProgressBar, WarningLines, note};
use evonas::search::journal::{JournalError, JournalLock};
use evonas::search::{Journal, SearchError, TrialsFile};
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::stopper::{MedianRule, SuccessiveHalving};
use evonas::training::Trainer;

use super::best_trial::BestTrialFile;
use super::evaluation::{EvaluationTask, cores, threads_of_one_among};
use super::options::SearchOptions;
use super::proxy::Preferred;
use super::warm_start;
use crate::Failure;
use crate::failure::occupied;
use crate::naming::{SearchAlgorithm, StopperName};
use crate::recipe::{Recipe, RecipeFile};

/// What the search and its baseline share.
pub(super) struct Task<'a> {
    pub(super) options: &'a SearchOptions,
    pub(super) evaluation: EvaluationTask<'a>,
    pub(super) final_trainer: Trainer,
    /// How to repeat the final training.
    pub(super) recipe: Recipe,
    pub(super) workers: usize,
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
        let evaluation = EvaluationTask::new(&options.evaluation)?;
        let epochs = options
            .final_epochs
            .unwrap_or(12 * options.evaluation.epochs);
        let recipe = Recipe {
            dataset: evaluation.location.clone().absolute(),
            limit: options.evaluation.limit,
            limit_seed: options.evaluation.seed,
            network: evaluation.network.clone(),
            training: evaluation.training(epochs),
        };
        let devices = &evaluation.devices;
        let workers = match (options.workers, options.workers_per_device) {
            (Some(workers), _) => workers,
            (None, Some(each)) => each.saturating_mul(devices.count()),
            (None, None) if devices.is_cpu() => cores(),
            (None, None) => devices.count(),
        };
        Ok(Self {
            options,
            final_trainer: options
                .evaluation
                .record
                .apply(Trainer::new(recipe.training.clone())?, true),
            recipe,
            workers,
            evaluation,
        })
    }

    /// Says what the trials run on.
    pub(super) fn note_workers(&self) {
        if self.options.quiet {
            return;
        }
        match self.options.nats.run() {
            Some(run) => note(format_args!("run {run}: {} trials at a time", self.workers)),
            None => note(format_args!(
                "{} workers on {}",
                self.workers, self.evaluation.devices
            )),
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
        let seed = options.evaluation.seed;
        let space = options.evaluation.space.space();
        // The baseline prefers nothing.
        let proxy = (algorithm == options.algorithm).then_some(&options.proxy);
        let of_evolution = proxy.filter(|_| algorithm != SearchAlgorithm::Random);
        let (task, most) = (&self.evaluation, options.max_parameters);
        let population = options.population_size();
        let preferred = match of_evolution {
            Some(proxy) => proxy.preferred(&space, population, task, most)?,
            None => Preferred::all(&space),
        };
        let evolution = Evolution::builder(preferred.space, preferred.mutation)
            .population(population)
            .sample(options.sample_size())
            .seed(seed);
        let evolution = match preferred.warm_up {
            Some(warm_up) => {
                if !options.quiet {
                    note(format_args!(
                        "choosing the first {population} of {} random genotypes",
                        warm_up.genotypes()
                    ));
                }
                evolution.warm_up(warm_up)
            }
            None => evolution,
        };
        let objectives = options.evaluation.objectives.objectives();
        let evolution = match objectives.is_empty() {
            true => evolution,
            false => evolution.pareto(objectives),
        };
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
        let duplicates = options.duplicates(journal.as_ref().and_then(Journal::header));
        let initial = match journal.as_ref().and_then(Journal::header) {
            // What --warm-start names may have changed since.
            Some(recorded) => recorded.initial()?,
            None => warm_start::genotypes(options)?,
        };
        let algorithm: Box<dyn Algorithm<NasnetGenotype>> = match algorithm {
            SearchAlgorithm::Aging => Box::new(evolution.initial(initial).build()?),
            SearchAlgorithm::NonAging => Box::new(evolution.non_aging().initial(initial).build()?),
            SearchAlgorithm::Random => match proxy {
                Some(proxy) => Box::new(RandomSearch::new(proxy.space(space, task, most)?, seed)),
                None => Box::new(RandomSearch::new(space, seed)),
            },
        };
        let algorithm: Box<dyn Algorithm<NasnetGenotype>> = match options.promote_from {
            None => algorithm,
            Some(first) => {
                let amount = TrainingEvaluator::<CellDecoder>::PAUSE_AFTER;
                let promotion = Promotion::builder(algorithm, amount)
                    .first_rung(first as u64)
                    .maximum(options.evaluation.epochs as u64)
                    .brackets(options.brackets)
                    .build()?;
                Box::new(promotion)
            }
        };
        #[cfg(all(unix, feature = "nats"))]
        let mut counts = None;
        let executor: Box<dyn Executor<NasnetGenotype>> = match options.nats.run() {
            #[cfg(all(unix, feature = "nats"))]
            Some(run) => {
                let executor = self.coordinator(run, stop)?;
                counts = Some(executor.counts());
                Box::new(executor)
            }
            #[cfg(not(all(unix, feature = "nats")))]
            Some(run) => match *run {},
            None => self.executor(stop)?,
        };
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
            .duplicates_by(duplicates, NasnetGenotype::canonical);
        #[cfg(all(unix, feature = "nats"))]
        if let Some(counts) = counts {
            search = search.observe(move |event: &Event<'_, NasnetGenotype>| {
                if let Event::Resumed { history, .. } = event {
                    let records = history.records().iter();
                    records.for_each(|record| counts.count(&record.outcome));
                }
            });
        }
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
                .journal(
                    journal
                        .sync(options.sync)
                        .evaluator(self.evaluation.describe()),
                )
                .observe(TrialsFile::new(folder.join("trials.jsonl")))
                .observe(BestTrialFile::new(&folder))
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
        if self
            .options
            .isolate
            .unwrap_or(!self.evaluation.devices.is_cpu())
        {
            // The workers read the latency table from its file; measured by all of them at once, it would be wrong.
            self.evaluation.figures(&self.evaluation.devices.first())?;
            return Ok(Box::new(self.processes(self.workers, stop)?));
        }
        let devices = self.evaluation.devices.all();
        let one_at_a_time = self.workers == 1;
        let record = self.options.evaluation.record;
        if record.is_required() && !one_at_a_time && !self.evaluation.devices.is_cpu() {
            return Err(
                "--record-steps needs processes that train one network at a time: --isolate or --workers 1"
                    .into(),
            );
        }
        let evaluator = self.evaluation.evaluator(
            &devices,
            one_at_a_time,
            threads_of_one_among(self.workers),
            self.options.paused().as_deref(),
        )?;
        let threads = Threads::with_stop_signal(evaluator, self.workers, stop)?;
        Ok(Box::new(threads))
    }
}

pub(super) fn check_parameters(
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
