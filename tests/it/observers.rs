//! Observers of a search: the file of the best trial, and `tracing`.

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
use std::sync::{Arc, Mutex};

use evonas::prelude::*;
use evonas::search::{BestFile, Retry, Traced, TrialRecord};
use evonas::spaces::bits::{BitsSpace, FlipOneBit};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};

type Bits = Vec<bool>;

fn evolution() -> Evolution<Bits> {
    Evolution::builder(BitsSpace { length: 16 }, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(1)
        .build()
        .unwrap()
}

fn ones(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    context.report(1, 0.5);
    match context.trial().0 {
        3 => Err(EvaluationError::failed("no luck")),
        _ => Ok(
            Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64)
                .with_metric("parameters", 12.0),
        ),
    }
}

#[test]
fn the_best_file_always_holds_the_best_trial() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.json");
    let search = |trials| {
        Search::new(evolution(), Serial::new(ones), Budget::trials(trials))
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .observe(BestFile::new(&path))
            .run()
            .unwrap()
    };
    let best =
        || -> TrialRecord<Bits> { serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap() };
    assert_eq!(&best_of(&search(30)), &best());
    // If it is lost, a resume writes it again, even if it finds nothing better.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(&best_of(&search(30)), &best());
    assert_eq!(&best_of(&search(200)), &best());
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(json["status"], "completed");
    assert_eq!(json["parameters"], 12);
}

fn best_of(result: &SearchResult<Bits>) -> TrialRecord<Bits> {
    result.best().unwrap().clone()
}

#[test]
fn a_best_file_that_can_t_be_written_ends_the_search_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let error = Search::new(evolution(), Serial::new(ones), Budget::trials(30))
        .observe(BestFile::new(folder.path().join("missing/best.json")))
        .run()
        .unwrap_err();
    assert!(error.to_string().contains("missing/best.json"), "{error}");
}

/// Keeps the level and the message of every event.
#[derive(Clone, Default)]
struct TracingLog(Arc<Mutex<Vec<(Level, String)>>>);

struct TracedMessage(String);

impl Visit for TracedMessage {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

impl Subscriber for TracingLog {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut message = TracedMessage(String::new());
        event.record(&mut message);
        self.0
            .lock()
            .unwrap()
            .push((*event.metadata().level(), message.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn tracing_sees_every_event() {
    let folder = tempfile::tempdir().unwrap();
    let log = TracingLog::default();
    let search = |trials| {
        Search::new(evolution(), Serial::new(ones), Budget::trials(trials))
            .retry(Retry::none().failed(1))
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .observe(Traced)
            .run()
            .unwrap()
    };
    tracing::subscriber::with_default(log.clone(), || {
        search(10);
        search(11);
    });
    let count = |level: Level, message: &str| {
        let events = log.0.lock().unwrap();
        events
            .iter()
            .filter(|(l, text)| *l == level && text == message)
            .count()
    };
    assert_eq!(count(Level::INFO, "the search begins"), 2);
    assert_eq!(count(Level::INFO, "the search resumes"), 1);
    assert_eq!(count(Level::DEBUG, "asked"), 11);
    assert_eq!(count(Level::DEBUG, "started"), 12);
    assert_eq!(count(Level::TRACE, "reported"), 12);
    assert_eq!(count(Level::WARN, "the trial runs again"), 1);
    assert_eq!(count(Level::WARN, "finished"), 1);
    assert_eq!(count(Level::INFO, "finished"), 10);
    assert_eq!(count(Level::INFO, "the search ends"), 2);
}
