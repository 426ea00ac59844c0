//! What the workers of the tests do.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::process::{self, Command};
use std::thread;
use std::time::Duration;

use evonas::prelude::*;
use evonas::worker::{self, WorkerSetup};
use serde_json::json;

use super::{Bits, space};

/// How an evaluation of [`at_random`] ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Returns,
    Fails,
    Panics,
    Aborts,
    Segfaults,
    Hangs,
    Allocates,
    Exits,
}

/// The fate of a trial depends on its seed alone, so that the test knows it.
pub(super) fn fate(seed: u64) -> Fate {
    match stream(seed, 0).random_range(0..100) {
        0..55 => Fate::Returns,
        55..63 => Fate::Fails,
        63..71 => Fate::Panics,
        71..78 => Fate::Aborts,
        78..84 => Fate::Segfaults,
        84..88 => Fate::Hangs,
        88..94 => Fate::Allocates,
        _ => Fate::Exits,
    }
}

/// Serves an evaluator by name; never returns.
pub(super) fn serve(name: &str) {
    match name {
        "at_random" => serve_evaluator(at_random),
        "hanging" => serve_evaluator(|_: &Bits, _: &Context<'_>| -> _ { hang() }),
        "judged" => serve_evaluator(judged),
        "number" => serve_evaluator(|_: &Bits, context: &Context<'_>| {
            let gpu: f64 = std::env::var("CUDA_VISIBLE_DEVICES")
                .unwrap()
                .parse()
                .unwrap();
            Ok(Evaluation::new(gpu).with_metric("number", context.worker() as f64))
        }),
        "process" => serve_evaluator(|_: &Bits, _: &Context<'_>| {
            Ok(Evaluation::new(0.0).with_metric("process", f64::from(process::id())))
        }),
        "broken_device" => {
            serve_evaluator(|_: &Bits, context: &Context<'_>| match context.worker() {
                1 => Err(EvaluationError::DeviceLost("GPU 1 fell off the bus".into())),
                _ => {
                    thread::sleep(Duration::from_millis(10));
                    Ok(Evaluation::new(0.0))
                }
            })
        }
        "patient" => serve_evaluator(|_: &Bits, context: &Context<'_>| {
            loop {
                context.check_stop()?;
                thread::sleep(Duration::from_millis(1));
            }
        }),
        "trivial" => serve_evaluator(trivial),
        "failing_start" => worker::main(
            |number| -> Result<WorkerSetup<BitsSpace, Nothing>, String> {
                Err(format!("GPU {number} is busy"))
            },
        ),
        "hanging_start" => {
            worker::main(|_| -> Result<WorkerSetup<BitsSpace, Nothing>, String> { hang() })
        }
        "nested" => worker::main(|_| -> Result<WorkerSetup<BitsSpace, Nothing>, _> {
            Err(Processes::builder(&space()).build().unwrap_err())
        }),
        "without_main" => {}
        "garbage" => rogue(&["{\"hello\":7}"]),
        "other_trial" => rogue(&[
            &hello(),
            "{\"ended\":{\"trial\":99,\"attempt\":1,\"outcome\":null}}",
        ]),
        "uncalled_for" => rogue(&[
            &hello(),
            "{\"started\":{\"trial\":0,\"attempt\":1}}",
            "{\"ended\":{\"trial\":0,\"attempt\":1,\"outcome\":null}}",
        ]),
        other => panic!("no evaluator {other}"),
    }
}

/// The type of an evaluator that is never made.
type Nothing = fn(&Bits, &Context<'_>) -> Result<Evaluation, EvaluationError>;

fn serve_evaluator<E: Evaluator<Bits>>(evaluator: E) {
    worker::main(|_| {
        let setup = WorkerSetup::new(space(), evaluator);
        Ok::<_, String>(setup.describe_evaluator(json!({"epochs": 3})))
    });
}

/// Counts ones.
pub(super) fn trivial(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    Ok(Evaluation::new(
        bits.iter().filter(|&&bit| bit).count() as f64
    ))
}

fn at_random(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    println!("{{\"ended\":\"what an evaluator prints is no message\"}}");
    match fate(context.seed()) {
        Fate::Returns => trivial(bits, context),
        Fate::Fails => Err(EvaluationError::failed("no luck")),
        Fate::Panics => panic!("bad luck"),
        Fate::Aborts => process::abort(),
        Fate::Segfaults => {
            // The runtime of Rust survives the first, to look whether the stack has overflowed.
            let twice = "while kill -SEGV $PPID 2> /dev/null; do sleep 0.01; done";
            let _ = Command::new("sh").args(["-c", twice]).status();
            hang()
        }
        Fate::Hangs => hang(),
        Fate::Allocates => {
            let mut memory = Vec::new();
            loop {
                memory.push(vec![0_u8; 64 << 20]);
                std::hint::black_box(&memory);
            }
        }
        Fate::Exits => process::exit(0),
    }
}

fn hang() -> ! {
    loop {
        thread::sleep(Duration::from_secs(3600));
    }
}

/// Reports, and so may be stopped early; also fails, and is infeasible.
pub(super) fn judged(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    let mut rng = context.rng(0);
    let quality: f64 = rng.random();
    for step in 1..=4 {
        let value = match (context.trial().0, step) {
            (3, 2) => f64::NAN,
            _ => quality * step as f64,
        };
        let result = IntermediateResult::new(step, value).of(4);
        context.report_with_metrics(result.with_metric("loss", f64::INFINITY));
        context.check_stop()?;
    }
    match context.trial().0 % 10 {
        7 => Err(EvaluationError::Infeasible("seven".into())),
        8 => Err(EvaluationError::failed("eight")),
        9 => Ok(Evaluation::new(f64::NAN)),
        _ => Ok(trivial(bits, context)?.with_metric("quality", quality)),
    }
}

/// The first message of a worker that would be accepted.
fn hello() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let identity = json!({"protocol": 1, "crate": version, "space": space().describe(), "evaluator": {"epochs": 3}});
    json!({ "hello": identity }).to_string()
}

/// Sends these messages, whatever the search says.
fn rogue(messages: &[&str]) {
    let socket = std::env::var_os(worker::SOCKET).unwrap();
    let mut stream = UnixStream::connect(socket).unwrap();
    for message in messages {
        thread::sleep(Duration::from_millis(50));
        let _ = stream.write_all(format!("{message}\n").as_bytes());
    }
    hang();
}
