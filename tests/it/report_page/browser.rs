//! Pages in a browser: `tests/report/check.py` renders them in Chromium.
//!
//! Without Python or Chromium the test says that it is skipped, unless `EVONAS_REQUIRE_BROWSER` is set.
//! `EVONAS_PAGES=FOLDER` keeps the pages and their screenshots.

use std::path::{Path, PathBuf};
use std::process::Command;

use evonas::report::{Page, PageRun};

use super::runs;

fn write_pages(folder: &Path, runs_folder: &Path) {
    let run = |name: &str| runs_folder.join(name);
    runs::cells(&run("finished"), 7, 25, 500, 6);
    runs::cells(&run("cut off"), 8, 25, 300, 6);
    runs::cut(&run("cut off"), 200);
    runs::choices(&run("choices"), 200);
    runs::bits(&run("bits"), 1, 100);
    runs::cells(&run("large"), 0, 100, 20_000, 40);
    let read = |name: &str| PageRun::read(run(name)).unwrap();
    for name in ["cut off", "choices", "bits", "large"] {
        let file = folder.join(format!("{}.html", name.replace(' ', "-")));
        Page::new().run(read(name)).write(file).unwrap();
    }
    let finished = read("finished")
        .command("to resume", "evonas search --out finished --resume")
        .command(
            "to train the best",
            "evonas train --from finished --out trained",
        );
    Page::new()
        .run(finished)
        .write(folder.join("finished.html"))
        .unwrap();
    let several = ["finished", "cut off", "choices"].into_iter();
    let page = several.fold(Page::new(), |page, name| page.run(read(name)));
    page.write(folder.join("several.html")).unwrap();
}

#[test]
fn pages_are_readable_in_a_browser() {
    let scratch = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("EVONAS_PAGES").map(PathBuf::from);
    let folder = kept.clone().unwrap_or_else(|| scratch.path().join("pages"));
    std::fs::create_dir_all(&folder).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/report/check.py");
    let mut check = Command::new("python3");
    check.arg(script).arg(&folder);
    if kept.is_some() {
        check.arg("--screenshots");
    }
    let can_run = Command::new("python3").args([script, "--can-run"]).status();
    if !can_run.is_ok_and(|status| status.success()) {
        let required = std::env::var_os("EVONAS_REQUIRE_BROWSER").is_some();
        assert!(!required, "python3 or chromium is missing");
        eprintln!("skipped: python3 or chromium is missing");
        return;
    }
    write_pages(&folder, &scratch.path().join("runs"));
    let output = check.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("6 pages are sound"), "{text}");
}
