//! `evonas worker`: evaluates for a search that runs elsewhere.

use clap::Args;
use evonas::nats::WorkerNotice;
use evonas::report::note;
use evonas::worker::WorkerSetup;

use super::evaluation::{EvaluationOptions, EvaluationTask, cores};
use crate::Failure;
use crate::naming::RunOptions;
use crate::ranges::count;
use crate::stop::StopRequests;

/// Evaluate for a search that runs elsewhere
///
/// Finds the run of evonas search --nats at a NATS server, and trains what the search asks for, one candidate after
/// another. The options of the evaluation must be those of the search: a worker that differs ends and says in what.
/// Start as many workers as you like, before the search or later, on as many machines; any of them may die.
#[derive(Args, Debug)]
#[command(after_help = "\
The worker waits for the run, and ends with exit code 0 when the run ends. Ctrl-C lets the running trial end first;
pressed again, and at SIGTERM or SIGHUP, the trial is given back to the search, another worker gets it, and the exit
code is 130, 143 or 129.

Examples:
  evonas worker --nats nats://host:4222 --run digits
  evonas worker --nats nats://host:4222 --run digits --device cuda:1 --epochs 4")]
pub(crate) struct WorkerOptions {
    #[command(flatten)]
    at: RunOptions,
    /// The worker's name in evonas status [default: the machine, the process and something random]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    evaluation: EvaluationOptions,
    /// Threads that training on the CPU uses [default: the number of cores]
    #[arg(long, value_parser = count)]
    threads: Option<usize>,
    /// Say nothing but errors [default: off]
    #[arg(long)]
    quiet: bool,
}

impl WorkerOptions {
    pub(crate) fn run(&self, requests: &StopRequests) -> Result<(), Failure> {
        let task = EvaluationTask::new(&self.evaluation)?;
        let threads = self.threads.unwrap_or_else(cores);
        // One worker uses one device; with several, each is a worker of its own.
        let device = task.devices.first();
        let evaluator =
            task.evaluator(&[device], true, threads, self.evaluation.paused.as_deref())?;
        let setup = WorkerSetup::new(self.evaluation.space.space(), evaluator);
        let setup = setup.describe_evaluator(task.describe_for_workers());
        let stop = requests.heed();
        let mut worker = self.at.worker()?.stop_signal(&stop);
        if !self.quiet {
            let run = &self.at.run;
            note(format_args!(
                "worker of run {run} on {}",
                task.devices.clone().only_first()
            ));
            worker = worker.watcher(|notice: &WorkerNotice| note(notice));
        }
        if let Some(name) = &self.name {
            worker = worker.name(name);
        }
        requests.while_trials_run(|| worker.serve(&setup))?;
        match stop.is_finishing() {
            true => Err(requests.stopped("stopped; the search goes on with its other workers")),
            false => Ok(()),
        }
    }
}
