//! Plots of comparisons.

use std::time::Duration;

use evonas::comparison::contenders::quick;
use evonas::comparison::{Axis, BitsBenchmark, Comparison, CurvePoint, IncumbentCurve, Setup};
use evonas::report::{CurvePlot, PlotError, ScatterPlot, ScatterPoint};

#[test]
fn plots_are_svg_and_need_a_point() {
    let benchmark = BitsBenchmark::default();
    let setup = Setup::new(&benchmark)
        .runs(4)
        .budget(Duration::from_secs(300));
    let comparison = Comparison::builder(&benchmark)
        .contenders(quick())
        .setup(setup)
        .run()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("curves.svg");
    let curves = comparison.curves(Axis::Trials);
    CurvePlot::new(Axis::Trials, &curves)
        .title("title")
        .draw(&path)
        .unwrap();
    let svg = std::fs::read_to_string(&path).unwrap();
    assert!(
        svg.starts_with("<svg") && svg.contains("non-aging"),
        "{svg}"
    );
    let error = ScatterPlot::new().draw(&path).unwrap_err();
    assert!(matches!(error, PlotError::Nothing(_)), "{error}");
    let nowhere = folder.path().join("no such folder/curves.svg");
    let error = CurvePlot::new(Axis::Trials, &curves)
        .draw(&nowhere)
        .unwrap_err();
    assert!(matches!(error, PlotError::Draw { .. }), "{error}");
}

#[test]
fn points_that_are_not_finite_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("drawing.svg");
    let curve = |first: f64, second: f64| {
        let point = |x, mean| CurvePoint {
            x,
            mean,
            confidence: 0.0,
        };
        let points = vec![point(1.0, first), point(50.0, second), point(99.0, 0.5)];
        let curves = [("aging".to_owned(), IncumbentCurve { points })];
        CurvePlot::new(Axis::Trials, &curves).draw(&path)
    };
    let scatter = |x, y| {
        let points = [ScatterPoint::new(0.0, 1.0), ScatterPoint::new(x, y)];
        let plot = ScatterPlot::new().series("points", points);
        plot.draw(&path)?;
        plot.diagonal().draw(&path)
    };
    for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -1e305] {
        for result in [
            curve(value, 1.0),
            curve(1.0, value),
            scatter(value, 1.0),
            scatter(1.0, value),
        ] {
            let error: PlotError = result.unwrap_err();
            assert!(matches!(error, PlotError::Unbounded { .. }), "{error}");
        }
    }
    for value in [1e300, 1e18, 1e-300, 0.0] {
        curve(value, 1.0).unwrap();
        curve(1.0, -value).unwrap();
        scatter(value, -value).unwrap();
    }
}

#[test]
fn control_characters_of_names_are_escaped_in_a_drawing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("drawing.svg");
    ScatterPlot::new()
        .title("a\u{1b}b")
        .x_label("c\u{9b}d")
        .series("e\u{7f}\nf", [ScatterPoint::new(0.0, 1.0)])
        .draw(&path)
        .unwrap();
    let svg = std::fs::read_to_string(&path).unwrap();
    for escaped in [r"a\u001bb", r"c\u009bd", r"e\u007f\nf"] {
        assert!(svg.contains(escaped), "{escaped}: {svg}");
    }
    assert!(
        !svg.contains(|c: char| c.is_control() && c != '\n'),
        "{svg:?}"
    );
}
