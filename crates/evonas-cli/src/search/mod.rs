//! `evonas search`: evolves an image classifier, every candidate trained as a Burn network.

mod continuation;
mod found;
mod no_score;
mod options;
mod task;
mod warm_start;

use crate::Failure;
use crate::naming::SearchAlgorithm;
use crate::output::print_line;
use crate::stop;

use self::no_score::{infeasible, no_score};
pub(crate) use self::options::SearchOptions;
use self::task::Task;

impl SearchOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        self.check()?;
        let task = Task::new(self)?;
        let requests = stop::StopRequests::listen()?;
        let stop = requests.signal();

        let result =
            requests.while_trials_run(|| task.search(self.algorithm, self.out.clone(), &stop))?;
        let found = task.found(&result, &stop)?;
        // A full disk costs no result.
        let kept = task.keep(&found);
        let history = &result.history;
        let (trials, failed, infeasible) = (history.len(), history.failed(), infeasible(history));
        let seconds = result.duration.as_secs_f64();
        if !self.quiet {
            print_line(format!(
                "{}: {trials} trials, {failed} failed, {infeasible} infeasible, {seconds:.0} s",
                result.termination
            ))?;
            task.print("best genotype", &found)?;
            task.print_continuation(&found)?;
        }
        let mut baseline = None;
        if self.baseline && !stop.is_finishing() {
            let random =
                requests.while_trials_run(|| task.search(SearchAlgorithm::Random, None, &stop))?;
            let random = task.found(&random, &stop)?;
            if !self.quiet {
                task.print("best of as many random genotypes", &random)?;
            }
            baseline = Some(random);
        }
        if self.json {
            let mut object = found.as_json();
            object["trials"] = trials.into();
            object["failed"] = failed.into();
            object["infeasible"] = infeasible.into();
            object["seconds"] = seconds.into();
            if let Some(baseline) = &baseline {
                object["baseline"] = baseline.as_json();
            }
            print_line(object)?;
        }
        kept?;
        match found.best {
            None if trials > 0 => Err(no_score(history).into()),
            _ => Ok(()),
        }
    }
}
