//! `evonas aging-study`: aging against non-aging evolution over population and tournament sizes (figure 8 of
//! Real et al. 2018).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use evonas::comparison::{AgingGrid, Benchmark, BitsBenchmark, GridPoint, Protocol, Setup};
use evonas::report::{ScatterPlot, ScatterPoint};

use crate::Failure;
use crate::failure::Failures;
use crate::ignored::refuse_ignored;
use crate::naming::{BenchmarkName, TableOptions, dataset_title};
use crate::output::print;
use crate::progress_lines::ProgressLines;
use crate::ranges::{count, not_negative, positive, seed};

/// Compare aging with non-aging evolution over a grid of population and tournament sizes
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas aging-study --noise 0.1 --populations 20,50 --samples 5,10
  evonas aging-study --benchmark nasbench201 --table nasbench201.csv.gz --out study.svg")]
pub(crate) struct AgingStudyOptions {
    /// What is searched: bits or nasbench201; a grid over digits would train for days
    #[arg(long, value_enum, default_value_t = BenchmarkName::Bits)]
    benchmark: BenchmarkName,
    /// The standard deviation of the noise on bits, at least 0 [default: 0.05]
    #[arg(long, value_parser = not_negative)]
    noise: Option<f64>,
    #[command(flatten)]
    table: TableOptions,
    /// Population sizes, separated by commas
    #[arg(
        long,
        value_name = "SIZES",
        value_delimiter = ',',
        value_parser = count,
        default_values_t = [10, 20, 50, 100]
    )]
    populations: Vec<usize>,
    /// Tournament sizes, separated by commas; those above the population size are left out
    #[arg(
        long,
        value_name = "SIZES",
        value_delimiter = ',',
        value_parser = count,
        default_values_t = [2, 3, 5, 10, 25, 50, 100]
    )]
    samples: Vec<usize>,
    /// Runs of either algorithm at each point
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 200)]
    runs: usize,
    /// Simulated seconds of a run; on bits its trials [default: NATS-Bench's; on bits 1000]
    #[arg(long, value_name = "SECONDS", value_parser = positive)]
    budget: Option<f64>,
    /// The root seed
    #[arg(long, value_parser = seed, default_value_t = 0)]
    seed: u64,
    /// Draw the points to this SVG file [default: no drawing]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl AgingStudyOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match self.benchmark {
            BenchmarkName::Bits => {
                refuse_ignored("with --benchmark bits", &self.table.given())?;
                let bits = BitsBenchmark::default();
                let noise = self.noise.unwrap_or(bits.noise);
                self.study(&bits.noise(noise), &format!("Bits, noise {noise}"))
            }
            BenchmarkName::NasBench201 => {
                refuse_ignored(
                    "with --benchmark nasbench201",
                    &[("--noise", self.noise.is_some())],
                )?;
                let benchmark = self.table.benchmark(Protocol::NatsBench)?;
                self.study(&benchmark, dataset_title(self.table.dataset().name()))
            }
            BenchmarkName::Digits
            | BenchmarkName::DigitsByCompute
            | BenchmarkName::IdxByCompute => {
                let name = self.benchmark.as_str();
                Err(
                    format!("a grid over {name} would train for days; choose another benchmark")
                        .into(),
                )
            }
        }
    }

    fn study(&self, benchmark: &impl Benchmark, title: &str) -> Result<(), Failure> {
        let mut setup = Setup::new(benchmark).runs(self.runs).seed(self.seed);
        if let Some(seconds) = self.budget {
            setup = setup.budget_seconds(seconds)?;
        }
        let (mut done, mut progress) = (0, ProgressLines::new());
        let grid = AgingGrid::builder(benchmark)
            .populations(self.populations.as_slice())
            .samples(self.samples.as_slice())
            .setup(setup)
            .run_watched(|point| {
                done += 1;
                let (population, sample) = (point.population, point.sample);
                progress.show(|| {
                    format!(
                        "{done} points compared, the last one at P = {population}, S = {sample}"
                    )
                });
            })?;
        // A drawing that can't be written costs no result.
        let mut failures = Failures::default();
        if let Some(path) = &self.out {
            failures.add(draw(&grid, title, path));
        }
        failures.add(print(table(&grid)));
        failures.first()
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

/// One series of points for each population size.
fn draw(grid: &AgingGrid, title: &str, path: &Path) -> Result<(), Failure> {
    let mut plot = ScatterPlot::new()
        .title(format!("{title}: aging against non-aging"))
        .x_label("non-aging evolution: mean test result (higher is better)")
        .y_label("aging evolution: mean test result (higher is better)")
        .diagonal();
    let same_population = |left: &GridPoint, right: &GridPoint| left.population == right.population;
    for points in grid.points.chunk_by(same_population) {
        let place = |point: &GridPoint| ScatterPoint::new(point.non_aging, point.aging);
        let name = format!("P = {}", points[0].population);
        plot = plot.series(name, points.iter().map(place).collect::<Vec<_>>());
    }
    Ok(plot.draw(path)?)
}
