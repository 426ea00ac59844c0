//! The genotypes that a search begins with.

use std::fs;
use std::io;
use std::path::Path;

use evonas::search::journal;
use evonas::spaces::nasnet::NasnetGenotype;

use super::options::SearchOptions;
use crate::Failure;
use crate::naming::genotype;

/// The file next to a search's journal that keeps the genotypes it began with.
const FILE_NAME: &str = "warm-start.json";

/// The genotypes that `--warm-start` names now.
pub(super) fn genotypes(options: &SearchOptions) -> Result<Vec<NasnetGenotype>, Failure> {
    let mut genotypes = Vec::new();
    for source in &options.warm_start {
        if Path::new(source).is_dir() {
            let recorded = journal::read::<NasnetGenotype>(source)?;
            let fittest = recorded
                .fittest()
                .into_iter()
                .take(options.population_size());
            genotypes.extend(fittest.map(|record| record.genotype.clone()));
        } else {
            genotypes.push(genotype::find(source)?);
        }
    }
    Ok(genotypes)
}

/// The genotypes for a search in a folder. A new search keeps them there; a resumed one uses those that it
/// began with, since what `--warm-start` names may have changed since.
pub(super) fn kept(
    options: &SearchOptions,
    folder: &Path,
    resumed: bool,
) -> Result<Vec<NasnetGenotype>, Failure> {
    let file = folder.join(FILE_NAME);
    let in_file = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    if resumed && file.exists() {
        let json = fs::read(&file).map_err(|error| in_file(&error))?;
        return Ok(serde_json::from_slice(&json).map_err(|error| in_file(&error))?);
    }
    let genotypes = genotypes(options)?;
    if !resumed {
        let written = if genotypes.is_empty() {
            // A search that never began may have left one.
            fs::remove_file(&file).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
        } else {
            fs::write(&file, serde_json::to_vec(&genotypes)?)
        };
        written.map_err(|error| in_file(&error))?;
    }
    Ok(genotypes)
}
