//! What a search optimizes besides the accuracy, and how it is measured.

use std::fmt::Write as _;
use std::path::PathBuf;

use burn::tensor::Device;
use clap::{Args, ValueEnum};
use evonas::network::{Cost, LatencyTable, NetworkConfig, NetworkPlan};
use evonas::prelude::*;
use evonas::search::TrialRecord;
use evonas::training::{Latency, TrainingHook};
use evonas::trial::Metrics;

use crate::Failure;
use crate::ignored::refuse_ignored;

/// The random genotypes whose parts are measured before a search with a latency table: nearly all parts of SP-I come up.
const SAMPLED: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ObjectiveName {
    /// The validation accuracy, which is the fitness
    Accuracy,
    /// Trainable parameters, the fewer the better
    Parameters,
    /// Multiply-adds for an image, the fewer the better
    MultiplyAdds,
    /// Milliseconds to classify one image on the device, the fewer the better
    Latency,
}

impl ObjectiveName {
    fn objective(self) -> Objective {
        match self {
            Self::Accuracy => Objective::fitness(),
            Self::Parameters => Objective::minimize("parameters"),
            Self::MultiplyAdds => Objective::minimize(MULTIPLY_ADDS),
            Self::Latency => Objective::minimize("latency"),
        }
    }
}

const MULTIPLY_ADDS: &str = "multiply_adds";

// No doc comment: clap would take it for a command's.
#[derive(Args, Debug)]
pub(super) struct ObjectiveOptions {
    /// What to optimize, separated by commas. With several, tournaments go by the rank of a trial's Pareto front, the
    /// report shows the front, and the fittest trial on it is trained in full
    #[arg(
        long,
        value_enum,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "accuracy"
    )]
    objectives: Vec<ObjectiveName>,
    /// Sum up latencies from a table of the networks' parts. Those that the file lacks are measured first, while
    /// nothing else runs, and added to it [default: every trained network is measured, beside other workers]
    #[arg(long, value_name = "FILE")]
    latency_table: Option<PathBuf>,
}

impl ObjectiveOptions {
    /// The objectives of evolution; empty if only the accuracy counts.
    pub(super) fn objectives(&self) -> Vec<Objective> {
        match self.objectives[..] {
            [ObjectiveName::Accuracy] => Vec::new(),
            ref several => several.iter().map(|name| name.objective()).collect(),
        }
    }

    fn has(&self, name: ObjectiveName) -> bool {
        self.objectives.contains(&name)
    }

    /// Refuses what can't be optimized.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let names = &self.objectives;
        if let Some(twice) = (1..names.len()).find(|&place| names[..place].contains(&names[place]))
        {
            let name = names[twice].objective();
            let name = name.metric();
            return Err(format!("--objectives names {name} twice").into());
        }
        if !self.has(ObjectiveName::Accuracy) {
            return Err(
                "--objectives needs accuracy: without it, the smallest network wins".into(),
            );
        }
        match self.has(ObjectiveName::Latency) {
            true => Ok(()),
            false => refuse_ignored(
                "without the objective latency",
                &[("--latency-table", self.latency_table.is_some())],
            ),
        }
    }

    /// The figures that a trial's score has for these objectives, for what describes an evaluator.
    pub(super) fn figures(&self) -> Vec<&'static str> {
        [
            (ObjectiveName::MultiplyAdds, MULTIPLY_ADDS),
            (ObjectiveName::Latency, "latency"),
        ]
        .into_iter()
        .filter(|(name, _)| self.has(*name))
        .map(|(_, figure)| figure)
        .collect()
    }

    /// What measures them. Fills the latency table, if there is one.
    pub(super) fn measure(
        &self,
        space: &NasnetSpace,
        network: &NetworkConfig,
        device: &Device,
        device_name: &str,
    ) -> Result<Figures, Failure> {
        let latency = match (self.has(ObjectiveName::Latency), &self.latency_table) {
            (false, _) => LatencyFrom::Nothing,
            (true, None) => LatencyFrom::Network(Latency::new(network.image)),
            (true, Some(path)) => {
                let table = LatencyTable::new(device, 1);
                let table = match path.exists() {
                    true => table.load(path, device_name)?,
                    false => table,
                };
                let known = table.len();
                let mut rng = stream(0, 0);
                for _ in 0..SAMPLED {
                    let plan = NetworkPlan::new(&space.sample(&mut rng), network)?;
                    let _ = table.latency(&plan);
                }
                if table.len() > known {
                    table.save(path, device_name)?;
                }
                LatencyFrom::Table(table)
            }
        };
        Ok(Figures {
            multiply_adds: self.has(ObjectiveName::MultiplyAdds),
            latency,
        })
    }
}

/// The figures of a trained network that a search optimizes.
#[derive(Debug)]
pub(super) struct Figures {
    multiply_adds: bool,
    latency: LatencyFrom,
}

/// The Pareto front of a search with objectives, a line for each trial, the fittest first.
pub(super) fn front(history: &History<NasnetGenotype>) -> String {
    let mut front = history.pareto_front();
    front.sort_by(|left, right| {
        let fitness = |record: &TrialRecord<NasnetGenotype>| record.fitness().unwrap_or_default();
        fitness(right).total_cmp(&fitness(left))
    });
    let mut text = format!("\nPareto front, {} trials:", front.len());
    for record in front {
        let _ = write!(text, "\n  trial {}:", record.id);
        let Some(evaluation) = record.outcome.evaluation() else {
            continue;
        };
        let figures = history.objectives().iter().map(|objective| {
            let value = evaluation.figure(objective.metric()).unwrap_or(f64::NAN);
            match objective.metric() {
                "fitness" => format!("accuracy {:.2} %", 100.0 * value),
                "latency" => format!("latency {value:.2} ms"),
                name => format!("{} {value}", name.replace('_', "-")),
            }
        });
        let _ = write!(text, " {}", figures.collect::<Vec<_>>().join(", "));
        let _ = write!(text, ", {}", record.genotype);
    }
    text
}

#[derive(Debug)]
enum LatencyFrom {
    Nothing,
    Network(Latency),
    Table(LatencyTable),
}

impl TrainingHook<CellNetwork> for Figures {
    fn measure(
        &self,
        network: &CellNetwork,
        context: &Context<'_>,
    ) -> Result<Metrics, EvaluationError> {
        let mut metrics = match &self.latency {
            LatencyFrom::Nothing => Metrics::new(),
            LatencyFrom::Network(latency) => latency.measure(network, context)?,
            LatencyFrom::Table(table) => table.measure(network, context)?,
        };
        if self.multiply_adds {
            let plan = NetworkPlan::new(network.genotype(), network.config())
                .map_err(|error| EvaluationError::Infeasible(error.to_string()))?;
            let cost = Cost::without_auxiliary(&plan);
            metrics.insert(MULTIPLY_ADDS, cost.multiply_adds as f64);
        }
        Ok(metrics)
    }
}
