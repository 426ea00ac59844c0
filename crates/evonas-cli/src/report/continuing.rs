//! The commands that continue from a recorded search.

use std::path::Path;

use evonas::report::PageRun;
use serde_json::Value;

use crate::naming::{SearchAlgorithm, SpaceName, preferred_by_proxy};
use crate::recipe::{BEST_FILE, Recipe};
use crate::search::NETWORK_FILE;
use crate::shell::path_word;

/// Commands with what they are for. Each is only there if the folder has what it needs.
pub(super) fn commands(
    folder: &Path,
    run: &PageRun,
    recipe: Option<&Recipe>,
) -> Vec<(&'static str, String)> {
    let mut commands = Vec::new();
    let at = path_word(folder);
    if let Some(command) = recipe.and_then(|recipe| resume(folder, run, recipe)) {
        commands.push((
            "Resume the search, up to more trials (with --timeout, --stopper, --duplicates and --max-parameters if it \
             had them)",
            command,
        ));
    }
    if recipe.is_some() && folder.join(BEST_FILE).exists() {
        let out = path_word(&folder.join("trained"));
        commands.push((
            "Train the best genotype (scale it up with --cells, --filters, --epochs or --preset)",
            format!("evonas train --from {at} --out {out}"),
        ));
    }
    if folder.join(NETWORK_FILE).exists() {
        let weights = path_word(&folder.join(NETWORK_FILE));
        for (purpose, command) in [
            (
                "Measure the trained network",
                format!("evonas evaluate --weights {weights}"),
            ),
            (
                "Take it to ONNX",
                format!("evonas export --format onnx --weights {weights} --out onnx"),
            ),
            (
                "Take it to PyTorch",
                format!("evonas export --format pytorch --weights {weights} --out pytorch"),
            ),
        ] {
            commands.push((purpose, command));
        }
    }
    if folder.join(BEST_FILE).exists() {
        let best = path_word(&folder.join(BEST_FILE));
        commands.push((
            "Draw the best genotype",
            format!("evonas draw {best} --out best.svg"),
        ));
    }
    commands.push(("Check the journal", format!("evonas journal check {at}")));
    commands
}

/// The command that resumes the search, from what the journal and the recipe say; `None` if they don't say all that
/// decides whether it may resume.
fn resume(folder: &Path, run: &PageRun, recipe: &Recipe) -> Option<String> {
    let header = run.header();
    if preferred_by_proxy(&header.description) {
        return None;
    }
    let described = &header.description.algorithm;
    let algorithm = SearchAlgorithm::recorded(described)?;
    let training = &header.evaluator["training"];
    let network = &header.evaluator["network"];
    let count = |value: &Value| value.as_u64();
    let trials = (2 * run.finished() as u64).max(100);
    let mut command = format!(
        "evonas search --out {} --resume --trials {trials} --dataset {}",
        path_word(folder),
        recipe.dataset.name
    );
    if let Some(data) = &recipe.dataset.folder {
        command += &format!(" --data {}", path_word(data));
    }
    if let Some((height, width)) = recipe.dataset.resize {
        command += &format!(" --resize {height}x{width}");
    }
    if let Some(limit) = recipe.limit {
        command += &format!(" --limit {limit}");
    }
    command += &format!(
        " --space {} --seed {} --cells {} --filters {} --epochs {} --batch {} --learning-rate {} --algorithm {}",
        SpaceName::recorded(&header.description.space)?.name(),
        header.seed,
        count(&network["cells_per_stack"])?,
        count(&network["filters"])?,
        count(&training["epochs"])?,
        count(&training["batch_size"])?,
        training["learning_rate"].as_f64()?,
        algorithm.name(),
    );
    if algorithm != SearchAlgorithm::Random {
        command += &format!(
            " --population {} --sample {}",
            count(&described["population"])?,
            count(&described["selection"]["size"])?
        );
    }
    Some(command)
}
