//! A page stays small and quick, however many trials there are.

use std::time::Instant;

use evonas::report::{Page, PageRun};

use super::runs;

#[test]
fn twenty_thousand_trials_take_a_few_seconds_and_less_than_one_mebibyte() {
    let folder = tempfile::tempdir().unwrap();
    runs::cells(folder.path(), 0, 100, 20_000, 16);
    // The best of three. Other tests run at the same time and take up to half of the processor: alone it takes 1.5 seconds.
    let seconds = (0..3).map(|_| {
        let begin = Instant::now();
        let page = Page::new().run(PageRun::read(folder.path()).unwrap());
        let html = page.html().unwrap();
        assert!(html.len() < 1 << 20, "{} bytes", html.len());
        assert!(html.contains("20,000 trials"));
        begin.elapsed().as_secs_f64()
    });
    let best = seconds.fold(f64::INFINITY, f64::min);
    println!("{best:.2} s");
    assert!(best < 4.0, "{best} s");
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
