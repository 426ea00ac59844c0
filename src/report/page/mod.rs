//! One HTML file that shows what searches did.
//!
//! The file needs nothing else: no server, no network, no script or font from elsewhere, and what it shows is complete
//! without its own script, which only sorts, filters and saves the table of trials. Plots are SVG in the colors of the
//! reader's scheme, and each has its numbers in words below it. However many trials there are, the file stays below
//! 1 MiB: plots merge dots that would cover each other, and tables list the best and the latest.

mod comparison;
mod digest;
mod error;
mod genotypes;
mod html;
mod panels;
mod run;

pub use error::PageError;
pub use run::PageRun;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::replace_file;
use crate::report::cells::STYLE as CELL_STYLE;
use crate::report::chart::{date, grouped, style};
use crate::report::markup::escape;
use digest::RunDigest;
use html::{Panel, counted, paragraph};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The most runs that have panels of their own; others are only compared.
const MOST_WITH_PANELS: usize = 8;

/// A page about one or several recorded searches, as one HTML file.
///
/// ```
/// use evonas::prelude::*;
/// use evonas::report::{Page, PageRun};
///
/// let ones = |bits: &Vec<bool>, _: &Context<'_>| {
///     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
/// };
/// # let scratch = tempfile::tempdir()?;
/// # let folder = scratch.path().join("bits");
/// let evolution = Evolution::builder(BitsSpace { length: 16 }, FlipOneBit)
///     .population(20)
///     .sample(5)
///     .build()?;
/// Search::new(evolution, Serial::new(ones), Budget::trials(200))
///     .journal(Journal::create(&folder)?)
///     .run()?;
///
/// let page = Page::new().title("Ones").run(PageRun::read(&folder)?);
/// # let file = scratch.path().join("report.html");
/// page.write(&file)?;
/// # assert!(page.html()?.contains("200 trials"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
#[must_use]
pub struct Page {
    title: Option<String>,
    runs: Vec<PageRun>,
    refresh: Option<Duration>,
    made: Option<Duration>,
}

impl Page {
    /// A page without a run.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the title. By default, it has the names of the runs.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Adds a run. Several are compared as well, by the statistics of
    /// [`comparison`](crate::comparison::statistics): runs that differ in nothing but their seed are a group.
    pub fn run(mut self, run: PageRun) -> Self {
        self.runs.push(run);
        self
    }

    /// Has a browser that shows the page load it again after this time, rounded up to whole seconds: for a page that is
    /// written again and again while its search runs.
    pub const fn refresh(mut self, every: Duration) -> Self {
        self.refresh = Some(every);
        self
    }

    /// Says when the page was made, as the time since 1970 in UTC. Without it, a page of the same runs is always the
    /// same.
    pub const fn made_at(mut self, since_1970: Duration) -> Self {
        self.made = Some(since_1970);
        self
    }

    /// The whole file.
    ///
    /// # Errors
    /// [`PageError::NoRuns`] if the page has no run.
    pub fn html(&self) -> Result<String, PageError> {
        if self.runs.is_empty() {
            return Err(PageError::NoRuns);
        }
        let share = 1.0 / self.runs.len().min(MOST_WITH_PANELS) as f64;
        let digests: Vec<RunDigest<'_>> = self
            .runs
            .iter()
            .map(|run| RunDigest::new(run, share))
            .collect();
        let mut html = self.head();
        if digests.len() > 1 {
            let panel = comparison::panel(&digests);
            let _ = write!(
                html,
                "<section id=\"{}\"><h2>{}</h2>{}</section>",
                panel.id, panel.title, panel.body
            );
        }
        for (number, run) in digests.iter().enumerate().take(MOST_WITH_PANELS) {
            write_run(run, number + 1, &mut html);
        }
        if digests.len() > MOST_WITH_PANELS {
            html += &paragraph(format_args!(
                "Only the first {MOST_WITH_PANELS} runs have panels of their own; the comparison has all {}.",
                grouped(digests.len() as u64)
            ));
        }
        let _ = writeln!(html, "</main><script>{SCRIPT}</script></body></html>");
        Ok(html)
    }

    /// Writes the file; an older one is replaced as a whole.
    ///
    /// # Errors
    /// [`PageError`] if the page has no run, or the file can't be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), PageError> {
        let path = path.as_ref();
        replace_file::write(path, self.html()?).map_err(|source| PageError::Write {
            path: path.to_owned(),
            source,
        })
    }

    /// From the beginning of the file to the first section.
    fn head(&self) -> String {
        let names: Vec<&str> = self
            .runs
            .iter()
            .map(|run| run.name.as_str())
            .take(4)
            .collect();
        let more = if self.runs.len() > 4 { ", …" } else { "" };
        let title = match &self.title {
            Some(title) => title.clone(),
            None => format!("{}{more}", names.join(", ")),
        };
        let refresh = self.refresh.map_or_else(String::new, |every| {
            let seconds = every.as_secs() + u64::from(every.subsec_nanos() > 0);
            format!(
                "<meta http-equiv=\"refresh\" content=\"{}\">",
                seconds.max(1)
            )
        });
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
             script-src 'unsafe-inline'\">{refresh}<title>{title} - evonas</title>\
             <style>{chart_style}{CELL_STYLE}{STYLE}</style></head><body><a class=\"skip\" href=\"#content\">To the content</a>\
             <header><h1>{title}</h1>",
            title = escape(&title),
            chart_style = style()
        );
        let made = self.made.map(|made| format!(", made {}", date(made)));
        html += &paragraph(format_args!(
            "A report of evonas {}{}.",
            env!("CARGO_PKG_VERSION"),
            made.unwrap_or_default()
        ));
        html + "</header><main id=\"content\">"
    }
}

/// Writes the panels of a run; several runs can be folded away.
fn write_run(run: &RunDigest<'_>, number: usize, html: &mut String) {
    let panels = panels::all(run);
    let name = escape(&run.run.name);
    let is_single = run.share >= 1.0;
    let finished = counted(run.finished.len(), "finished trial");
    let _ = match is_single {
        true => write!(html, "<section class=\"run\">"),
        false => write!(
            html,
            "<details class=\"run\"{}><summary><h2>{name}</h2> {finished}</summary>",
            if number <= 2 { " open" } else { "" }
        ),
    };
    let _ = write!(html, "<nav aria-label=\"Panels of {name}\"><ul>");
    for Panel { id, title, .. } in &panels {
        let _ = write!(html, "<li><a href=\"#r{number}-{id}\">{title}</a></li>");
    }
    html.push_str("</ul></nav>");
    for Panel { id, title, body } in &panels {
        let _ = write!(
            html,
            "<section id=\"r{number}-{id}\" class=\"panel\" data-run=\"{name}\"><h3>{title}</h3>{body}</section>"
        );
    }
    html.push_str(if is_single {
        "</section>"
    } else {
        "</details>"
    });
}
