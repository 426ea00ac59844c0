//! `evonas report`: what searches did, as one HTML file.

mod continuing;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use evonas::report::{Page, PageRun, note};

use crate::Failure;
use crate::failure::with_causes;
use crate::output::print_line;
use crate::ranges::seconds;
use crate::recipe::Recipe;
use crate::stop::StopRequests;

/// The page of a search, in its folder.
pub(crate) const REPORT_FILE: &str = "report.html";

/// How often a stop is looked for while nothing is to be done.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// Show what searches did, as one HTML file
///
/// The page has the progress, the population, sizes and the Pareto front, decisions, learning curves, workers, outcomes,
/// savings, the lineage of the best, cells, trials and settings. It needs no server and no network. The folders may be
/// those of finished, running, killed or copied searches: nothing is locked, resumed or written there. Several searches
/// are compared as well.
#[derive(Args, Debug)]
#[command(after_help = "\
A journal that is damaged is shown up to the damage, and the page says so. evonas search --out DIR writes the page of
its search to DIR/report.html when it ends.

Examples:
  evonas report found --out found.html
  evonas report found --watch
  evonas report run-0 run-1 run-2 --out comparison.html")]
pub(crate) struct ReportOptions {
    /// The folders of searches (their --out)
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE", default_value = REPORT_FILE)]
    out: PathBuf,
    /// Write the page again when a search has recorded something, until Ctrl-C; a browser that shows it follows
    /// [default: off]
    #[arg(long)]
    watch: bool,
    /// With --watch, the seconds between two looks [default: 10]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "watch")]
    every: Option<Duration>,
}

impl ReportOptions {
    pub(crate) fn run(&self, requests: &StopRequests) -> Result<(), Failure> {
        let mut known = self.states();
        let every = self.every.unwrap_or(Duration::from_secs(10));
        self.write(self.watch.then_some(every))?;
        print_line(format_args!("the report is in {}", self.out.display()))?;
        if !self.watch {
            return Ok(());
        }
        let stop = requests.heed();
        let mut last = Instant::now();
        while !stop.is_set() {
            sleep(BETWEEN_LOOKS.min(every));
            if last.elapsed() < every {
                continue;
            }
            last = Instant::now();
            let now = self.states();
            if now != known {
                known = now;
                // The folder may be on a disk that is away for a moment.
                if let Err(failure) = self.write(Some(every)) {
                    note(format_args!("warning: {}", with_causes(&*failure)));
                }
            }
        }
        // The last page doesn't ask to be loaded again.
        self.write(None)?;
        Err(requests.stopped("stopped; the report shows what was recorded by now"))
    }

    fn write(&self, refresh: Option<Duration>) -> Result<(), Failure> {
        let mut page = Page::new();
        for run in &self.runs {
            page = page.run(read(run)?);
        }
        if let Some(every) = refresh {
            page = page.refresh(every);
        }
        Ok(with_time(page).write(&self.out)?)
    }

    /// The length of every journal and when it was changed: different once something was recorded.
    fn states(&self) -> Vec<Option<(u64, SystemTime)>> {
        let state = |run: &PathBuf| {
            let metadata = fs::metadata(run.join("journal.jsonl")).ok()?;
            Some((metadata.len(), metadata.modified().ok()?))
        };
        self.runs.iter().map(state).collect()
    }
}

/// Writes the page of the search in a folder there. That it can't be written is said, and is no failure of the search.
pub(crate) fn write_in(folder: &Path) {
    let written = read(folder).and_then(|run| {
        let page = with_time(Page::new().run(run));
        Ok(page.write(folder.join(REPORT_FILE))?)
    });
    if let Err(failure) = written {
        note(format_args!(
            "warning: there is no report: {}",
            with_causes(&*failure)
        ));
    }
}

fn with_time(page: Page) -> Page {
    match SystemTime::UNIX_EPOCH.elapsed() {
        Ok(now) => page.made_at(now),
        Err(_) => page,
    }
}

/// Reads the search in a folder, with what its other files add: the recipe, and the commands that continue from here.
fn read(folder: &Path) -> Result<PageRun, Failure> {
    let mut run = PageRun::read(folder)?;
    let recipe = Recipe::read(folder).ok();
    for (purpose, command) in continuing::commands(folder, &run, recipe.as_ref()) {
        run = run.command(purpose, command);
    }
    if let Some(recipe) = &recipe {
        run = run.settings("Final training", recipe);
    }
    Ok(run)
}
