//! How long networks take.

mod table;

pub use table::{LatencyTable, LatencyTableError};

use std::time::Instant;

/// How a duration is measured: repeated after a warm-up, and the median taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repetitions {
    /// Runs before those that count, in which kernels are compiled and caches filled.
    pub warm_up: usize,
    /// Runs that count, at least one.
    pub counted: usize,
}

impl Default for Repetitions {
    /// 3 runs before the 15 that count.
    fn default() -> Self {
        Self {
            warm_up: 3,
            counted: 15,
        }
    }
}

impl Repetitions {
    /// The median duration of a run, in milliseconds. A run must wait for its device.
    pub fn milliseconds(self, mut run: impl FnMut()) -> f64 {
        (0..self.warm_up).for_each(|_| run());
        let mut times: Vec<f64> = (0..self.counted.max(1))
            .map(|_| {
                let start = Instant::now();
                run();
                1e3 * start.elapsed().as_secs_f64()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let middle = times.len() / 2;
        match times.len() % 2 {
            1 => times[middle],
            _ => f64::midpoint(times[middle - 1], times[middle]),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_median_counts_and_neither_the_warm_up_nor_an_outlier() {
        let mut runs = 0;
        let repetitions = Repetitions {
            warm_up: 2,
            counted: 5,
        };
        let median = repetitions.milliseconds(|| {
            runs += 1;
            sleep(Duration::from_millis(if runs <= 3 { 60 } else { 2 }));
        });
        assert_eq!(runs, 7);
        assert!((2.0..40.0).contains(&median), "{median}");
    }
}
