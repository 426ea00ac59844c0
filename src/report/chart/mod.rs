//! Charts as SVG without a drawing library: axes with round numbers, lines, bands and dots, and names beside what they
//! name. Series differ by color and by dashes. A page has their style once, a file of its own in itself.

mod axis;
mod dots;
mod file;
mod names;
mod numbers;
mod palette;
mod plot;

pub(in crate::report) use axis::ChartAxis;
pub(in crate::report) use file::svg_file;
pub(in crate::report) use numbers::{brief, date, duration, grouped, number, percent};
pub(in crate::report) use palette::style;
pub(in crate::report) use plot::{Mark, Plot};
