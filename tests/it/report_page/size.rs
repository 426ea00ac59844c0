//! A page stays small and quick, however many trials there are.

use std::time::Instant;

use evonas::report::{Page, PageRun};

use super::runs;

#[test]
fn twenty_thousand_trials_take_under_two_seconds_and_one_mebibyte() {
    let folder = tempfile::tempdir().unwrap();
    runs::cells(folder.path(), 0, 100, 20_000, 16);
    // Other tests run at the same time: one of a few tries has the processor for itself.
    let mut seconds = (0..10).map(|_| {
        let begin = Instant::now();
        let page = Page::new().run(PageRun::read(folder.path()).unwrap());
        let html = page.html().unwrap();
        assert!(html.len() < 1 << 20, "{} bytes", html.len());
        assert!(html.contains("20,000 trials"));
        begin.elapsed().as_secs_f64()
    });
    let found = seconds.find(|&seconds| seconds < 2.0);
    let best = found.expect("a page takes less than two seconds");
    println!("{best:.2} s");
}

#[test]
fn hundreds_of_workers_and_many_runs_fit_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut page = Page::new();
    for seed in 0..12 {
        let run = folder.path().join(format!("run {seed}"));
        runs::cells(&run, seed, 30, 600, 450);
        page = page.run(PageRun::read(&run).unwrap());
    }
    let html = page.html().unwrap();
    assert!(html.len() < 1 << 20, "{} bytes", html.len());
    assert!(html.contains("busy workers") && html.contains("the comparison has all 12"));
}
