//! The genotypes that a search begins with.

use std::fs;
use std::io;
use std::path::Path;

use evonas::search::journal;
use evonas::spaces::nasnet::NasnetGenotype;

use crate::Failure;
use crate::options::Options;

/// What a search in a folder began with, beside its journal.
const FILE_NAME: &str = "warm-start.json";

/// The genotypes of `--warm-start` as they are now.
pub fn genotypes(options: &Options) -> Result<Vec<NasnetGenotype>, Failure> {
    let mut genotypes = Vec::new();
    for source in &options.warm_start {
        if Path::new(source).is_dir() {
            let recorded = journal::read::<NasnetGenotype>(source)?;
            let fittest = recorded.fittest().into_iter().take(options.population);
            genotypes.extend(fittest.map(|record| record.genotype.clone()));
        } else {
            genotypes.push(NasnetGenotype::find(source)?);
        }
    }
    Ok(genotypes)
}

/// The genotypes for a search in a folder. One that begins keeps them there, and one that is resumed
/// has those that it began with: what `--warm-start` names may have changed meanwhile.
pub fn kept(
    options: &Options,
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
            // One may be left of a search that never began.
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
