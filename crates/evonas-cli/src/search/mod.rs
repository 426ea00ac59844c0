//! `evonas search`: evolves an image classifier, every candidate trained as a Burn network.

mod best_trial;
mod continuation;
mod evaluation;
mod final_training;
mod found;
#[cfg(unix)]
mod isolated;
mod nats;
mod no_score;
mod objectives;
mod options;
mod proxy;
mod task;
mod warm_start;
#[cfg(all(unix, feature = "nats"))]
mod worker;

use evonas::report::note;
use evonas::search::SearchError;

use crate::Failure;
use crate::failure::Failures;
use crate::naming::SearchAlgorithm;
use crate::output::print_line;
use crate::report;
use crate::stop::StopRequests;

pub(crate) use self::found::NETWORK_FILE;
use self::no_score::no_score;
pub(crate) use self::options::SearchOptions;
use self::task::{Searched, Task};
#[cfg(all(unix, feature = "nats"))]
pub(crate) use self::worker::WorkerOptions;

impl SearchOptions {
    /// Whatever fails from the first trial on keeps nothing else from being done, kept and printed.
    pub(crate) fn run(&self, requests: &StopRequests) -> Result<(), Failure> {
        #[cfg(unix)]
        self.serve_if_worker();
        self.check()?;
        let task = Task::new(self)?;
        task.note_workers();
        let stop = requests.heed();
        let mut failures = Failures::default();

        let search =
            |algorithm, out| requests.while_trials_run(|| task.search(algorithm, out, &stop));
        // The folder stays locked until everything in it is written.
        let Searched {
            result,
            error,
            lock: _lock,
        } = search(self.algorithm, self.out.clone()).map_err(|failure| match stop.is_set() {
            // Workers that are processes may take minutes to start.
            true => requests.stopped("stopped before the first trial"),
            false => failure,
        })?;
        let history = &result.history;
        let failed = error.is_some();
        failures.add(error.map_or(Ok(()), |error| {
            Err(match error {
                SearchError::StoppedInReplay => {
                    requests.stopped("stopped while the journal was read; --resume continues")
                }
                error => error.into(),
            })
        }));
        if failed && history.is_empty() {
            return failures.first();
        }
        let (trials, failed_trials, infeasible) =
            (history.len(), history.failed(), history.infeasible());
        let seconds = result.duration.as_secs_f64();
        if !self.quiet {
            failures.add(print_line(format_args!(
                "{}: {trials} trials, {failed_trials} failed, {infeasible} infeasible, {seconds:.0} s",
                result.termination
            )));
            if result.evaluations_saved > 0 {
                failures.add(print_line(format_args!(
                    "evaluations saved, of genotypes that came up again: {}",
                    result.evaluations_saved
                )));
            }
        }
        if !self.quiet && !history.objectives().is_empty() {
            failures.add(print_line(objectives::front(history)));
        }
        let found = match failed {
            true => task.reported("best genotype", &result, &mut failures),
            false => task.found("best genotype", &result, &stop, &mut failures),
        };
        failures.add(task.keep(&found));
        if let Some(folder) = &self.out {
            report::write_in(folder);
        }
        if !self.quiet {
            let why = match failed {
                true => "an error ended the search",
                false => not_trained(stop.is_finishing()),
            };
            failures.add(task.print_trained(&found, why));
            failures.add(task.print_continuation(&found));
        }
        let mut baseline = None;
        if self.baseline && !failed && !stop.is_finishing() {
            match search(SearchAlgorithm::Random, None) {
                Ok(Searched { result, error, .. }) => {
                    failures.add(error.map_or(Ok(()), |error| Err(error.into())));
                    let title = "best of as many random genotypes";
                    let random = task.found(title, &result, &stop, &mut failures);
                    if !self.quiet {
                        let why = not_trained(stop.is_finishing());
                        failures.add(task.print_trained(&random, why));
                    }
                    baseline = Some(random);
                }
                // That it was stopped is said below.
                Err(_) if stop.is_set() => {}
                Err(failure) => failures.add(Err(failure)),
            }
        }
        if self.json {
            let mut object = found.as_json();
            object["trials"] = trials.into();
            object["failed"] = failed_trials.into();
            object["infeasible"] = infeasible.into();
            object["seconds"] = seconds.into();
            object["evaluations_saved"] = result.evaluations_saved.into();
            if let Some(baseline) = &baseline {
                object["baseline"] = baseline.as_json();
            }
            failures.add(print_line(object));
        }
        let baseline_is_trained = baseline.is_some_and(|baseline| baseline.trained.is_some());
        let all_done = found.trained.is_some() && (baseline_is_trained || !self.baseline);
        let stopped = stop.is_finishing() && !all_done;
        if found.best.is_none() && trials > 0 {
            match stopped {
                true => note(no_score(history)),
                false => failures.add(Err(no_score(history).into())),
            }
        }
        if stopped {
            failures.add(Err(requests.stopped(match self.out {
                Some(_) => "stopped; --resume continues",
                None => "stopped",
            })));
        }
        failures.first()
    }
}

/// Why there is no final training.
const fn not_trained(stopped: bool) -> &'static str {
    match stopped {
        true => "the search was stopped",
        false => "the final training failed",
    }
}
