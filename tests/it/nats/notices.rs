//! What a search and its workers say while something is away.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use evonas::executor::Nats;
use evonas::nats::{NatsWorker, WorkerNotice};
use evonas::prelude::*;
use evonas::worker::WorkerSetup;

use super::processes::ones;
use super::server::each_server;
use super::{Bits, description, evolution, space, wait_until};

#[test]
fn whoever_waits_says_for_what() {
    each_server(|server| {
        let (address, run) = (server.address(), "waiting".to_owned());
        let said = Arc::new(Mutex::new(Vec::new()));
        let hears = said.clone();
        let worker = NatsWorker::new(server.at(), "waiting");
        let worker = worker.watcher(move |notice| hears.lock().unwrap().push(notice.clone()));
        let served = thread::spawn(move || {
            let slow = |bits: &Bits, _: &Context<'_>| {
                thread::sleep(Duration::from_millis(20));
                Ok(Evaluation::new(ones(bits)))
            };
            let setup = WorkerSetup::new(space(), slow).describe_evaluator(description());
            worker.serve(&setup).unwrap();
        });
        let waits = WorkerNotice::WaitsForRun { run: run.clone() };
        wait_until("the worker waits", || said.lock().unwrap().contains(&waits));
        let executor = Nats::builder(&space(), server.at(), "waiting")
            .describe_evaluator(description())
            .build()
            .unwrap();
        let search = thread::spawn(move || {
            let search = Search::new(evolution(), executor, Budget::trials(100));
            search.run().unwrap()
        });
        let begins = WorkerNotice::Begins { run };
        wait_until("the worker begins", || {
            said.lock().unwrap().contains(&begins)
        });
        server.kill();
        thread::sleep(Duration::from_secs(5));
        server.start();
        let result = search.join().unwrap();
        served.join().unwrap();
        assert_eq!(result.history.len(), 100);
        let warnings: Vec<String> = result.warnings.iter().map(ToString::to_string).collect();
        let away = format!(
            "the NATS server {address} is away; the search waits for it, and its workers go on"
        );
        assert_eq!(warnings[0], away);
        assert!(
            warnings[1].starts_with(&format!("the NATS server {address} is back after ")),
            "{warnings:?}"
        );
        assert_eq!(warnings.len(), 2);
        let said = said.lock().unwrap();
        let away = WorkerNotice::ServerAway { server: address };
        let back = |notice: &WorkerNotice| matches!(notice, WorkerNotice::ServerBack { .. });
        assert!(said.contains(&away) && said.iter().any(back), "{said:?}");
    });
}

#[test]
fn a_search_without_a_worker_says_so() {
    each_server(|server| {
        let stop = StopSignal::new();
        let executor = Nats::builder(&space(), server.at(), "lonely")
            .stop_signal(&stop)
            .build()
            .unwrap();
        let warned = Arc::new(Mutex::new(Vec::new()));
        let hears = warned.clone();
        let search = Search::new(evolution(), executor, Budget::trials(20));
        let search = search.observe(move |event: &Event<'_, Bits>| {
            if let Event::Warned { warning } = event {
                hears.lock().unwrap().push(warning.to_string());
                stop.stop();
            }
        });
        search.run().unwrap();
        assert_eq!(
            *warned.lock().unwrap(),
            ["no worker has begun a trial of run lonely yet; the search waits for workers"]
        );
    });
}
