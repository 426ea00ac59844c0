//! Servers that tests start, kill and start again.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use evonas::nats::NatsServer;

use super::wait_until;

/// The variable with the servers' programs, separated by colons.
const SERVERS: &str = "EVONAS_NATS_SERVERS";

/// A server with a store of its own.
pub(super) struct TestServer {
    program: PathBuf,
    folder: tempfile::TempDir,
    host: String,
    port: u16,
    extra: String,
    child: Option<Child>,
}

/// Does something with each server that there is.
pub(super) fn each_server(test: impl Fn(&mut TestServer)) {
    for program in programs() {
        let mut server = TestServer::new(&program, "127.0.0.1", "");
        server.start();
        test(&mut server);
    }
}

/// The programs of the servers. Without one, the test is skipped, which it says even if its output is captured.
pub(super) fn programs() -> Vec<PathBuf> {
    let programs = std::env::var_os(SERVERS).unwrap_or_default();
    let programs: Vec<PathBuf> = std::env::split_paths(&programs)
        .filter(|program| !program.as_os_str().is_empty())
        .collect();
    if programs.is_empty() {
        assert!(
            std::env::var_os("EVONAS_REQUIRE_NATS").is_none(),
            "{SERVERS} must name the programs of the servers"
        );
        let _ = writeln!(std::io::stderr(), "skipped: {SERVERS} names no nats-server");
    }
    programs
}

/// A folder in memory where there is one: a server waits for the disk, which may take a minute after a large build.
fn memory_folder() -> tempfile::TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// A port that nothing else gets meanwhile: below those that the system gives to clients, and no other test's.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let begin = (std::process::id() % 100) as u16 * 100;
        let port = 20_000 + (begin + next) % 10_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl TestServer {
    /// A server that isn't started. `extra` are lines of its configuration.
    pub(super) fn new(program: &Path, host: &str, extra: &str) -> Self {
        let port = free_port();
        Self {
            program: program.to_owned(),
            folder: memory_folder(),
            host: host.to_owned(),
            port,
            extra: extra.to_owned(),
            child: None,
        }
    }

    pub(super) fn start(&mut self) {
        let configuration = self.folder.path().join("nats.conf");
        let text = format!(
            "listen: \"{}:{}\"\njetstream {{ store_dir: \"{}\" }}\n{}\n",
            self.host,
            self.port,
            self.store().display(),
            self.extra
        );
        fs::write(&configuration, text).unwrap();
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let child = Command::new(&self.program)
            .arg("-c")
            .arg(&configuration)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        self.child = Some(child);
        let address = format!("{}:{}", self.host, self.port);
        wait_until("the server listens", || {
            TcpStream::connect(&address).is_ok()
        });
        // Its streams are there a moment later.
        std::thread::sleep(Duration::from_millis(100));
    }

    /// Kills it with SIGKILL.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Deletes all that it stored; it must not be running.
    pub(super) fn delete_store(&self) {
        fs::remove_dir_all(self.store()).unwrap();
    }

    pub(super) fn address(&self) -> String {
        format!("nats://{}:{}", self.host, self.port)
    }

    pub(super) fn at(&self) -> NatsServer {
        NatsServer::new(self.address())
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            eprintln!("{}: {log}", self.program.display());
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
