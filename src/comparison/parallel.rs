//! Independent tasks on several threads.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Runs the tasks `0..count` on `workers` threads and returns their results in order, or the error of
/// the first task that failed.
///
/// Tasks start in order and every task that has started runs to its end, so the first error is the same
/// for any number of threads.
pub(super) fn in_parallel<T: Send, E: Send>(
    count: usize,
    workers: usize,
    task: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut results = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            let result = task(number);
            if result.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            results.push((number, result));
        }
        results
    };
    let mut results: Vec<(usize, Result<T, E>)> = thread::scope(|scope| {
        // This thread works too. If the system refuses more threads, those that did start do all the work.
        let threads: Vec<_> = (1..workers.min(count))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mut results = work();
        for thread in threads {
            results.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    });
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_error_wins() {
        for workers in [1, 2, 7] {
            let squares = in_parallel(100, workers, |number| Ok::<_, ()>(number * number));
            assert_eq!(
                squares,
                Ok((0..100).map(|number| number * number).collect())
            );
            let error = in_parallel(100, workers, |number| match number {
                40.. => Err(number),
                _ => Ok(()),
            });
            assert_eq!(error, Err(40));
        }
    }
}
