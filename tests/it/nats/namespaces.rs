//! Workers on machines of their own, one of which is cut off for a while. Network namespaces stand in for machines,
//! which takes root.

use std::env;
use std::process::Command;
use std::thread;
use std::time::Duration;

use evonas::executor::Nats;
use evonas::prelude::*;

use super::processes::{LEASE, SILENCE, command, marks};
use super::server::{TestServer, programs};
use super::{Bits, description, evolution, space, wait_until};

/// Two machines behind a bridge; they are gone when it is dropped.
struct TwoMachines;

const BRIDGE: &str = "evonas-br";
const HOST: &str = "10.231.77.1";

fn ip(arguments: &str) -> bool {
    let done = Command::new("ip").args(arguments.split(' ')).output();
    done.is_ok_and(|done| done.status.success())
}

fn name(machine: u8) -> String {
    format!("evonas-{machine}")
}

impl TwoMachines {
    /// `None` where that isn't allowed.
    fn new() -> Option<Self> {
        let machines = Self;
        machines.remove();
        let made = ip(&format!("link add {BRIDGE} type bridge"))
            && ip(&format!("addr add {HOST}/24 dev {BRIDGE}"))
            && ip(&format!("link set {BRIDGE} up"))
            && (1..=2).all(|machine| {
                let (space, here, there) = (
                    name(machine),
                    format!("evonas-h{machine}"),
                    format!("evonas-g{machine}"),
                );
                ip(&format!("netns add {space}"))
                    && ip(&format!("link add {here} type veth peer name {there}"))
                    && ip(&format!("link set {there} netns {space}"))
                    && ip(&format!("link set {here} master {BRIDGE} up"))
                    && ip(&format!(
                        "-n {space} addr add 10.231.77.{}/24 dev {there}",
                        10 + machine
                    ))
                    && ip(&format!("-n {space} link set {there} up"))
            });
        made.then_some(machines)
    }

    fn connect(&self, machine: u8, connected: bool) {
        let state = if connected { "up" } else { "down" };
        assert!(ip(&format!("link set evonas-h{machine} {state}")));
    }

    fn remove(&self) {
        for machine in 1..=2 {
            ip(&format!("link delete evonas-h{machine}"));
            ip(&format!("netns delete {}", name(machine)));
        }
        ip(&format!("link delete {BRIDGE}"));
    }
}

impl Drop for TwoMachines {
    fn drop(&mut self) {
        self.remove();
    }
}

#[test]
fn a_machine_that_is_cut_off_and_joined_again_costs_no_trial() {
    let programs = programs();
    if programs.is_empty() {
        eprintln!("SKIPPED: no nats-server");
        return;
    }
    let Some(machines) = TwoMachines::new() else {
        eprintln!("SKIPPED: network namespaces take root and the program ip");
        return;
    };
    for program in programs {
        let mut server = TestServer::new(&program, HOST, "");
        server.start();
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let this = env::current_exe().unwrap();
        let workers: Vec<_> = (1..=2)
            .map(|machine| {
                let space = name(machine);
                let before = ["ip", "netns", "exec", &space];
                let evaluator = ("EVONAS_NATS_TEST_EVALUATOR", "marked");
                command(
                    &this,
                    &before,
                    "worker",
                    &server.address(),
                    "cut",
                    folder,
                    evaluator,
                )
            })
            .collect();
        let executor: Nats<Bits> = Nats::builder(&space(), server.at(), "cut")
            .describe_evaluator(description())
            .in_flight(3)
            .silence(SILENCE)
            .lease(LEASE)
            .build()
            .unwrap();
        let result = thread::scope(|scope| {
            scope.spawn(|| {
                wait_until("it runs", || marks(folder, "began") > 6);
                machines.connect(1, false);
                let before = marks(folder, "began");
                // The other one goes on, and gets the trial of the one that is cut off.
                wait_until("it goes on", || marks(folder, "began") > before + 12);
                thread::sleep(2 * SILENCE);
                machines.connect(1, true);
            });
            Search::new(evolution(), executor, Budget::trials(60))
                .run()
                .unwrap()
        });
        assert_eq!(result.history.len(), 60);
        for record in result.history.records() {
            assert!(record.fitness().is_some(), "{record:?}");
        }
        // Both worked; how much the first one did after it was joined again depends on timing.
        let mut numbers: Vec<usize> = result.history.records().iter().map(|r| r.worker).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert!(numbers.len() >= 2, "{numbers:?}");
        drop(workers);
        machines.connect(1, true);
        thread::sleep(Duration::from_millis(100));
    }
}
