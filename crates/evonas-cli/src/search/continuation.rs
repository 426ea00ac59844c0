//! How to train on what a search found: the command that repeats the final training.

use std::path::Path;

use evonas::search::TrialRecord;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::TrainingConfig;

use super::best_trial::DIVERGED_FILE;
use super::found::{EARLIER_NETWORK_FILE, Found, NETWORK_FILE};
use super::task::Task;
use crate::Failure;
use crate::output::print_line;
use crate::report::REPORT_FILE;
use crate::shell::{path_word, word};

impl Task<'_> {
    /// Prints the files of the search's folder, and the command that trains the best genotype as the final
    /// training did.
    pub(super) fn print_continuation(&self, found: &Found) -> Result<(), Failure> {
        let mut text = String::new();
        if let Some(folder) = &self.options.out {
            text += &format!("\n{}\n", files(folder));
        }
        if let Some(best) = &found.best {
            let command = match &self.options.out {
                Some(folder) => command_from(folder),
                None => self.command_with_settings(best),
            };
            text += match &found.trained {
                Some(_) => {
                    "\nto repeat the final training (scale it up with --cells, --filters, --epochs or --preset):\n  "
                }
                None => "\nto train the best genotype so far:\n  ",
            };
            text += &command;
            if found.trained.is_none() && self.options.out.is_some() {
                text += "\nto continue the search, repeat its command with --resume";
            }
        }
        match text.trim_end() {
            "" => Ok(()),
            text => print_line(text),
        }
    }

    /// The command without a search's folder: every setting as an option.
    fn command_with_settings(&self, best: &TrialRecord<NasnetGenotype>) -> String {
        let (options, location) = (self.options, &self.recipe.dataset);
        let TrainingConfig {
            epochs,
            batch_size,
            learning_rate,
            ..
        } = self.final_trainer.config();
        let mut command = format!(
            "evonas train --genotype {} --dataset {}",
            word(&best.genotype.to_string()),
            location.name
        );
        if let Some(folder) = &location.folder {
            command += &format!(" --data {}", path_word(folder));
        }
        if let Some((height, width)) = location.resize {
            command += &format!(" --resize {height}x{width}");
        }
        for limit in &location.limits {
            command += &format!(" --data-limit {limit}");
        }
        if let Some(limit) = options.evaluation.limit {
            command += &format!(" --limit {limit} --limit-seed {}", options.evaluation.seed);
        }
        command += &format!(
            " --preset short --cells {} --filters {} --epochs {epochs} --batch {batch_size} --learning-rate \
             {learning_rate:?} --seed {} --out trained",
            options.evaluation.cells, options.evaluation.filters, best.seed
        );
        command
    }
}

fn command_from(folder: &Path) -> String {
    let from = path_word(folder);
    let out = path_word(&folder.join("trained"));
    format!("evonas train --from {from} --out {out}")
}

fn files(folder: &Path) -> String {
    let mut text = format!("in {}:", folder.display());
    let files = [
        ("journal.jsonl", "every trial; --resume reads it"),
        (
            "trials.jsonl",
            "the finished trials, one JSON object a line",
        ),
        ("best.json", "the best trial, with its genotype"),
        (
            DIVERGED_FILE,
            "better genotypes, whose final trainings diverged",
        ),
        (
            "recipe.json",
            "the final training's settings, for evonas train --from",
        ),
        (REPORT_FILE, "what the search did, as a page for a browser"),
        (
            NETWORK_FILE,
            "the trained network, for evonas evaluate and evonas predict",
        ),
        (
            EARLIER_NETWORK_FILE,
            "the trained network of an earlier best genotype",
        ),
    ];
    for (name, content) in files {
        if folder.join(name).exists() {
            text += &format!("\n  {name:<19}  {content}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::command_from;

    #[test]
    fn a_folder_whose_name_begins_with_a_dash_is_no_option() {
        assert_eq!(
            command_from(Path::new("-best run")),
            "evonas train --from './-best run' --out './-best run/trained'"
        );
        assert_eq!(
            command_from(Path::new("/data/-x")),
            "evonas train --from /data/-x --out /data/-x/trained"
        );
    }
}
