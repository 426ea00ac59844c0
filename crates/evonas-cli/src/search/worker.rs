//! `evonas worker`: evaluates for a search that runs elsewhere.

use clap::Args;
use evonas::nats::NatsWorker;
use evonas::report::note;
use evonas::worker::WorkerSetup;

use super::evaluation::{EvaluationOptions, EvaluationTask};
use crate::Failure;
use crate::naming::ServerOptions;
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
    /// The address of the NATS server, for example nats://host:4222
    #[arg(long, value_name = "URL", required = true)]
    nats: String,
    /// The name of the run on the server
    #[arg(long, value_name = "NAME", required = true)]
    run: String,
    #[command(flatten)]
    server: ServerOptions,
    /// The worker's name in evonas status [default: the machine, the process and something random]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    evaluation: EvaluationOptions,
    /// Say nothing but errors [default: off]
    #[arg(long)]
    quiet: bool,
}

impl WorkerOptions {
    pub(crate) fn run(&self, requests: &StopRequests) -> Result<(), Failure> {
        let task = EvaluationTask::new(&self.evaluation)?;
        let evaluator = task.evaluator(&task.devices.all(), 1)?;
        let setup = WorkerSetup::new(self.evaluation.space.space(), evaluator);
        let setup = setup.describe_evaluator(task.describe_for_workers());
        let stop = requests.heed();
        if !self.quiet {
            note(format_args!(
                "worker of run {} on {}",
                self.run, task.devices
            ));
        }
        let server = self.server.server(&self.nats);
        let mut worker = NatsWorker::new(server, &self.run).stop_signal(&stop);
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
