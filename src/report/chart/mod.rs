//! Charts as SVG without a drawing library: axes with round numbers, lines, bands and dots, and names beside what they
//! name. Series differ by color and by dashes. Colors come from the page or file around the chart.

mod axis;
mod dots;
mod names;
mod numbers;
mod plot;

pub(in crate::report) use axis::ChartAxis;
pub(in crate::report) use dots::dots;
pub(in crate::report) use numbers::{compact, date, duration, grouped, number, percent};
pub(in crate::report) use plot::{Mark, Plot};
