//! Logits, loss and every gradient agree with PyTorch's for the same weights.
//!
//! The fixtures in `tests/fixtures/parity` are always checked. With a Python that has torch,
//! safetensors and numpy (`EVONAS_PYTHON`, or `python3`), fresh exports of `tests/pytorch` are checked
//! too. `EVONAS_PARITY_FOLDER` names a folder of further files to check.
mod exported;
mod fixture;
mod nasbench201;
mod onnx;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use fixture::{Differences, Fixture};

/// The bounds, relative to the largest value of a tensor.
const SINGLE: f64 = 1e-4;
const DOUBLE: f64 = 1e-9;
/// The bound of logits in single precision.
const LOGITS: f64 = 1e-5;

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

/// The origin of the files, which decides how they are compared.
#[derive(Clone, Copy)]
enum Cells {
    /// Published cells in files of this repository, with seeds that rounding doesn't upset. They must agree
    /// with the file itself, since without Python nothing compares our double precision with PyTorch's.
    Committed,
    Published,
    /// Bottlenecks of one channel and stacks of pools can amplify rounding a thousandfold. The files say
    /// how far PyTorch's own gradients are from those in double precision; ten times that is allowed.
    Random,
}

/// The number of neighboring batches to try if single precision differs from the file.
const NUDGES: u64 = 8;

/// Whether everything agrees. Logits and loss always must.
///
/// In single precision, a value that rounding carries across the kink of a ReLU, or from one pixel of a
/// pool to another, changes the first digits of many gradients between any two builds, and the larger the
/// network, the likelier. So if gradients in single precision differ from the file's, they must agree
/// with double precision, which is compared with PyTorch's (`fresh_exports_in_double…`): on the file's
/// batch, or on one a millionth away from it, where no such value crosses over. An arithmetic error
/// shows there too.
fn agrees(path: &Path, cells: Cells) -> bool {
    let name = path.file_name().unwrap().to_string_lossy();
    agree(&name, &Fixture::read(path), cells)
}

fn agree(name: &str, fixture: &Fixture, cells: Cells) -> bool {
    let bound = if fixture.is_double() { DOUBLE } else { SINGLE };
    let of_gradients = match cells {
        Cells::Committed | Cells::Published => bound,
        Cells::Random => bound.max(10.0 * fixture.rounding()),
    };
    let holds = |to: &str, worst: &Differences| {
        println!(
            "{name}: {to}: logits {:.1e}, loss {:.1e}, gradients {:.1e} ({})",
            worst.logits, worst.loss, worst.gradient, worst.parameter
        );
        assert!(worst.logits < bound.min(LOGITS), "{name}: logits");
        assert!(worst.loss < bound, "{name}: loss");
        worst.gradient < of_gradients
    };
    holds("to the file", &fixture.compare())
        || !fixture.is_double()
            && !matches!(cells, Cells::Committed)
            && (0..NUDGES).any(|nudge| {
                let worst = fixture.compare_with_double(nudge);
                holds(&format!("to double precision, {nudge}"), &worst)
            })
}

fn check(paths: &[PathBuf], cells: Cells) {
    let off: Vec<_> = paths.iter().filter(|path| !agrees(path, cells)).collect();
    assert!(off.is_empty(), "the gradients of {off:?} differ");
}

#[test]
fn the_committed_fixtures_agree() {
    check(
        &files(&root().join("tests/fixtures/parity")),
        Cells::Committed,
    );
}

#[test]
fn files_of_another_build_agree() {
    match std::env::var_os("EVONAS_PARITY_FOLDER") {
        Some(folder) => check(&files(Path::new(&folder)), Cells::Published),
        None => skip("EVONAS_PARITY_FOLDER names no folder of further fixtures"),
    }
}

