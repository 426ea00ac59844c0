//! Shell completions.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::Failure;
use crate::output::print;

/// Print a script that completes evonas's commands and options in your shell
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas completions bash > ~/.local/share/bash-completion/completions/evonas
  evonas completions fish > ~/.config/fish/completions/evonas.fish")]
pub(crate) struct CompletionsOptions {
    /// The shell
    shell: Shell,
}

impl CompletionsOptions {
    /// - `program`: the whole command line, which the script completes.
    pub(crate) fn run(&self, mut program: Command) -> Result<(), Failure> {
        let mut script = Vec::new();
        generate(self.shell, &mut program, "evonas", &mut script);
        print(String::from_utf8(script)?)
    }
}
