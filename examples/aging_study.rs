//! Aging against non-aging evolution over population and tournament sizes (figure 8 of the paper).
//! Try `--help`.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use evonas::comparison::{
    AgingGrid, Benchmark, BenchmarkName, BitsBenchmark, NasBench201Benchmark, Protocol, Setup,
};
use evonas::report::{ScatterPlot, ScatterPoint};
use evonas::tabular::Dataset;

#[derive(Parser)]
#[command(
    about = "Aging against non-aging evolution over a grid of sizes",
    version
)]
struct Options {
    /// What is searched: bits or nasbench201
    #[arg(long, default_value_t = BenchmarkName::Bits)]
    benchmark: BenchmarkName,
    /// The standard deviation of the noise on bits
    #[arg(long, default_value_t = BitsBenchmark::default().noise)]
    noise: f64,
    /// The table of nasbench201: a CSV file, plain or gzip
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// The data set of nasbench201: cifar10, cifar100 or imagenet16-120
    #[arg(long, default_value_t = Dataset::Cifar10)]
    dataset: Dataset,
    /// Population sizes
    #[arg(long, value_delimiter = ',', default_values_t = [10, 20, 50, 100])]
    populations: Vec<usize>,
    /// Tournament sizes; those up to the population size are used
    #[arg(long, value_delimiter = ',', default_values_t = [2, 3, 5, 10, 25, 50, 100])]
    samples: Vec<usize>,
    /// Runs of either algorithm at each point
    #[arg(long, value_name = "N", default_value_t = 200)]
    runs: usize,
    /// Simulated seconds of a run; on bits, trials [default: NATS-Bench's; on bits 1000]
    #[arg(long, value_name = "SECONDS")]
    budget: Option<f64>,
    /// The root seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Draw the points to this SVG file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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
        BenchmarkName::Bits => {
            let benchmark = BitsBenchmark::default().noise(options.noise);
            let title = format!("bits, noise {}", options.noise);
            study(&benchmark, &title, options)
        }
        BenchmarkName::NasBench201 => {
            let path = options
                .table
                .as_deref()
                .ok_or("nasbench201 needs its table: --table FILE")?;
            let protocol = Protocol::NatsBench;
            let benchmark = NasBench201Benchmark::read(path, protocol, options.dataset)?;
            study(&benchmark, options.dataset.name(), options)
        }
        BenchmarkName::Digits => {
            Err("a grid over digits would train for days; choose another".into())
        }
    }
}

fn study(benchmark: &impl Benchmark, title: &str, options: &Options) -> Result<(), Failure> {
    let mut setup = Setup::new(benchmark);
    setup.runs = options.runs;
    setup.seed = options.seed;
    if let Some(seconds) = options.budget {
        setup = setup.budget_seconds(seconds)?;
    }
    let grid = AgingGrid::builder(benchmark)
        .populations(&options.populations[..])
        .samples(&options.samples[..])
        .setup(setup)
        .run()?;
    if let Some(path) = &options.out {
        draw(&grid, title, path)?;
    }
    match std::io::stdout().write_all(table(&grid).as_bytes()) {
        // Whoever reads has seen enough, as `head` does.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn table(grid: &AgingGrid) -> String {
    let mut text = "    P    S     aging   non-aging         p\n".to_owned();
    for point in &grid.points {
        let _ = writeln!(
            text,
            "{:>5}{:>5}{:>10.4}{:>12.4}{:>10.1e}",
            point.population, point.sample, point.aging, point.non_aging, point.p
        );
    }
    let (ahead, points) = (grid.aging_ahead(), grid.points.len());
    let _ = writeln!(text, "aging is ahead at {ahead} of {points} points");
    text
}

/// One kind of points for each population size.
fn draw(grid: &AgingGrid, title: &str, path: &Path) -> Result<(), Failure> {
    let plot = ScatterPlot::new()
        .title(format!("{title}: aging against non-aging"))
        .x_label("non-aging evolution, mean test")
        .y_label("aging evolution, mean test")
        .diagonal();
    let plot = grid
        .points
        .chunk_by(|left, right| left.population == right.population)
        .fold(plot, |plot, points| {
            let point = |point: &evonas::comparison::GridPoint| {
                ScatterPoint::new(point.non_aging, point.aging)
            };
            let name = format!("P = {}", points[0].population);
            plot.series(name, points.iter().map(point))
        });
    Ok(plot.draw(path)?)
}
