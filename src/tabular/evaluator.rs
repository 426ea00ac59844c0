//! Any table as an evaluator.

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::io::Read;
use std::path::Path;

use super::csv_file::{Column, CsvRows, read_file};
use super::error::{TableError, TableErrorKind};
use super::limits::TableLimits;
use super::quantity::Quantity;
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::trial::Evaluation;

/// Which columns of a CSV file hold genotypes, fitnesses, costs and metrics.
///
/// ```
/// use evonas::prelude::*;
/// use evonas::tabular::TabularColumns;
///
/// let csv = "width,accuracy,seconds,parameters\n\
///            8,0.91,30,1000\n\
///            16,0.94,50,4000\n";
/// let evaluator = TabularColumns::new()
///     .genotype("width")
///     .fitness("accuracy")
///     .cost("seconds")
///     .metric("parameters")
///     .read_from(csv.as_bytes(), |text| text.parse::<u32>())?;
/// # let (stop, report) = (StopSignal::new(), |_| {});
/// # let context = Context::new(TrialId(0), 0, 0, &stop, &report);
/// assert_eq!(
///     evaluator.evaluate(&16, &context)?,
///     Evaluation::new(0.94).with_cost(50.0).with_metric("parameters", 4000.0)
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TabularColumns {
    genotype: String,
    fitness: String,
    cost: Option<String>,
    metrics: Vec<String>,
    limits: TableLimits,
}

impl Default for TabularColumns {
    fn default() -> Self {
        Self::new()
    }
}

impl TabularColumns {
    /// The columns `genotype` and `fitness`, without costs or metrics.
    pub fn new() -> Self {
        Self {
            genotype: "genotype".to_owned(),
            fitness: "fitness".to_owned(),
            cost: None,
            metrics: Vec::new(),
            limits: TableLimits::TABLE,
        }
    }

    /// The column of the genotypes.
    pub fn genotype(mut self, column: impl Into<String>) -> Self {
        self.genotype = column.into();
        self
    }

    /// The column of the fitnesses, from -1e100 to 1e100.
    pub fn fitness(mut self, column: impl Into<String>) -> Self {
        self.fitness = column.into();
        self
    }

    /// The column of an evaluation's cost in seconds, for the simulated executor: from 1e-9, the
    /// resolution of its clock, to 1e12.
    pub fn cost(mut self, column: impl Into<String>) -> Self {
        self.cost = Some(column.into());
        self
    }

    /// Adds a column that becomes a metric of the same name, from -1e100 to 1e100.
    pub fn metric(mut self, column: impl Into<String>) -> Self {
        self.metrics.push(column.into());
        self
    }

    /// How much the table may have; [`TableLimits::TABLE`] by default.
    pub fn limits(mut self, limits: TableLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Reads a CSV file, plain or gzip; `genotype` parses a genotype from its field. The file may be a pipe.
    ///
    /// # Errors
    /// [`TableError`] if the file can't be read, has more than its limits, lacks a column or has no rows; if a field can't be parsed
    /// or is out of its range; or if two rows have the same genotype.
    pub fn read<G: Eq + Hash + Debug, E: Display>(
        &self,
        path: impl AsRef<Path>,
        genotype: impl Fn(&str) -> Result<G, E>,
    ) -> Result<TabularEvaluator<G>, TableError> {
        read_file(path.as_ref(), self.limits, |reader| {
            self.read_from(reader, genotype)
        })
    }

    /// As [`TabularColumns::read`], from any reader of plain CSV.
    ///
    /// # Errors
    /// As [`TabularColumns::read`].
    pub fn read_from<G: Eq + Hash + Debug, E: Display>(
        &self,
        reader: impl Read,
        genotype: impl Fn(&str) -> Result<G, E>,
    ) -> Result<TabularEvaluator<G>, TableError> {
        let mut rows = CsvRows::new(reader, self.limits)?;
        let genotypes = rows.column(&self.genotype)?;
        let fitness = rows.column(&self.fitness)?;
        let cost = self.cost.as_deref().map(|name| rows.column(name));
        let cost = cost.transpose()?;
        let metrics: Vec<Column> = self
            .metrics
            .iter()
            .map(|name| rows.column(name))
            .collect::<Result<_, _>>()?;
        let mut evaluations = HashMap::new();
        while rows.advance()? {
            let genotype = genotype(rows.text(&genotypes)?)
                .map_err(|reason| rows.not_a_genotype(&genotypes, reason))?;
            let mut evaluation = Evaluation::new(rows.number(&fitness, Quantity::Score)?);
            if let Some(cost) = &cost {
                evaluation = evaluation.with_cost(rows.number(cost, Quantity::Seconds)?);
            }
            for metric in &metrics {
                evaluation =
                    evaluation.with_metric(&metric.name, rows.number(metric, Quantity::Score)?);
            }
            if evaluations.contains_key(&genotype) {
                return Err(rows.repeated(format!("{genotype:?}")));
            }
            evaluations.insert(genotype, evaluation);
        }
        match evaluations.is_empty() {
            true => Err(TableErrorKind::Empty.into()),
            false => Ok(TabularEvaluator { evaluations }),
        }
    }
}

/// A table of evaluations by genotype. Evaluating a genotype without a row fails.
#[derive(Clone, Debug, PartialEq)]
pub struct TabularEvaluator<G: Eq + Hash> {
    evaluations: HashMap<G, Evaluation>,
}

impl<G: Eq + Hash> TabularEvaluator<G> {
    /// The evaluation of a genotype; `None` if it has no row.
    #[must_use]
    pub fn get(&self, genotype: &G) -> Option<&Evaluation> {
        self.evaluations.get(genotype)
    }

    /// All genotypes of the table, in no particular order.
    pub fn genotypes(&self) -> impl ExactSizeIterator<Item = &G> {
        self.evaluations.keys()
    }
}

impl<G: Eq + Hash + Debug> Evaluator<G> for TabularEvaluator<G> {
    fn evaluate(&self, genotype: &G, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        self.get(genotype).cloned().ok_or_else(|| {
            EvaluationError::failed(format_args!("the table has no row for {genotype:?}"))
        })
    }
}
