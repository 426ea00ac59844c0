//! A scratch folder, and the program in it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A scratch folder that the program is started in, so that its options name files briefly.
pub(crate) struct Dir(TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The program with these arguments, to be run to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(program());
        command.current_dir(self.0.path()).args(arguments);
        command
    }

    /// The program with the arguments of a command line, which are separated by spaces.
    pub(crate) fn line(&self, line: &str) -> Command {
        self.run(line.split_whitespace())
    }

    /// Starts the program; whoever holds the child ends it.
    pub(crate) fn start<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Child {
        with_default_signals(program())
            .current_dir(self.0.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        let path = self.path(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }
}

/// A program that hears signals even if these tests run where some are ignored, as SIGINT in a script's background job
/// and SIGHUP under `nohup`: what is ignored is inherited, and evonas respects it.
pub(crate) fn with_default_signals(program: impl AsRef<OsStr>) -> std::process::Command {
    if cfg!(not(target_os = "linux")) {
        return std::process::Command::new(program);
    }
    let mut command = std::process::Command::new("env");
    command.arg("--default-signal=HUP,INT,TERM").arg(program);
    command
}

pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_evonas"))
}

/// The JSON object on the last line that a program printed.
pub(crate) fn last_json(printed: &[u8]) -> Value {
    let text = std::str::from_utf8(printed).unwrap();
    let line = text.lines().next_back().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Every line as a JSON object.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(parse).collect()
}

/// Sends a signal, named as `kill` has it (`-TERM`), to a process that the test started.
#[cfg(unix)]
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}
