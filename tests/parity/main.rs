//! Logits, loss and every gradient agree with PyTorch's for the same weights.
//!
//! The fixtures under `tests/fixtures/parity` are always checked. With a Python that has torch,
//! safetensors and numpy (`EVONAS_PYTHON`, or `python3`), fresh ones of `tests/pytorch` are checked
//! as well; `EVONAS_PARITY_FOLDER` names a folder of further files to check.
#![cfg(feature = "burn")]

mod fixture;

use std::path::{Path, PathBuf};
use std::process::Command;

use fixture::Fixture;

/// The bound of every comparison: relative to the largest value of a tensor.
const TOLERANCE: f64 = 1e-4;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "safetensors"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no fixture in {}", folder.display());
    files
}

fn check(path: &Path) {
    let worst = Fixture::read(path).compare();
    println!(
        "{}: logits {:.1e}, loss {:.1e}, gradients {:.1e} ({})",
        path.display(),
        worst.logits,
        worst.loss,
        worst.gradient,
        worst.parameter
    );
    assert!(worst.logits < TOLERANCE, "{}: logits", path.display());
    assert!(worst.loss < TOLERANCE, "{}: loss", path.display());
    assert!(
        worst.gradient < TOLERANCE,
        "{}: the gradient of {} is off by {:.1e}",
        path.display(),
        worst.parameter,
        worst.gradient
    );
}

#[test]
fn the_committed_fixtures_agree() {
    for path in files(&root().join("tests/fixtures/parity")) {
        check(&path);
    }
}

#[test]
fn files_of_another_build_agree() {
    match std::env::var_os("EVONAS_PARITY_FOLDER") {
        Some(folder) => files(Path::new(&folder))
            .iter()
            .for_each(|path| check(path)),
        None => eprintln!("skipped: EVONAS_PARITY_FOLDER names no folder of further fixtures"),
    }
}

/// The Python to run, if it has what the exports need.
fn python() -> Option<String> {
    let python = std::env::var("EVONAS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let ready = Command::new(&python)
        .args(["-c", "import numpy, safetensors, torch"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !ready {
        eprintln!(
            "skipped: {python} doesn't have torch, safetensors and numpy; \
             see tests/pytorch/README.md, and set EVONAS_PYTHON"
        );
    }
    ready.then_some(python)
}

fn export(python: &str, arguments: &[&str]) {
    let output = Command::new(python)
        .arg(root().join("tests/pytorch/parity.py"))
        .args(arguments)
        .args(["--batch", "4", "--threads", "1"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn fresh_exports_of_published_networks_agree() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for genotype in ["amoebanet-a", "nasnet-a"] {
        for (cells, filters) in [("1", "8"), ("2", "12")] {
            for size in ["16", "17", "32"] {
                let path = folder.path().join(format!("{genotype}-{filters}-{size}.safetensors"));
                let path = path.to_str().unwrap();
                #[rustfmt::skip]
                export(&python, &[
                    "export", "--genotype", genotype, "--cells", cells, "--filters", filters,
                    "--size", size, "--out", path,
                ]);
            }
        }
    }
    for path in files(folder.path()) {
        check(&path);
    }
}

#[test]
fn fresh_exports_with_every_part_agree() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| {
        let path = folder.path().join(format!("{name}.safetensors"));
        path.to_str().unwrap().to_owned()
    };
    for genotype in ["amoebanet-b", "amoebanet-c", "amoebanet-d"] {
        #[rustfmt::skip]
        export(&python, &[
            "export", "--genotype", genotype, "--cells", "1", "--filters", "8", "--size", "16",
            "--out", &path(genotype),
        ]);
    }
    for (genotype, size) in [("amoebanet-a", "75"), ("nasnet-a", "80")] {
        // The widths 18 / 4 = 4 and 18 / 2 = 9 split unevenly.
        #[rustfmt::skip]
        export(&python, &[
            "export", "--genotype", genotype, "--cells", "1", "--filters", "18", "--size", size,
            "--stem", "imagenet", "--stem-filters", "12", "--aux", "0.4", "--skip-reduction-input",
            "--out", &path(&format!("{genotype}-imagenet")),
        ]);
    }
    for path in files(folder.path()) {
        check(&path);
    }
}

#[test]
fn fresh_exports_of_random_genotypes_agree() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    #[rustfmt::skip]
    export(&python, &[
        "random", "--count", "12", "--pairs", "6", "--cells", "1", "--filters", "8", "--size", "15",
        "--out", out,
    ]);
    for path in files(folder.path()) {
        check(&path);
    }
}
