//! A search that has nothing to do with images: the settings of a web cache, with a made-up model
//! of how fast they are. Shows named decisions, a journal and how to resume. Try `--help`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use evonas::prelude::*;
use evonas::search::BestFile;
use evonas::spaces::choices::{Choices, Decisions};
use serde_json::json;

#[derive(Parser)]
#[command(about = "Evolve the settings of a web cache", version)]
struct Options {
    /// Trials in all, the initial population included
    #[arg(long, default_value_t = 300)]
    trials: u64,
    /// Trials at the same time
    #[arg(long, default_value_t = 1)]
    workers: usize,
    /// The root seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Record the search in this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the search in --out, up to --trials, or begin one
    #[arg(long, requires = "out")]
    resume: bool,
    /// How long an evaluation takes, as if it were real work
    #[arg(long, value_name = "N", default_value_t = 0)]
    sleep_ms: u64,
    /// Print the result as one JSON object on the last line
    #[arg(long)]
    json: bool,
}

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Twelve decisions; three of them matter only with others.
fn space() -> Result<Choices, Failure> {
    let sizes = (0..10).map(|power| (16 << power).to_string());
    Ok(Choices::builder()
        .decision("eviction", ["random", "fifo", "lru", "lfu"])
        .decision("megabytes", sizes)
        .decision("shards", ["1", "2", "4", "8", "16", "32"])
        .decision("compression", ["none", "gzip", "zstd"])
        .decision("level", ["1", "3", "5", "7", "9"])
        .only_if("compression", ["gzip", "zstd"])
        .decision("dictionary", ["no", "yes"])
        .only_if("compression", ["zstd"])
        .decision("lifetime", ["10", "60", "300", "1800", "3600"])
        .decision("revalidate", ["no", "yes"])
        .decision("prefetch", ["none", "links", "history"])
        .decision("window", ["1", "2", "4", "8", "16"])
        .only_if("prefetch", ["links", "history"])
        .decision("threads", ["1", "2", "4", "8", "16"])
        .decision("admission", ["all", "second-hit"])
        .build()?)
}

/// Requests a second, in thousands, as a made-up model has it.
fn throughput(space: &Choices, settings: &Decisions) -> f64 {
    let text = |name| space.get(settings, name).unwrap_or("none");
    let number = |name| text(name).parse::<f64>().unwrap_or(0.0);
    let eviction = match text("eviction") {
        "random" => 0.80,
        "fifo" => 0.85,
        "lru" => 0.95,
        _ => 1.0,
    };
    let compression = match text("compression") {
        "none" => 1.0,
        "gzip" => 1.4 - 0.06 * number("level"),
        _ if text("dictionary") == "yes" => 1.6 - 0.03 * (number("level") - 5.0).abs(),
        _ => 1.5 - 0.04 * (number("level") - 3.0).abs(),
    };
    let memory = number("megabytes").ln() * compression;
    let hits = eviction * (1.0 - (-memory / 4.0).exp());
    let locks = number("threads") / (1.0 + number("threads") / number("shards"));
    let prefetch = match text("prefetch") {
        "none" => 0.0,
        "links" => 0.06 - 0.01 * (number("window") - 4.0).abs(),
        _ => 0.08 - 0.01 * (number("window") - 8.0).abs(),
    };
    let stale = 0.02 * (number("lifetime") / 300.0).ln().abs();
    let flags = if text("revalidate") == "yes" {
        0.03
    } else {
        0.0
    } + if text("admission") == "all" {
        0.0
    } else {
        0.02
    };
    10.0 * hits * (1.0 + locks).ln() * (1.0 + prefetch - stale + flags)
}

fn run(options: &Options) -> Result<(), Failure> {
    let stop = StopSignal::new();
    let signal = stop.clone();
    ctrlc::set_handler(move || signal.stop())?;

    let space = space()?;
    let evolution = Evolution::builder(space.clone(), space.clone())
        .population(10)
        .sample(3)
        .seed(options.seed)
        .build()?;
    let (model, sleep) = (space.clone(), Duration::from_millis(options.sleep_ms));
    let evaluator = move |settings: &Decisions, context: &Context<'_>| {
        std::thread::sleep(sleep);
        context.check_stop()?;
        // Measurements are noisy; the noise comes from the trial's own seed.
        let noise = 0.05 * context.rng(0).random::<f64>();
        Ok(Evaluation::new(throughput(&model, settings) + noise))
    };
    let executor = Threads::with_stop_signal(evaluator, options.workers, &stop)?;
    let mut search = Search::new(evolution, executor, Budget::trials(options.trials)).observe(
        |event: &Event<'_, Decisions>| {
            if let Event::Resumed { warnings, .. } = event {
                for warning in *warnings {
                    eprintln!("warning: {warning}");
                }
            }
        },
    );
    if let Some(folder) = &options.out {
        let journal = match options.resume {
            true => Journal::open_or_create(folder)?,
            false => Journal::create(folder)?,
        };
        search = search
            .journal(journal)
            .observe(BestFile::new(folder.join("best.json")));
    }
    let result = search.run()?;

    let best = result.best();
    let settings = best.map(|best| space.to_json(&best.genotype));
    if options.json {
        println!(
            "{}",
            json!({
                "best_fitness": best.and_then(|best| best.fitness()),
                "trials": result.history.len(),
                "failed": result.history.failed(),
                "seconds": result.duration.as_secs_f64(),
                "termination": result.termination.to_string(),
                "genotype": settings,
            })
        );
        return Ok(());
    }
    println!(
        "{}: {} trials in {:.1} s",
        result.termination,
        result.history.len(),
        result.duration.as_secs_f64()
    );
    if let Some(best) = best {
        println!(
            "best: {:.3} thousand requests a second with",
            best.fitness().unwrap_or(0.0)
        );
        for (name, alternative) in space.named(&best.genotype) {
            println!("  {name}: {alternative}");
        }
    }
    Ok(())
}
