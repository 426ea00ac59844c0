//! What the workers did: evaluations, idle time, retries and losses.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::report::chart::{ChartAxis, Mark, Plot, duration, grouped, percent};
use crate::report::markup::escape;
use crate::report::page::digest::{RunDigest, TimeUnit};
use crate::report::page::html::{Panel, counted, figure, paragraph, scrolling, table};
use crate::search::journal::RecordedAttempt;
use crate::trial::Outcome;

/// The most workers that have a row each.
const MOST_ROWS: usize = 32;
/// The columns of the timeline.
const COLUMNS: usize = 300;
const LEFT: f64 = 34.0;
const WIDTH: f64 = 640.0;
const ROW: f64 = 18.0;

/// How an attempt is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum AttemptKind {
    Told,
    Retried,
    Lost,
    OtherFailure,
}

impl AttemptKind {
    const ALL: [Self; 4] = [Self::Told, Self::Retried, Self::Lost, Self::OtherFailure];

    fn of(attempt: &RecordedAttempt) -> Self {
        match attempt.outcome {
            Outcome::Lost { .. } => Self::Lost,
            _ if attempt.retried => Self::Retried,
            ref outcome if outcome.is_failure() => Self::OtherFailure,
            _ => Self::Told,
        }
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Told => "fill0",
            Self::Retried => "fill1",
            Self::Lost => "fill3",
            Self::OtherFailure => "fill4",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Told => "evaluation",
            Self::Retried => "run again",
            Self::Lost => "lost",
            Self::OtherFailure => "failed",
        }
    }
}

/// What a worker did.
#[derive(Default)]
struct WorkerSums {
    /// When each attempt began and was recorded, and how it is drawn.
    attempts: Vec<(f64, f64, AttemptKind)>,
    busy: f64,
    /// How many attempts were run again, lost ones included.
    retried: u64,
}

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let mut workers: BTreeMap<usize, WorkerSums> = BTreeMap::new();
    for (_, attempt) in run
        .attempts()
        .filter(|(_, attempt)| attempt.reused.is_none())
    {
        let worker = workers.entry(attempt.worker).or_default();
        let begin = (attempt.at - attempt.seconds).max(0.0);
        worker.retried += u64::from(attempt.retried);
        worker.busy += attempt.seconds;
        worker
            .attempts
            .push((begin, attempt.at, AttemptKind::of(attempt)));
    }
    let body = match workers.is_empty() || run.end <= 0.0 {
        true => paragraph("No evaluation has ended yet, or the journal has no times."),
        false => timeline(run, &workers),
    };
    Panel {
        id: "workers",
        title: "Workers",
        body,
    }
}

fn timeline(run: &RunDigest<'_>, workers: &BTreeMap<usize, WorkerSums>) -> String {
    let summary = summary(run, workers);
    let title = "What the workers did";
    let mut html = match workers.len() <= run.at_most(MOST_ROWS) {
        true => {
            let image = scrolling(title, &rows(run, workers, &summary));
            figure(title, Some(&image), &summary)
        }
        false => {
            let image = concurrency(run, workers, &summary);
            format!(
                "<div class=\"plots\">{}</div>",
                figure(title, image.as_deref(), &summary)
            )
        }
    };
    let listed = workers.iter().take(run.at_most(MOST_ROWS));
    let rows: Vec<[String; 6]> = listed
        .map(|(worker, sums)| {
            let of = |kind| sums.attempts.iter().filter(|one| one.2 == kind).count() as u64;
            [
                worker.to_string(),
                grouped(sums.attempts.len() as u64),
                percent(busy_share(sums, run.end)),
                grouped(sums.retried),
                grouped(of(AttemptKind::Lost)),
                grouped(of(AttemptKind::OtherFailure)),
            ]
        })
        .collect();
    html += &table(
        "Workers",
        &["worker", "attempts", "busy", "run again", "lost", "failed"],
        &rows,
    );
    if workers.len() > rows.len() {
        html += &paragraph(format_args!(
            "And {}.",
            counted(workers.len() - rows.len(), "more worker")
        ));
    }
    html
}

fn busy_share(sums: &WorkerSums, end: f64) -> f64 {
    (sums.busy / end).min(1.0)
}

fn summary(run: &RunDigest<'_>, workers: &BTreeMap<usize, WorkerSums>) -> String {
    let busy: f64 = workers.values().map(|sums| busy_share(sums, run.end)).sum();
    let attempts = || workers.values().flat_map(|sums| &sums.attempts);
    let of = |kind| attempts().filter(|attempt| attempt.2 == kind).count();
    let mut text = format!(
        "{} in {}: {}, {} of the time busy. {} lost, {} failed, {} run again.",
        counted(workers.len(), "worker"),
        duration(run.end),
        counted(attempts().count(), "attempt"),
        percent(busy / workers.len() as f64),
        grouped(of(AttemptKind::Lost) as u64),
        grouped(of(AttemptKind::OtherFailure) as u64),
        grouped(workers.values().map(|sums| sums.retried).sum()),
    );
    text += " An attempt ends where its outcome was recorded, which in an ordered search may be later than it ended.";
    text
}

