//! The list of subcommands. A new one is a module, a variant and a line in [`Command::run`].

use clap::{Parser, Subcommand};

use crate::Failure;
use crate::completions::CompletionsOptions;

/// Evolutionary neural architecture search for image classifiers
///
/// Results go to standard output, progress and warnings to standard error.
#[derive(Parser)]
#[command(name = "evonas", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

// The documentation of each variant's options is its help.
#[derive(Subcommand)]
pub(crate) enum Command {
    Completions(CompletionsOptions),
}

impl Command {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match self {
            Self::Completions(options) => options.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_command_line_has_no_contradiction() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_every_subcommand_has_two_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.clone().render_long_help().to_string();
            let examples = help
                .lines()
                .filter(|line| line.trim_start().starts_with("evonas "));
            assert!(examples.count() >= 2, "{}", command.get_name());
        }
    }

    #[test]
    fn every_option_says_its_default_or_what_happens_without_it() {
        // To be extended by each subcommand's own tests; an option without a text helps nobody.
        for command in Cli::command().get_subcommands() {
            for option in command.get_arguments() {
                assert!(
                    option.get_help().is_some(),
                    "{}: {}",
                    command.get_name(),
                    option.get_id()
                );
            }
        }
    }
}