/// Prints even if the test's output is captured.
fn skip(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// The Python to run, if it has the packages that exports need. With `EVONAS_REQUIRE_PARITY`, lacking them is
/// an error.
fn python() -> Option<String> {
    let python = std::env::var("EVONAS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let ready = Command::new(&python)
        .args(["-c", "import numpy, safetensors, torch"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !ready {
        let reason = format!(
            "{python} doesn't have torch, safetensors and numpy; \
             see tests/pytorch/README.md, and set EVONAS_PYTHON"
        );
        assert!(
            std::env::var_os("EVONAS_REQUIRE_PARITY").is_none(),
            "{reason}"
        );
        skip(&reason);
    }
    ready.then_some(python)
}

fn export(python: &str, arguments: &[&str]) {
    let output = Command::new(python)
        .arg(root().join("tests/pytorch/parity.py"))
        .args(arguments)
        .args(["--threads", "1"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Published networks and sizes, as flags of `parity.py export`.
fn published() -> Vec<(String, String)> {
    let mut cases = Vec::new();
    for genotype in ["amoebanet-a", "nasnet-a"] {
        for (cells, filters) in [(1, 8), (2, 12)] {
            for size in [16, 17, 32] {
                cases.push((
                    format!("{genotype}-{filters}-{size}"),
                    format!(
                        "--genotype {genotype} --cells {cells} --filters {filters} --size {size} --batch 2"
                    ),
                ));
            }
        }
    }
    cases
}

/// All published cells with both stems; the ImageNet stem comes with an auxiliary head and a skipped
/// reduction input.
fn all_published() -> Vec<(String, String)> {
    let mut cases = published();
    for genotype in ["amoebanet-b", "amoebanet-c", "amoebanet-d"] {
        let flags = format!("--genotype {genotype} --cells 1 --filters 8 --size 16 --batch 2");
        cases.push((genotype.to_owned(), flags));
    }
    for (genotype, size) in [("amoebanet-a", 75), ("nasnet-a", 80)] {
        // The stem cells' widths, 18 / 4 = 4 and 18 / 2 = 9, split evenly and unevenly.
        let flags = format!(
            "--genotype {genotype} --cells 1 --filters 18 --size {size} --batch 2 \
             --stem imagenet --stem-filters 12 --aux 0.4 --skip-reduction-input"
        );
        cases.push((format!("{genotype}-imagenet"), flags));
    }
    cases
}

/// Checks all published cells, exported with further flags.
fn check_published(python: &str, further: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let further = further.join(" ");
    let exports: String = all_published()
        .into_iter()
        .map(|(name, flags)| {
            let path = folder.path().join(format!("{name}.safetensors"));
            format!("--out '{}' {flags} {further}\n", path.display())
        })
        .collect();
    let list = folder.path().join("exports.txt");
    std::fs::write(&list, exports).unwrap();
    export(python, &["exports", list.to_str().unwrap()]);
    check(&files(folder.path()), Cells::Published);
}

/// Checks cells of six pairs, which have every operation at stride 1 and 2.
fn check_random(python: &str, further: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let flags = "random --count 16 --pairs 6 --cells 1 --filters 8 --size 15 --batch 4 --out";
    let mut arguments: Vec<&str> = flags.split(' ').collect();
    arguments.push(folder.path().to_str().unwrap());
    arguments.extend(further);
    export(python, &arguments);
    check(&files(folder.path()), Cells::Random);
}

/// In double precision, rounding carries no value across a kink, so this compares the arithmetic itself.
#[test]
fn fresh_exports_in_double_precision_agree() {
    let Some(python) = python() else { return };
    check_published(&python, &["--double"]);
}

#[test]
fn fresh_exports_of_random_genotypes_agree_in_double_precision() {
    let Some(python) = python() else { return };
    check_random(&python, &["--double"]);
}

/// Single precision runs the CPU's kernels.
#[test]
fn fresh_exports_in_single_precision_agree() {
    let Some(python) = python() else { return };
    check_published(&python, &[]);
}

#[test]
fn fresh_exports_of_random_genotypes_agree_in_single_precision() {
    let Some(python) = python() else { return };
    check_random(&python, &[]);
}
