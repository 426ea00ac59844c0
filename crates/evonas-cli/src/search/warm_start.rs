//! The genotypes that a search begins with.

use std::path::Path;

use evonas::search::journal;
use evonas::spaces::nasnet::NasnetGenotype;

use super::options::SearchOptions;
use crate::Failure;
use crate::naming::genotype;

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
