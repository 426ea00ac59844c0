//! `evonas status`: what a run on a NATS server is doing.

use clap::Args;
use evonas::nats::RunStatus;
use serde_json::json;

use crate::Failure;
use crate::naming::RunOptions;
use crate::output::print_line;

/// Show what a run on a NATS server is doing
///
/// Trials that are queued, running (by worker), done, failed and lost, the best fitness, and trials a minute.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  evonas status --nats nats://host:4222 --run digits
  evonas status --nats nats://host:4222 --run digits --delete")]
pub(crate) struct StatusOptions {
    #[command(flatten)]
    at: RunOptions,
    /// Delete what the run has on the server instead. Its journal is elsewhere, so that nothing recorded is lost
    /// [default: off]
    #[arg(long, conflicts_with = "json")]
    delete: bool,
    /// Print the status as one JSON object [default: off]
    #[arg(long)]
    json: bool,
}

impl StatusOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let run = self.at.open()?;
        if self.delete {
            return Ok(run.delete()?);
        }
        let status = run.status()?;
        match self.json {
            true => print_line(json!(status)),
            false => print_line(text(&self.at.run, &status)),
        }
    }
}

fn text(run: &str, status: &RunStatus) -> String {
    let state = match (status.ended, status.has_coordinator) {
        (true, _) => "ended",
        (false, true) => "running",
        (false, false) => "without a coordinator",
    };
    let best = status
        .best
        .map_or("none".to_owned(), |best| format!("{best:.4}"));
    let mut text = format!(
        "run {run}: {state}\n{} queued, {} running, {} done, {} failed, {} lost\nbest fitness {best}, {:.1} trials a \
         minute",
        status.queued,
        status.with_workers,
        status.done,
        status.failed,
        status.lost,
        status.trials_per_minute,
    );
    for running in &status.running {
        text += &format!(
            "\n  trial {:>6}  {:>8.0} s  {}",
            running.trial,
            running.seconds,
            running.worker.escape_debug()
        );
    }
    let more = status
        .with_workers
        .saturating_sub(status.running.len() as u64);
    if more > 0 {
        text += &format!("\n  and {more} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_running_trial_has_a_line() {
        let status: RunStatus = serde_json::from_value(json!({
            "queued": 3, "done": 7, "failed": 1, "lost": 0, "best": 0.91234, "trials_per_minute": 2.5,
            "has_coordinator": true, "with_workers": 2,
            "running": [{"trial": 9, "attempt": 1, "worker": "a\u{1b}[1mb", "seconds": 61.2}],
        }))
        .unwrap();
        let expected = "run digits: running\n3 queued, 2 running, 7 done, 1 failed, 0 lost\nbest fitness 0.9123, 2.5 \
                        trials a minute\n  trial      9        61 s  a\\u{1b}[1mb\n  and 1 more";
        assert_eq!(text("digits", &status), expected);
    }
}