/// A row for each worker: what it did in each column of time.
fn rows(run: &RunDigest<'_>, workers: &BTreeMap<usize, WorkerSums>, summary: &str) -> String {
    let unit = TimeUnit::for_up_to(run.end);
    let height = ROW * workers.len() as f64;
    let mut svg = format!(
        "<svg class=\"chart\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {:.0} {:.0}\">",
        escape(summary),
        LEFT + WIDTH + 10.0,
        height + 56.0
    );
    for (row, (worker, sums)) in workers.iter().enumerate() {
        let top = ROW * row as f64;
        let _ = write!(
            svg,
            "<text class=\"end\" x=\"{:.0}\" y=\"{:.0}\">{worker}</text>\
             <path class=\"idle\" d=\"M{LEFT} {top:.0}h{WIDTH}v14h-{WIDTH}z\"/>",
            LEFT - 6.0,
            top + 11.5
        );
        for kind in AttemptKind::ALL {
            let path = spans(sums, kind, run.end, top);
            if !path.is_empty() {
                let _ = write!(svg, "<path class=\"{}\" d=\"{path}\"/>", kind.class());
            }
        }
    }
    let mut left = LEFT;
    for kind in AttemptKind::ALL
        .into_iter()
        .map(|kind| (kind.class(), kind.name()))
        .chain([("idle", "idle")])
    {
        let _ = write!(
            svg,
            "<path class=\"{}\" d=\"M{left:.0} {:.0}h14v12h-14z\"/><text x=\"{:.0}\" y=\"{:.0}\">{}</text>",
            kind.0,
            height + 36.0,
            left + 19.0,
            height + 46.5,
            kind.1
        );
        left += 100.0;
    }
    let _ = write!(
        svg,
        "<text x=\"{LEFT}\" y=\"{0:.0}\">0</text><text class=\"mid\" x=\"{1:.0}\" y=\"{0:.0}\">time of the search</text>\
         <text class=\"end\" x=\"{2:.0}\" y=\"{0:.0}\">{3}</text></svg>",
        height + 14.0,
        LEFT + 0.5 * WIDTH,
        LEFT + WIDTH,
        escape(format_args!(
            "{} {}",
            crate::report::chart::number((run.end / unit.seconds * 10.0).round() / 10.0),
            unit.name
        ))
    );
    svg
}

/// The columns in which a worker's attempts of a kind took time, as boxes; neighbors are one. A failure is at least one
/// column wide, so that it shows.
fn spans(sums: &WorkerSums, kind: AttemptKind, end: f64, top: f64) -> String {
    let column = |time: f64| time / end * COLUMNS as f64;
    let mut filled = vec![0.0_f64; COLUMNS];
    for &(begin, until, _) in sums.attempts.iter().filter(|attempt| attempt.2 == kind) {
        let (begin, until) = (column(begin), column(until));
        let last = (until.ceil() as usize).min(COLUMNS);
        let first = (begin as usize).min(COLUMNS - 1);
        for (place, filled) in filled.iter_mut().enumerate().take(last).skip(first) {
            let part = until.min(place as f64 + 1.0) - begin.max(place as f64);
            *filled += part.max(0.0);
        }
        if kind != AttemptKind::Told {
            filled[last.saturating_sub(1)] = 1.0;
        }
    }
    let mut path = String::new();
    let mut place = 0;
    while place < COLUMNS {
        let first = place;
        while place < COLUMNS && filled[place] >= 0.5 {
            place += 1;
        }
        if place > first {
            let scale = WIDTH / COLUMNS as f64;
            let width = scale * (place - first) as f64;
            let left = LEFT + scale * first as f64;
            let _ = write!(path, "M{left:.1} {top:.0}h{width:.1}v14h-{width:.1}z");
        } else {
            place += 1;
        }
    }
    path
}

/// How many of many workers were busy over time.
fn concurrency(
    run: &RunDigest<'_>,
    workers: &BTreeMap<usize, WorkerSums>,
    summary: &str,
) -> Option<String> {
    let unit = TimeUnit::for_up_to(run.end);
    let width = run.end / COLUMNS as f64;
    let mut busy = vec![0.0; COLUMNS];
    let mut lost = vec![0.0; COLUMNS];
    for &(begin, until, kind) in workers.values().flat_map(|sums| &sums.attempts) {
        let column = |time: f64| ((time / width) as usize).min(COLUMNS - 1);
        for (place, busy) in busy
            .iter_mut()
            .enumerate()
            .take(column(until) + 1)
            .skip(column(begin))
        {
            let part = until.min((place + 1) as f64 * width) - begin.max(place as f64 * width);
            *busy += (part / width).max(0.0);
        }
        if kind == AttemptKind::Lost {
            lost[column(until)] += 1.0;
        }
    }
    let x = ChartAxis::new(format!("time of the search ({})", unit.name)).from(0.0);
    let along = |values: Vec<f64>| {
        let middle = move |place: usize| (place as f64 + 0.5) * width / unit.seconds;
        values
            .into_iter()
            .enumerate()
            .map(move |(place, value)| (middle(place), value))
    };
    let lost = lost.into_iter().enumerate().filter(|one| one.1 > 0.0);
    let lost: Vec<_> = lost
        .map(|(place, _)| ((place as f64 + 0.5) * width / unit.seconds, 0.0))
        .collect();
    let plot = Plot::new(
        x,
        ChartAxis::new("busy workers")
            .from(0.0)
            .until(workers.len() as f64),
    );
    let plot = plot.series("busy", Mark::Line, 0, along(busy));
    match lost.is_empty() {
        true => plot,
        false => plot.series("losses", Mark::Disks, 1, lost),
    }
    .svg(summary)
}
