//! How good the best trial so far is, over time or trials.

use super::results::Comparison;
use super::run::Run;
use super::statistics::{mean, standard_error, student_quantile};

/// The horizontal axis of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Axis {
    /// Simulated seconds.
    Seconds,
    /// Finished trials.
    Trials,
}

impl Axis {
    /// Both axes.
    pub const ALL: [Self; 2] = [Self::Seconds, Self::Trials];

    /// The name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Trials => "trials",
        }
    }
}

/// The test result of the best trial so far (by reward), as the mean over all runs of an algorithm.
#[derive(Clone, Debug, PartialEq)]
pub struct IncumbentCurve {
    /// The points, from left to right.
    pub points: Vec<CurvePoint>,
}

/// A point of an [`IncumbentCurve`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// Simulated seconds or finished trials.
    pub x: f64,
    /// The mean over the runs.
    pub mean: f64,
    /// Half the width of the mean's 95 % confidence interval
    /// ([`confidence`](super::statistics::confidence)); 0 for a single run.
    pub confidence: f64,
}

/// The most points that a curve has.
const POINTS: usize = 200;

impl Comparison {
    /// The curve of the best trial so far of each algorithm, with its name.
    #[must_use]
    pub fn curves(&self, axis: Axis) -> Vec<(String, IncumbentCurve)> {
        self.entries()
            .iter()
            .map(|entry| {
                let curve = IncumbentCurve::of(&entry.runs, axis);
                (entry.contender.clone(), curve)
            })
            .collect()
    }
}

impl IncumbentCurve {
    /// The curve of these runs. It begins where every run has an incumbent and ends where the first run
    /// ends, so that every point is a mean over all runs.
    #[must_use]
    pub fn of(runs: &[Run], axis: Axis) -> Self {
        let begins = |run: &Run| match axis {
            Axis::Seconds => run.incumbents[0].seconds,
            Axis::Trials => run.incumbents[0].trials as f64,
        };
        let ends = |run: &Run| match axis {
            Axis::Seconds => run.seconds,
            Axis::Trials => run.evaluations as f64,
        };
        let from = runs.iter().map(begins).fold(0.0, f64::max);
        let to = runs.iter().map(ends).fold(f64::INFINITY, f64::min);
        if !to.is_finite() {
            return Self { points: Vec::new() };
        }
        let quantile = match runs.len() {
            0 | 1 => 0.0,
            count => student_quantile(count - 1),
        };
        let mut values = vec![0.0; runs.len()];
        let mut positions = vec![0; runs.len()];
        let points = grid(from, to.max(from), axis)
            .into_iter()
            .map(|x| {
                for ((run, position), value) in runs.iter().zip(&mut positions).zip(&mut values) {
                    while run
                        .incumbents
                        .get(*position + 1)
                        .is_some_and(|next| match axis {
                            Axis::Seconds => next.seconds <= x,
                            Axis::Trials => next.trials as f64 <= x,
                        })
                    {
                        *position += 1;
                    }
                    *value = run.incumbents[*position].test;
                }
                CurvePoint {
                    x,
                    mean: mean(&values),
                    confidence: quantile * standard_error(&values),
                }
            })
            .collect();
        Self { points }
    }
}

/// Evenly spaced values of `x`; whole numbers for trials.
fn grid(from: f64, to: f64, axis: Axis) -> Vec<f64> {
    let steps = match axis {
        Axis::Seconds => POINTS - 1,
        Axis::Trials => (POINTS - 1).min((to - from) as usize),
    };
    let mut grid: Vec<f64> = (0..=steps)
        .map(|step| {
            let x = from + (to - from) * step as f64 / steps.max(1) as f64;
            match axis {
                Axis::Seconds => x,
                Axis::Trials => x.round(),
            }
        })
        .collect();
    grid.dedup();
    grid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comparison::run::Incumbent;

    fn run(seconds: f64, evaluations: u64, steps: &[(u64, f64, f64)]) -> Run {
        Run {
            seed: 0,
            evaluations,
            seconds,
            incumbents: steps
                .iter()
                .map(|&(trials, seconds, test)| Incumbent {
                    trials,
                    seconds,
                    valid: test,
                    test,
                })
                .collect(),
            genotype: String::new(),
            multiply_adds: None,
        }
    }

    #[test]
    fn a_curve_is_the_mean_of_step_functions_where_every_run_has_an_incumbent() {
        let runs = [
            run(10.0, 5, &[(1, 2.0, 1.0), (3, 6.0, 3.0)]),
            run(9.0, 4, &[(2, 4.0, 5.0)]),
        ];
        let trials = IncumbentCurve::of(&runs, Axis::Trials);
        let points: Vec<_> = trials
            .points
            .iter()
            .map(|point| (point.x, point.mean))
            .collect();
        assert_eq!(points, [(2.0, 3.0), (3.0, 4.0), (4.0, 4.0)]);
        let seconds = IncumbentCurve::of(&runs, Axis::Seconds).points;
        assert_eq!((seconds[0].x, seconds[0].mean), (4.0, 3.0));
        let last = seconds[seconds.len() - 1];
        assert_eq!((last.x, last.mean), (9.0, 4.0));
        // Two values one standard error from their mean.
        assert!((last.confidence - 12.706).abs() < 0.001);
        assert_eq!(IncumbentCurve::of(&[], Axis::Trials).points, []);
    }
}
