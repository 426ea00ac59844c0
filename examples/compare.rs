//! Aging evolution against its rivals: many runs of each on one benchmark. Try `--help`.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use evonas::comparison::statistics::{confidence, mean};
use evonas::comparison::{
    Axis, Benchmark, BenchmarkName, BitsBenchmark, Comparison, Contender, ContenderRuns,
    NasBench201Benchmark, Protocol, RunRecord, Setup,
};
use evonas::report::{ComparisonProgress, CurvePlot, ScatterPlot, ScatterPoint};
use evonas::tabular::Dataset;

#[derive(Parser)]
#[command(about = "Compare search algorithms on a benchmark", version)]
struct Options {
    /// What is searched: bits, nasbench201 or digits (real training; needs the feature burn)
    #[arg(long, default_value_t = BenchmarkName::NasBench201)]
    benchmark: BenchmarkName,
    /// Which algorithms, separated by commas: aging, non-aging, random, reinforce, ppo (an LSTM
    /// controller; needs the feature burn)
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_values_t = Contender::QUICK
    )]
    algorithms: Vec<Contender>,
    /// Independent runs of each algorithm [default: 500; on digits 3]
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// Evolution's population [default: 10 on nasbench201, 100 on bits, 20 on digits]
    #[arg(long, value_name = "P")]
    population: Option<usize>,
    /// Evolution's tournament size [default: 3 on nasbench201, 10 on bits, 5 on digits]
    #[arg(long, value_name = "S")]
    sample: Option<usize>,
    /// Simulated seconds of a run; on bits and digits, trials [default: the protocol's; on bits 1000,
    /// on digits 100]
    #[arg(long, value_name = "SECONDS")]
    budget: Option<f64>,
    /// The data set of nasbench201: cifar10, cifar100 or imagenet16-120
    #[arg(long, default_value_t = Dataset::Cifar10)]
    dataset: Dataset,
    /// The table of nasbench201: a CSV file, plain or gzip
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// The rules on nasbench201: nats-bench or nas-bench-201
    #[arg(long, default_value_t = Protocol::NatsBench)]
    protocol: Protocol,
    /// Train and validate on so many of the images of digits [default: all 1438]
    #[arg(long, value_name = "N")]
    images: Option<usize>,
    /// Threads that share the runs; the results don't depend on it [default: all cores]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// The root seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write CSV files and drawings to this folder, and every run to its runs.jsonl as it ends. A folder
    /// that holds a comparison is refused
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Go on with the comparison in the folder, if there is one: runs that have ended are taken from there.
    /// --runs and --algorithms may differ, other settings must be the same
    #[arg(long, requires = "out")]
    resume: bool,
    /// Show no progress on standard error
    #[arg(long)]
    quiet: bool,
    /// Print one JSON object a line for each algorithm, and nothing else
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

fn run(options: &Options) -> Result<(), Failure> {
    match options.benchmark {
        BenchmarkName::Bits => compare(&BitsBenchmark::default(), options),
        BenchmarkName::NasBench201 => {
            let path = options
                .table
                .as_deref()
                .ok_or("nasbench201 needs its table: --table FILE")?;
            let benchmark = NasBench201Benchmark::read(path, options.protocol, options.dataset)?;
            compare(&benchmark, options)
        }
        BenchmarkName::Digits => compare_digits(options),
    }
}

#[cfg(feature = "burn")]
fn compare_digits(options: &Options) -> Result<(), Failure> {
    let mut builder = evonas::comparison::DigitsBenchmark::builder();
    if let Some(images) = options.images {
        builder = builder.images(images);
    }
    compare(&builder.build()?, options)
}

#[cfg(not(feature = "burn"))]
fn compare_digits(_: &Options) -> Result<(), Failure> {
    let (what, feature) = ("the benchmark digits", "burn");
    Err(evonas::comparison::ComparisonError::NotBuilt { what, feature }.into())
}

