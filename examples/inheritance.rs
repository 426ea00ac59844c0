//! How far scores of networks that inherited weights can be trusted: evolves cells whose children begin with their
//! parents' weights and train for one epoch instead of three, trains the same networks from scratch, and prints how well
//! the rankings agree. On the embedded digits.
//!
//! ```sh
//! cargo run --release --example inheritance -- 150      # trials; 120 by default
//! ```

use std::error::Error;
use std::io::{Write, stdout};

use evonas::comparison::statistics::rank_correlation;
use evonas::prelude::*;
use evonas::training::InheritedWeights;

const POPULATION: usize = 20;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let trials = std::env::args()
        .nth(1)
        .map_or(Ok(120), |trials| trials.parse())?;
    let dataset = digits();
    let network = NetworkConfig::new(dataset.train.shape(), 10)
        .cells_per_stack(1)
        .filters(4);
    let evaluator = |epochs| {
        let trainer = Trainer::new(TrainingConfig::default().epochs(epochs))?;
        let decoder = CellDecoder::new(network.clone());
        let builder = TrainingEvaluator::builder(decoder, trainer, &dataset.train);
        Ok::<_, Box<dyn Error + Send + Sync>>(builder.threads_per_worker(1))
    };

    let folder = std::env::temp_dir().join(format!("inheritance-{}", std::process::id()));
    let weights = InheritedWeights::in_folder(&folder)?.epochs(1);
    let inheriting = evaluator(3)?.hook(weights).build()?;
    let space = NasnetSpace::sp1();
    let evolution = Evolution::builder(space.clone(), space.mutation())
        .population(POPULATION)
        .sample(5)
        .build()?;
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let executor = Ordered::new(Threads::new(inheriting, workers)?);
    let result = Search::new(evolution, executor, Budget::trials(trials))
        .observe(ProgressBar::new())
        .duplicates_by(Duplicates::Redraw(100), NasnetGenotype::canonical)
        .run()?;
    std::fs::remove_dir_all(&folder)?;

    // The children that inherited, trained from scratch: as long as a full trial, twice with different seeds, and as
    // short as an inheriting one.
    let (full, short) = (evaluator(3)?.build()?, evaluator(1)?.build()?);
    let stop = StopSignal::new();
    let score = |evaluator: &TrainingEvaluator<CellDecoder>, genotype: &NasnetGenotype, seed| {
        let context = Context::new(TrialId(0), seed, 0, &stop, &|_| ());
        evaluator.evaluate(genotype, &context)
    };
    let mut rankings: [Vec<f64>; 4] = Default::default();
    for record in result.history.records() {
        let Some(evaluation) = record.outcome.evaluation() else {
            continue;
        };
        if record.metric("inherited").is_none_or(|share| share == 0.0) {
            continue;
        }
        let (genotype, seed) = (&record.genotype, record.seed);
        rankings[0].push(evaluation.fitness);
        rankings[1].push(score(&full, genotype, seed)?.fitness);
        rankings[2].push(score(&full, genotype, seed ^ 1)?.fitness);
        rankings[3].push(score(&short, genotype, seed)?.fitness);
    }
    let [inherited, full, again, short] = &rankings;
    let mut out = stdout();
    writeln!(out, "{} networks that inherited", inherited.len())?;
    for (what, ranking) in [
        ("inherited, then one epoch", inherited),
        ("from scratch, one epoch", short),
        ("from scratch, three epochs with another seed", again),
    ] {
        let correlation = rank_correlation(ranking, full);
        writeln!(
            out,
            "{what}: rank correlation {correlation:.2} with three epochs from scratch"
        )?;
    }
    Ok(())
}
