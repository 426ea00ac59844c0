//! The list of subcommands. A new one is a module, a variant and a line in [`Command::run`].

use std::any::TypeId;
use std::ffi::OsString;
use std::time::Duration;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::Failure;
use crate::aging_study::AgingStudyOptions;
use crate::bench::BenchOptions;
use crate::compare::CompareOptions;
use crate::completions::CompletionsOptions;
use crate::convert::ConvertOptions;
use crate::describe::DescribeOptions;
use crate::draw::DrawOptions;
use crate::evaluate::EvaluateOptions;
use crate::export::{ExportOptions, ImportOptions};
use crate::journal::RecordOptions;
use crate::predict::PredictOptions;
use crate::report::ReportOptions;
use crate::search::SearchOptions;
#[cfg(all(unix, feature = "nats"))]
use crate::search::WorkerOptions;
#[cfg(all(unix, feature = "nats"))]
use crate::status::StatusOptions;
use crate::stop::StopRequests;
use crate::train::TrainOptions;
use crate::whatif::WhatIfOptions;

/// Evolutionary neural architecture search for image classifiers
///
/// Results go to standard output, progress and warnings to standard error.
#[derive(Parser)]
#[command(
    name = "evonas",
    version,
    after_help = "\
Exit codes:
  0               success, or the reader of standard output has closed it
  1               a failure, which standard error explains
  2               an invalid command line
  130, 143, 129   stopped by Ctrl-C, SIGTERM or SIGHUP; what was done is kept"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the command line, the program's own name first.
    ///
    /// # Errors
    /// A request for help or the version, or why the command line is invalid.
    pub(crate) fn read<A: Into<OsString> + Clone>(
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self, clap::Error> {
        let command = with_negative_numbers(Self::command());
        let matches = command.try_get_matches_from(arguments)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut Self::command()))
    }
}

/// Lets every option that is a number, or a list of them, take what begins with a minus, such as `-inf` and `-1,5`, so
/// that the option's range refuses it, instead of it being an unknown option.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let with_values = command.mut_args(|option| {
        let takes_value = !option.is_positional() && option.get_action().takes_values();
        let number = option.get_value_parser().type_id();
        let is_number = [
            TypeId::of::<f64>(),
            TypeId::of::<usize>(),
            TypeId::of::<u64>(),
            TypeId::of::<Duration>(),
        ]
        .iter()
        .any(|of| number == *of);
        option.allow_hyphen_values(takes_value && is_number)
    });
    with_values.mut_subcommands(with_negative_numbers)
}

// The documentation of each variant's options is its help.
#[derive(Subcommand)]
pub(crate) enum Command {
    Search(Box<SearchOptions>),
    Train(Box<TrainOptions>),
    Evaluate(EvaluateOptions),
    Predict(PredictOptions),
    Describe(DescribeOptions),
    Draw(DrawOptions),
    Export(ExportOptions),
    Import(ImportOptions),
    Report(ReportOptions),
    #[command(name = "whatif")]
    WhatIf(WhatIfOptions),
    Journal(RecordOptions),
    Compare(CompareOptions),
    AgingStudy(AgingStudyOptions),
    Convert(ConvertOptions),
    Bench(BenchOptions),
    #[cfg(all(unix, feature = "nats"))]
    Worker(Box<WorkerOptions>),
    #[cfg(all(unix, feature = "nats"))]
    Status(StatusOptions),
    Completions(CompletionsOptions),
}

impl Command {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let requests = StopRequests::listen()?;
        match self {
            Self::Search(options) => options.run(&requests),
            Self::Train(options) => options.run(&requests),
            Self::Evaluate(options) => options.run(),
            Self::Predict(options) => options.run(),
            Self::Describe(options) => options.run(),
            Self::Draw(options) => options.run(),
            Self::Export(options) => options.run(),
            Self::Import(options) => options.run(),
            Self::Report(options) => options.run(&requests),
            Self::WhatIf(options) => options.run(),
            Self::Journal(options) => options.run(),
            Self::Compare(options) => options.run(),
            Self::AgingStudy(options) => options.run(),
            Self::Convert(options) => options.run(),
            Self::Bench(options) => options.run(),
            #[cfg(all(unix, feature = "nats"))]
            Self::Worker(options) => options.run(&requests),
            #[cfg(all(unix, feature = "nats"))]
            Self::Status(options) => options.run(),
            Self::Completions(options) => options.run(Cli::command()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::{ArgAction, CommandFactory as _};

    use super::{Cli, with_negative_numbers};

    #[test]
    fn the_command_line_has_no_contradiction() {
        with_negative_numbers(Cli::command()).debug_assert();
    }

    /// Every subcommand, and those of `bench` and `journal`.
    fn subcommands() -> Vec<clap::Command> {
        let mut found: Vec<_> = Cli::command().get_subcommands().cloned().collect();
        let nested = found.iter().flat_map(clap::Command::get_subcommands);
        let nested: Vec<_> = nested.cloned().collect();
        found.extend(nested);
        found
    }

    #[test]
    fn the_help_of_every_subcommand_has_two_examples() {
        for command in subcommands() {
            let help = command.clone().render_long_help().to_string();
            let examples = help
                .lines()
                .filter(|line| line.trim_start().starts_with("evonas "));
            assert!(examples.count() >= 2, "{}", command.get_name());
        }
    }

    #[test]
    fn every_option_says_what_happens_without_it() {
        let mut silent = Vec::new();
        for command in subcommands() {
            for option in command.get_arguments() {
                let help = option
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let says_default = !option.get_default_values().is_empty()
                    || help.contains("default")
                    || option
                        .get_help_heading()
                        .is_some_and(|heading| heading.contains("default"));
                let is_help_or_version = matches!(
                    option.get_action(),
                    ArgAction::Help
                        | ArgAction::HelpShort
                        | ArgAction::HelpLong
                        | ArgAction::Version
                );
                let needs_none = option.is_required_set() || is_help_or_version;
                if help.is_empty() || !(says_default || needs_none) {
                    silent.push(format!("{}: {}", command.get_name(), option.get_id()));
                }
            }
        }
        assert!(silent.is_empty(), "{silent:?}");
    }
}