fn compare(benchmark: &impl Benchmark, options: &Options) -> Result<(), Failure> {
    let mut setup = Setup::new(benchmark);
    setup.runs = options.runs.unwrap_or(setup.runs);
    setup.seed = options.seed;
    setup.population = options.population.unwrap_or(setup.population);
    setup.sample = options.sample.unwrap_or(setup.sample);
    setup.workers = options.workers.unwrap_or(setup.workers);
    if let Some(seconds) = options.budget {
        setup = setup.budget_seconds(seconds)?;
    }
    let start = Instant::now();
    let mut builder = Comparison::builder(benchmark)
        .contenders(&options.algorithms[..])
        .setup(setup.clone());
    if let Some(folder) = &options.out {
        builder = builder.record(match options.resume {
            true => RunRecord::open_or_create(folder)?,
            false => RunRecord::create(folder)?,
        });
    }
    if !options.quiet {
        builder = builder.observe(ComparisonProgress::new());
    }
    let comparison = builder.run()?;
    let took = start.elapsed();
    if let Some(folder) = &options.out {
        comparison.write_csv(folder)?;
        draw(&comparison, benchmark.test_name(), folder)?;
    }
    let text = if options.json {
        as_json(&comparison)?
    } else {
        as_text(&comparison, &setup, took)
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn as_json(comparison: &Comparison) -> Result<String, Failure> {
    let mut text = String::new();
    for summary in comparison.summaries() {
        writeln!(text, "{}", serde_json::to_string(&summary)?)?;
    }
    Ok(text)
}

fn as_text(comparison: &Comparison, setup: &Setup, took: Duration) -> String {
    let mut text = format!(
        "{}: {} runs of each algorithm, {} simulated seconds each, in {:.2} s\n",
        comparison.dataset(),
        setup.runs,
        setup.budget.as_secs_f64(),
        took.as_secs_f64()
    );
    text.push_str("\nalgorithm      test ± deviation      reward   evaluations\n");
    for summary in comparison.summaries() {
        let _ = writeln!(
            text,
            "{:<12} {:>8.3} ± {:<8.3} {:>10.3} {:>13.1}",
            summary.algorithm,
            summary.test_mean,
            summary.test_std,
            summary.valid_mean,
            summary.evaluations_mean
        );
    }
    let pairs = comparison.pairs();
    if !pairs.is_empty() {
        let header = "\npair                     difference   wins      p (Mann-Whitney U)\n";
        text.push_str(header);
    }
    for pair in pairs {
        let _ = writeln!(
            text,
            "{:<24} {:>10.3} {:>6.1} % {:>12.2e}",
            format!("{} - {}", pair.first, pair.second),
            pair.difference,
            100.0 * pair.test.superiority,
            pair.test.p
        );
    }
    text
}

fn draw(comparison: &Comparison, test: &str, folder: &Path) -> Result<(), Failure> {
    let title = format!(
        "{}: mean of the runs, 95 % confidence",
        comparison.dataset()
    );
    let best = format!("{test} of the best so far");
    for axis in Axis::ALL {
        let path = folder.join(format!("best-by-{}.svg", axis.name()));
        CurvePlot::new(axis, &comparison.curves(axis))
            .title(&title)
            .y_label(&best)
            .draw(path)?;
    }
    let points: Vec<_> = comparison
        .entries()
        .iter()
        .filter_map(|entry| Some((entry.contender.name(), found(entry)?)))
        .collect();
    if points.is_empty() {
        return Ok(());
    }
    let plot = ScatterPlot::new()
        .title(format!(
            "{}: what was found, mean of the runs",
            comparison.dataset()
        ))
        .x_label("multiply-adds (millions)")
        .y_label(test);
    let plot = points
        .into_iter()
        .fold(plot, |plot, (name, point)| plot.series(name, [point]));
    Ok(plot.draw(folder.join("found-by-multiply-adds.svg"))?)
}

/// The mean accuracy and size of what the runs found; none if they found no networks.
fn found(entry: &ContenderRuns) -> Option<ScatterPoint> {
    let sizes: Option<Vec<f64>> = entry.runs.iter().map(|run| run.multiply_adds).collect();
    let (sizes, tests) = (sizes?, entry.tests());
    Some(ScatterPoint {
        x: mean(&sizes) / 1e6,
        y: mean(&tests),
        x_confidence: confidence(&sizes) / 1e6,
        y_confidence: confidence(&tests),
    })
}
