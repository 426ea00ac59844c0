//! Trials in processes of their own.

use evonas::executor::ExecutorError;
use evonas::prelude::*;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::worker::{self, WorkerSetup};

use super::evaluation::threads_of_one_among;
use super::options::SearchOptions;
use super::task::Task;
use crate::Failure;

impl SearchOptions {
    /// If this process is a worker of a search with the same options, serves it and never returns.
    pub(super) fn serve_if_worker(&self) {
        worker::main(|number| {
            let task = Task::new(self)?;
            // The images are copied to this device alone.
            let devices = task.evaluation.devices.all();
            let device = devices[number % devices.len()].clone();
            let evaluator = task.evaluation.evaluator(
                &[device],
                true,
                threads_of_one_among(task.workers),
                self.paused().as_deref(),
            )?;
            let setup = WorkerSetup::new(self.evaluation.space.space(), evaluator);
            Ok::<_, Failure>(setup.describe_evaluator(task.evaluation.describe()))
        });
    }
}

impl Task<'_> {
    /// Workers that are copies of this process: they read the same options and the same data.
    pub(super) fn processes(
        &self,
        workers: usize,
        stop: &StopSignal,
    ) -> Result<Processes<NasnetGenotype>, ExecutorError> {
        Processes::builder(&self.options.evaluation.space.space())
            .workers(workers)
            .describe_evaluator(self.evaluation.describe())
            .stop_signal(stop)
            .build()
    }
}
