//! `evonas export` and `evonas import`. What the exported networks compute is compared in the library's tests.

use std::env;
use std::io::{self, Write as _};
use std::process::Command;

use predicates::prelude::*;
use predicates::str::contains;

use crate::harness::{Dir, last_json};
use crate::png::gray_png;

/// A folder with a trained network, exported to `model`.
fn exported() -> Dir {
    let dir = Dir::new();
    dir.line("train --genotype amoebanet-a --cells 1 --filters 8 --epochs 1 --limit 40 --batch 8 --out trained --quiet")
        .assert()
        .success();
    dir.line("export --format pytorch --weights trained/weights.safetensors --out model")
        .assert()
        .success();
    dir
}

#[test]
fn a_network_leaves_and_comes_back_with_the_same_predictions() {
    let dir = exported();
    for (file, text) in [
        ("model/model.py", "class NormalCell(Cell):"),
        ("model/model.py", "separable_3x3"),
        ("model/README.md", "# AmoebaNet-A, N = 1, F = 8"),
        ("model/config.json", "\"image_mean\""),
    ] {
        let found = dir.read(file);
        assert!(found.contains(text), "{file}: {found}");
    }
    dir.line("import --from model --out back.safetensors")
        .assert()
        .success()
        .stdout(contains("avg3@0+max3@0"));
    let pixels: Vec<u8> = (0..64).map(|pixel| (pixel * 37 % 256) as u8).collect();
    dir.write("photos/eight.png", gray_png(8, &pixels));
    let predict = |weights: &str| {
        let mut predict = dir.line(&format!(
            "predict --json --images photos --weights {weights}"
        ));
        last_json(&predict.assert().success().get_output().stdout)
    };
    let said = predict("trained/weights.safetensors");
    assert_eq!(said, predict("back.safetensors"));

    // The exported program says the same, where there is PyTorch.
    let python = env::var("EVONAS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let ready = Command::new(&python).args(["-c", "import torch"]).output();
    if !ready.is_ok_and(|output| output.status.success()) {
        assert!(env::var_os("EVONAS_REQUIRE_PARITY").is_none());
        let _ = writeln!(io::stderr(), "skipped: {python} has no torch");
        return;
    }
    let run = Command::new(python)
        .arg(dir.path("model/model.py"))
        .arg(dir.path("photos/eight.png"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    let percent = 100.0 * said["probability"].as_f64().unwrap();
    let class = said["class"].as_str().unwrap();
    assert!(
        text.ends_with(&format!(": {class} ({percent:.1} %)\n")),
        "{text} {said} {}",
        String::from_utf8_lossy(&run.stderr)
    );
}

#[test]
fn what_does_not_fit_is_refused_with_the_first_difference() {
    let dir = exported();
    let import = || {
        dir.line("import --from model --out back.safetensors")
            .assert()
            .code(1)
    };
    let config = dir.read("model/config.json");
    for (changed, reason) in [
        ("{}".to_owned(), "this crate didn't write it"),
        (
            config.replace("\"format\": 1", "\"format\": 7"),
            "its format is 7, and this version reads 1",
        ),
        (
            config.replace("\"filters\": 8", "\"filters\": 12"),
            "parameter stem.layers.0.weight: it has shape [24, 1, 3, 3] in the file and [36, 1, 3, 3] in the network",
        ),
        ("no JSON".to_owned(), "doesn't describe a network"),
    ] {
        dir.write("model/config.json", &changed);
        import().stderr(contains(reason));
    }
    dir.write("model/config.json", &config);
    dir.write("model/model.safetensors", "not a file of weights");
    import().stderr(contains("model.safetensors can't be read"));
    assert!(!dir.exists("back.safetensors"));
    dir.line("export --format pytorch --weights gone.safetensors --out other")
        .assert()
        .code(1)
        .stderr(contains("gone.safetensors").and(contains("can't be read")));
    assert!(!dir.exists("other"));
}

#[test]
fn an_onnx_file_normalizes_and_folds_if_it_is_asked_to() {
    let dir = exported();
    let has = |file: &str, text: &str| {
        let bytes = dir.bytes(file);
        bytes
            .windows(text.len())
            .any(|window| window == text.as_bytes())
    };
    for (options, out, normalizes, folds) in [
        ("", "plain", false, false),
        ("--normalize", "normalizing", true, false),
        ("--fold-batch-norm", "folded", false, true),
    ] {
        dir.line(&format!(
            "export --format onnx --weights trained/weights.safetensors --out {out} {options}"
        ))
        .assert()
        .success();
        let file = format!("{out}/model.onnx");
        assert_eq!(has(&file, "normalize.mean"), normalizes, "{out}");
        assert_eq!(has(&file, "running_var"), !folds, "{out}");
        assert_eq!(
            dir.read(&format!("{out}/config.json")),
            dir.read("model/config.json")
        );
    }
    dir.line(
        "export --format pytorch --normalize --weights trained/weights.safetensors --out other",
    )
    .assert()
    .code(1)
    .stderr(contains("no effect with --format pytorch"));
    assert!(!dir.exists("other"));
}
