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
use crate::output::print_line;
use crate::stop;

pub(crate) use self::options::TrainOptions;
use self::plan::TrainingPlan;
use self::run::TrainRun;

impl TrainOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let devices = self.device.open_all()?.only_first();
        let plan = TrainingPlan::new(self)?;
        let warning = plan.warning().map(|warning| warning.to_string());
        let (run, network) = TrainRun::new(self, plan, &devices)?;
        let stop = stop::StopRequests::listen()?.signal();
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
            return Err(match self.out {
                Some(_) => "stopped; --resume continues after the last whole epoch".into(),
                None => "stopped".into(),
            });
        };
        let classifier = run.classifier(&training);
        // Before measuring, so that a failure there can't lose the weights; nor does a full disk lose the result.
        let kept = run.keep_weights(&training, &classifier);
        let result = run.measure(&training, &classifier)?;
        if !self.quiet {
            let accuracy = result["test_accuracy"].as_f64().unwrap_or(f64::NAN);
            print_line(format!("test accuracy: {:.2} %", 100.0 * accuracy))?;
            if let Some(folder) = &self.out {
                print_line(files(folder))?;
            }
        }
        if self.json {
            print_line(&result)?;
        }
        kept?;
        run.keep_result(&result)
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
