//! `evonas train`: trains a cell network in full, as the paper does with the cells that a search found.

mod curves;
mod folder;
mod network_options;
mod options;
mod plan;
mod run;
mod training_options;

use evonas::network::trainable_parameters;
use evonas::report::note;

use crate::Failure;
use crate::failure::Failures;
use crate::output::print_line;
use crate::stop::StopRequests;

pub(crate) use self::options::TrainOptions;
use self::plan::TrainingPlan;
use self::run::TrainRun;

impl TrainOptions {
    pub(crate) fn run(&self, requests: &StopRequests) -> Result<(), Failure> {
        let devices = self.device.open_all()?.only_first();
        let plan = TrainingPlan::new(self)?;
        let warning = plan.warning().map(|warning| warning.to_string());
        let (run, network) = TrainRun::new(self, plan, &devices)?;
        let stop = requests.heed();
        let parameters = trainable_parameters(&network);
        let training = run.begin(network)?;
        // Only now can't the command line be refused any more.
        if let Some(warning) = warning {
            note(format_args!("warning: {warning}"));
        }
        if !self.quiet {
            if self.out.is_none() {
                note("nothing of this training will be kept: add --out DIR to keep it");
            }
            note(format_args!("{parameters} parameters, on {devices}"));
        }
        let Some(training) = run.train(training, &stop)? else {
            return Err(requests.stopped(match self.out {
                Some(_) => "stopped; --resume continues after the last whole epoch",
                None => "stopped",
            }));
        };
        let classifier = run.classifier(&training);
        let mut failures = Failures::default();
        // Before measuring, so that a failure there can't lose the weights; nor does a full disk lose the result.
        failures.add(run.keep_weights(&training, &classifier));
        let result = match run.measure(&training, &classifier) {
            Ok(result) => result,
            Err(failure) => {
                failures.add(Err(failure));
                return failures.first();
            }
        };
        failures.add(run.keep_result(&result));
        if !self.quiet {
            let accuracy = result["test_accuracy"].as_f64().unwrap_or(f64::NAN);
            let line = format!("test accuracy: {:.2} %", 100.0 * accuracy);
            failures.add(print_line(line));
            if let Some(folder) = &self.out {
                failures.add(print_line(files(folder)));
            }
        }
        if self.json {
            failures.add(print_line(&result));
        }
        failures.first()
    }
}

fn files(folder: &std::path::Path) -> String {
    format!(
        "in {}:
  weights.safetensors, weights.bpk  the trained network, for evonas evaluate and evonas predict
  epochs.csv, curves.svg            loss and accuracies of every epoch
  result.json                       this result
  checkpoint.bpk                    the training after its last epoch, for --resume",
        folder.display()
    )
}
