//! Anyone's table as an evaluator.

use std::collections::HashMap;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::io::Read;
use std::path::Path;

use super::TableError;
use super::csv_file::{Column, Rows, open};
use super::figure::Figure;
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::trial::Evaluation;

/// Which columns of a CSV file are what.
///
/// ```
/// use evonas::prelude::*;
/// use evonas::tabular::TabularColumns;
///
/// let csv = "width,accuracy,seconds,parameters\n\
///            8,0.91,30,1000\n\
///            16,0.94,50,4000\n";
/// let evaluator = TabularColumns::new("width", "accuracy")
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
pub struct TabularColumns {
    genotype: String,
    fitness: String,
    cost: Option<String>,
    metrics: Vec<String>,
}

impl TabularColumns {
    /// The names of the genotype's column and the fitness's.
    pub fn new(genotype: impl Into<String>, fitness: impl Into<String>) -> Self {
        Self {
            genotype: genotype.into(),
            fitness: fitness.into(),
            cost: None,
            metrics: Vec::new(),
        }
    }

    /// The column with the cost of an evaluation in seconds, for the simulated executor: from a
    /// nanosecond, which is as little as its clock tells, to 1e12.
    #[must_use]
    pub fn cost(mut self, column: impl Into<String>) -> Self {
        self.cost = Some(column.into());
        self
    }

    /// A column that becomes a metric of the same name. May be called several times.
    #[must_use]
    pub fn metric(mut self, column: impl Into<String>) -> Self {
        self.metrics.push(column.into());
        self
    }

    /// Reads a CSV file, plain or gzip; `genotype` makes a genotype of its field.
    ///
    /// # Errors
    /// [`TableError`] if the file can't be read, lacks a column or has no rows, a field can't be
    /// parsed or is out of its range (scores and metrics: from -1e100 to 1e100), or a genotype comes
    /// twice.
    pub fn read<G: Eq + Hash + Debug, E: Display>(
        &self,
        path: impl AsRef<Path>,
        genotype: impl Fn(&str) -> Result<G, E>,
    ) -> Result<TabularEvaluator<G>, TableError> {
        self.read_from(open(path.as_ref())?, genotype)
    }

    /// The same from any reader, of plain CSV.
    ///
    /// # Errors
    /// As [`TabularColumns::read`].
    pub fn read_from<G: Eq + Hash + Debug, E: Display>(
        &self,
        reader: impl Read,
        genotype: impl Fn(&str) -> Result<G, E>,
    ) -> Result<TabularEvaluator<G>, TableError> {
        let mut rows = Rows::new(reader)?;
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
                .map_err(|reason| rows.no_genotype(&genotypes, reason))?;
            let mut evaluation = Evaluation::new(rows.number(&fitness, Figure::Any)?);
            if let Some(cost) = &cost {
                evaluation = evaluation.with_cost(rows.number(cost, Figure::Seconds)?);
            }
            for metric in &metrics {
                evaluation =
                    evaluation.with_metric(&metric.name, rows.number(metric, Figure::Any)?);
            }
            if evaluations.contains_key(&genotype) {
                return Err(TableError::Repeated {
                    line: rows.line(),
                    what: format!("{genotype:?}"),
                });
            }
            evaluations.insert(genotype, evaluation);
        }
        match evaluations.is_empty() {
            true => Err(TableError::Empty),
            false => Ok(TabularEvaluator { evaluations }),
        }
    }
}

/// A table of evaluations by genotype. A genotype that the table lacks fails.
#[derive(Clone, Debug, PartialEq)]
pub struct TabularEvaluator<G: Eq + Hash> {
    evaluations: HashMap<G, Evaluation>,
}

impl<G: Eq + Hash> TabularEvaluator<G> {
    /// The evaluation of a genotype, if the table has it.
    #[must_use]
    pub fn get(&self, genotype: &G) -> Option<&Evaluation> {
        self.evaluations.get(genotype)
    }

    /// Every genotype of the table, in no particular order.
    pub fn genotypes(&self) -> impl ExactSizeIterator<Item = &G> {
        self.evaluations.keys()
    }
}

impl<G: Eq + Hash + Debug + Send + Sync> Evaluator<G> for TabularEvaluator<G> {
    fn evaluate(&self, genotype: &G, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        self.get(genotype).cloned().ok_or_else(|| {
            EvaluationError::failed(format_args!("the table has no row for {genotype:?}"))
        })
    }
}
