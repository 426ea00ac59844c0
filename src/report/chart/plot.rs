//! A plot of lines, bands and dots on two axes.

use std::fmt::Write as _;

use super::axis::{ChartAxis, FittedAxis};
use super::dots::dots;
use super::names::{SeriesName, names_width, write_names};
use crate::report::cells::text_width;
use crate::report::markup::escape;

/// The size of text, in units of the image.
pub(in crate::report) const FONT_SIZE: f64 = 12.0;
/// The size of a plot that says no other.
const SIZE: (f64, f64) = (460.0, 300.0);
/// Above the chart.
const TOP: f64 = 12.0;
/// Below it: ticks and the title of the axis.
const BOTTOM: f64 = 44.0;
/// The most points of a line; of more, some are left out.
const MOST_POINTS: usize = 600;

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::report) enum Mark {
    /// A line through the points.
    Line,
    /// A line that stays at each point's height until the next point.
    Steps,
    /// Small pale dots, of which there may be many.
    Dots,
    /// Large dots.
    Disks,
    /// An area; its points go along the upper side and back along the lower one.
    Band,
    /// Thin bars, each between two points.
    Bars,
}

#[derive(Clone, Debug)]
struct Series {
    name: String,
    mark: Mark,
    color: usize,
    points: Vec<(f64, f64)>,
}

/// A plot as an SVG image for a page that has the styles of charts.
#[derive(Clone, Debug)]
pub(in crate::report) struct Plot {
    x: ChartAxis,
    y: ChartAxis,
    series: Vec<Series>,
    size: (f64, f64),
}

impl Plot {
    pub(in crate::report) const fn new(x: ChartAxis, y: ChartAxis) -> Self {
        Self {
            x,
            y,
            series: Vec::new(),
            size: SIZE,
        }
    }

    /// Sets its width and height, in units of the image.
    pub(in crate::report) const fn size(mut self, width: f64, height: f64) -> Self {
        self.size = (width, height);
        self
    }

    /// Its width and height.
    pub(super) const fn dimensions(&self) -> (f64, f64) {
        self.size
    }

    /// Adds a series: a name, which may be empty, how it is drawn, and which of the colors and dashes it has, from 0.
    pub(in crate::report) fn series(
        mut self,
        name: impl Into<String>,
        mark: Mark,
        color: usize,
        points: impl IntoIterator<Item = (f64, f64)>,
    ) -> Self {
        self.series.push(Series {
            name: name.into(),
            mark,
            color,
            points: points.into_iter().collect(),
        });
        self
    }

    /// The image for a page that has the [`style`](super::style) of charts; `None` if there is nothing to draw.
    ///
    /// - `label`: what it shows, for those who can't see it.
    pub(in crate::report) fn svg(&self, label: &str) -> Option<String> {
        let drawing = self.drawing()?;
        let (width, height) = self.size;
        Some(format!(
            "<svg class=\"chart\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {width:.0} {height:.0}\">{drawing}</svg>",
            escape(label)
        ))
    }

    /// What is inside the image.
    pub(super) fn drawing(&self) -> Option<String> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let ticks = |length: f64| (length / 75.0) as usize;
        let x = self
            .x
            .fit(points().map(|point| point.0), ticks(self.size.0))?;
        let y = self
            .y
            .fit(points().map(|point| point.1), ticks(self.size.1) + 2)?;
        let names = self.series.iter().map(|series| series.name.as_str());
        let names = names_width(names.filter(|name| !name.is_empty()));
        let widest = y.ticks.iter().map(|(_, label)| text_width(label));
        let frame = Frame {
            left: 30.0 + FONT_SIZE * widest.fold(0.0, f64::max),
            right: self.size.0 - names.clamp(12.0, 0.5 * self.size.0),
            height: self.size.1,
            x,
            y,
        };
        let mut svg = String::new();
        frame.write_axes(&self.x.title, &self.y.title, &mut svg);
        for series in &self.series {
            frame.write_series(series, &mut svg);
        }
        let mut names: Vec<SeriesName<'_>> = Vec::new();
        for series in self.series.iter().filter(|series| !series.name.is_empty()) {
            let last = series.points.iter().rfind(|point| frame.y.holds(point.1));
            names.push(SeriesName {
                name: &series.name,
                mark: series.mark,
                series: series.color,
                height: last.map_or(TOP, |last| frame.at(*last).1),
            });
        }
        let between = (TOP + 6.0, frame.bottom() - 6.0);
        write_names(&mut names, frame.right, between, &mut svg);
        Some(svg)
    }
}

/// Where the chart is in the image, and what its axes are.
struct Frame {
    left: f64,
    right: f64,
    /// The image's height.
    height: f64,
    x: FittedAxis,
    y: FittedAxis,
}

impl Frame {
    fn bottom(&self) -> f64 {
        self.height - BOTTOM
    }

    fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let across = self.left + (self.right - self.left) * self.x.place(x);
        let height = self.bottom() - TOP;
        (across, self.bottom() - height * self.y.place(y))
    }

    fn write_axes(&self, x_title: &str, y_title: &str, svg: &mut String) {
        let (left, right, bottom) = (self.left, self.right, self.bottom());
        let across = |tick: f64| left + (right - left) * self.x.place(tick);
        let up = |tick: f64| bottom - (bottom - TOP) * self.y.place(tick);
        svg.push_str("<path class=\"grid\" d=\"");
        for (tick, _) in &self.y.ticks {
            let _ = write!(svg, "M{left:.1} {:.1}H{right:.1}", up(*tick));
        }
        let _ = write!(
            svg,
            "\"/><path class=\"axis\" d=\"M{left:.1} {TOP}V{bottom:.1}H{right:.1}"
        );
        for (tick, _) in &self.x.ticks {
            let _ = write!(svg, "M{:.1} {bottom:.1}v4", across(*tick));
        }
        svg.push_str("\"/>");
        for (tick, label) in &self.y.ticks {
            let _ = write!(
                svg,
                "<text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
                left - 6.0,
                up(*tick) + 0.36 * FONT_SIZE
            );
        }
        for (tick, label) in &self.x.ticks {
            let _ = write!(
                svg,
                "<text class=\"mid\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
                across(*tick),
                bottom + 17.0
            );
        }
        let middle = 0.5 * (TOP + bottom);
        let _ = write!(
            svg,
            "<text class=\"mid\" x=\"{:.1}\" y=\"{:.1}\">{}</text>\
             <text class=\"mid\" transform=\"translate(13 {middle:.1})rotate(-90)\">{}</text>",
            0.5 * (left + right),
            self.height - 8.0,
            escape(x_title),
            escape(y_title)
        );
    }

    fn write_series(&self, series: &Series, svg: &mut String) {
        let drawn = series
            .points
            .iter()
            .filter(|point| self.x.holds(point.0) && self.y.holds(point.1))
            .map(|&point| self.at(point));
        let path = match series.mark {
            Mark::Dots => dots(drawn),
            Mark::Disks => dots(drawn),
            Mark::Band => match line(drawn.collect(), false) {
                path if path.is_empty() => path,
                path => path + "z",
            },
            Mark::Bars => bars(&drawn.collect::<Vec<_>>()),
            Mark::Line => line(drawn.collect(), false),
            Mark::Steps => line(drawn.collect(), true),
        };
        let _ = write!(
            svg,
            "<path class=\"{}\" d=\"{path}\"/>",
            class(series.mark, series.color)
        );
    }
}

/// A line through places; of many, every so many, with the last.
fn line(places: Vec<(f64, f64)>, steps: bool) -> String {
    let every = places.len().div_ceil(MOST_POINTS).max(1);
    let last = places.len().saturating_sub(1);
    let mut path = String::new();
    let mut before = None;
    for (place, (x, y)) in places.into_iter().enumerate() {
        // A step is where the height changes, so none may be left out.
        let is_new = steps && before.is_none_or(|(_, old): (f64, f64)| (old - y).abs() > 0.05);
        let is_kept = is_new || (!steps && place % every == 0) || place == last;
        if is_kept {
            let _ = match (path.is_empty(), steps) {
                (true, _) => write!(path, "M{x:.1} {y:.1}"),
                (false, true) => write!(path, "H{x:.1}V{y:.1}"),
                (false, false) => write!(path, "L{x:.1} {y:.1}"),
            };
            before = Some((x, y));
        }
    }
    path
}

/// Bars, each between two places.
fn bars(ends: &[(f64, f64)]) -> String {
    let mut path = String::new();
    for bar in ends.chunks_exact(2).filter(|bar| bar[0] != bar[1]) {
        let _ = write!(
            path,
            "M{:.1} {:.1}L{:.1} {:.1}",
            bar[0].0, bar[0].1, bar[1].0, bar[1].1
        );
    }
    path
}

/// A mark beside a name, with its left end here.
pub(super) fn sample(mark: Mark, series: usize, (x, y): (f64, f64)) -> String {
    let class = class(mark, series);
    match mark {
        Mark::Line | Mark::Steps | Mark::Bars => {
            format!("<path class=\"{class}\" d=\"M{x:.1} {y:.1}h16\"/>")
        }
        Mark::Band => format!(
            "<path class=\"{class}\" d=\"M{x:.1} {:.1}h16v8h-16z\"/>",
            y - 4.0
        ),
        Mark::Dots | Mark::Disks => {
            format!("<path class=\"{class}\" d=\"M{:.1} {y:.1}h0\"/>", x + 8.0)
        }
    }
}

fn class(mark: Mark, series: usize) -> String {
    let kind = match mark {
        Mark::Line | Mark::Steps => "line",
        Mark::Dots => "dots",
        Mark::Disks => "disks",
        Mark::Band => "band",
        Mark::Bars => "bars",
    };
    format!("{kind} s{}", series % 8)
}
