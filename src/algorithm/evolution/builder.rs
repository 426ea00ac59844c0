//! Builds an [`Evolution`].

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::{Value, json};

use super::Evolution;
use crate::algorithm::{AlgorithmDescription, AlgorithmError};
use crate::description;
use crate::objective::{Objective, check_tolerance};
use crate::population::{Member, Population};
use crate::proxy::WarmUp;
use crate::randomness::algorithm_rng;
use crate::replacement::{Oldest, Replacement, WorstOfSample};
use crate::selection::{LexicographicTournament, ParetoTournament, Selection, Tournament};
use crate::space::{Crossover, Genotype, Mutation, SearchSpace};
use crate::trial::Evaluation;

/// Builds an [`Evolution`]; see [`Evolution::builder`].
///
/// ```
/// use evonas::prelude::*;
///
/// let evolution = Evolution::builder(BitsSpace { length: 20 }, FlipOneBit)
///     .population(50)
///     .sample(10)
///     .pareto([Objective::fitness(), Objective::minimize("cost")])
///     .initial([vec![true; 20]])
///     .seed(7)
///     .build()?;
/// assert_eq!(evolution.objectives().len(), 2);
/// let too_large = Evolution::builder(BitsSpace { length: 20 }, FlipOneBit).population(5).sample(6);
/// assert!(matches!(
///     too_large.build(),
///     Err(AlgorithmError::SampleExceedsPopulation { sample: 6, population: 5 })
/// ));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EvolutionBuilder<G> {
    space: Box<dyn SearchSpace<Genotype = G>>,
    mutation: Box<dyn Mutation<G>>,
    selection: Option<Box<dyn Selection<G>>>,
    replacement: Box<dyn Replacement<G>>,
    crossover: Option<(Box<dyn Crossover<G>>, f64)>,
    warm_up: Option<WarmUp<G>>,
    objectives: Vec<Objective>,
    tournament: TournamentKind,
    initial: Vec<G>,
    initial_described: Vec<Value>,
    imported: Vec<(G, Evaluation)>,
    imported_described: Vec<Value>,
    population: usize,
    sample: usize,
    seed: u64,
}

/// The default selection's tournament.
#[derive(Clone, Copy, Debug)]
enum TournamentKind {
    Fitness,
    Lexicographic,
    Pareto,
}

impl<G: Genotype> Evolution<G> {
    /// Builds an evolution in `space` with children produced by `mutation`. The defaults are the
    /// paper's: a population of 100, tournaments of 25, and the oldest leaves. The seed is 0 by
    /// default.
    ///
    /// ```
    /// use evonas::prelude::*;
    ///
    /// let evolution = Evolution::builder(BitsSpace { length: 20 }, FlipOneBit)
    ///     .population(20)
    ///     .sample(5)
    ///     .seed(7)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(
        space: impl SearchSpace<Genotype = G> + 'static,
        mutation: impl Mutation<G> + 'static,
    ) -> EvolutionBuilder<G> {
        EvolutionBuilder::new(space, mutation)
    }
}

impl<G: Genotype> EvolutionBuilder<G> {
    fn new(
        space: impl SearchSpace<Genotype = G> + 'static,
        mutation: impl Mutation<G> + 'static,
    ) -> Self {
        Self {
            space: Box::new(space),
            mutation: Box::new(mutation),
            selection: None,
            replacement: Box::new(Oldest),
            crossover: None,
            warm_up: None,
            objectives: Vec::new(),
            tournament: TournamentKind::Fitness,
            initial: Vec::new(),
            initial_described: Vec::new(),
            imported: Vec::new(),
            imported_described: Vec::new(),
            population: 100,
            sample: 25,
            seed: 0,
        }
    }

    /// The population size `P`; 100 by default.
    #[must_use]
    pub fn population(mut self, population: usize) -> Self {
        self.population = population;
        self
    }

    /// The tournament size `S` of the default selection, at most `P`; 25 by default.
    #[must_use]
    pub fn sample(mut self, sample: usize) -> Self {
        self.sample = sample;
        self
    }

    /// The root seed; 0 by default.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Decides tournaments by lexicographic order: the best by the first objective wins; among those
    /// equal to it within [`Objective::tolerance`], the best by the second; and so on.
    #[must_use]
    pub fn lexicographic(mut self, objectives: impl IntoIterator<Item = Objective>) -> Self {
        self.objectives = objectives.into_iter().collect();
        self.tournament = TournamentKind::Lexicographic;
        self
    }

    /// Decides tournaments by the non-dominated rank in the population, then by the crowding distance
    /// ([`ParetoTournament`]). The replacement still decides who leaves: by default, the oldest.
    #[must_use]
    pub fn pareto(mut self, objectives: impl IntoIterator<Item = Objective>) -> Self {
        self.objectives = objectives.into_iter().collect();
        self.tournament = TournamentKind::Pareto;
        self
    }

    /// A warm start: proposes these genotypes before any random ones, for example the fittest of
    /// another run's journal ([`Recorded::fittest`](crate::search::journal::Recorded::fittest)). They
    /// are evaluated like any others; if there are more than `P`, the oldest, the first of them, leave.
    #[must_use]
    pub fn initial(mut self, genotypes: impl IntoIterator<Item = G>) -> Self
    where
        G: Serialize,
    {
        self.initial = genotypes.into_iter().collect();
        self.initial_described = self.initial.iter().map(description::of).collect();
        self
    }

    /// A warm start that evaluates nothing again: begins with these genotypes in the population, the first as
    /// the oldest, with the scores that they already have. Their scores must come from the same evaluator. They
    /// count toward the first `P`; if there are more than `P`, the first leave. So the fittest of another
    /// search belong at the end:
    ///
    /// ```
    /// # use evonas::prelude::*;
    /// # fn warm(folder: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    /// let recorded = evonas::search::journal::read::<Vec<bool>>(folder)?;
    /// let fittest = recorded.fittest().into_iter().take(20).rev();
    /// let evolution = Evolution::builder(BitsSpace { length: 20 }, FlipOneBit)
    ///     .population(20)
    ///     .sample(5)
    ///     .imported(fittest.filter_map(|record| {
    ///         Some((record.genotype.clone(), record.outcome.evaluation()?.clone()))
    ///     }))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// They aren't trials: the history, its best and a budget's target don't count them, and a child of one is
    /// recorded without a parent.
    #[must_use]
    pub fn imported(mut self, members: impl IntoIterator<Item = (G, Evaluation)>) -> Self
    where
        G: Serialize,
    {
        self.imported = members.into_iter().collect();
        self.imported_described = self
            .imported
            .iter()
            .map(|(genotype, evaluation)| json!({"genotype": genotype, "evaluation": evaluation}))
            .collect();
        self
    }

    /// Sets how parents are selected; by default, by a tournament of `S`. With another selection the
    /// sample size is ignored. A selection that compares objectives also needs
    /// [`EvolutionBuilder::pareto`] or [`EvolutionBuilder::lexicographic`] (either will do) to name them.
    #[must_use]
    pub fn selection(mut self, selection: impl Selection<G> + 'static) -> Self {
        self.selection = Some(Box::new(selection));
        self
    }

    /// Non-aging evolution (plain tournament selection): the worst of the parent's sample leaves
    /// ([`WorstOfSample`]).
    #[must_use]
    pub fn non_aging(self) -> Self {
        self.replacement(WorstOfSample)
    }

    /// Sets which member leaves; by default, the oldest ([`Oldest`]).
    #[must_use]
    pub fn replacement(mut self, replacement: impl Replacement<G> + 'static) -> Self {
        self.replacement = Box::new(replacement);
        self
    }

    /// With this probability, a child is the crossover of the winners of two tournaments before it is
    /// mutated; by default, it never is. The second parent is the trial's
    /// [`mate`](crate::trial::Trial::mate). The two winners may be the same member.
    ///
    /// ```
    /// use evonas::prelude::*;
    /// use evonas::spaces::bits::UniformCrossover;
    ///
    /// let evolution = Evolution::builder(BitsSpace { length: 20 }, FlipOneBit)
    ///     .crossover(UniformCrossover, 0.5)
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn crossover(mut self, crossover: impl Crossover<G> + 'static, probability: f64) -> Self {
        self.crossover = Some((Box::new(crossover), probability));
        self
    }

    /// Draws the first population from the best of many random genotypes by a proxy, the best first, instead of from
    /// the space. One that is withdrawn (a constraint refuses it, or it is a duplicate) or fails is replaced by the
    /// next best. Genotypes of [`EvolutionBuilder::initial`] come before them.
    ///
    /// The genotypes are drawn and scored when the first of them is proposed, and again when a search resumes.
    #[must_use]
    pub fn warm_up(mut self, warm_up: WarmUp<G>) -> Self {
        self.warm_up = Some(warm_up);
        self
    }

    /// Builds the algorithm.
    ///
    /// # Errors
    /// [`AlgorithmError`] if `P` is 0, `1 <= S <= P` doesn't hold for the default selection, the
    /// selection needs more objectives than there are, a tolerance is invalid, the probability of a
    /// crossover is not from 0 to 1, a warm-up has fewer than `P` genotypes, an initial or imported genotype is not in the space, or the score of
    /// an imported one is not finite or lacks an objective.
    pub fn build(mut self) -> Result<Evolution<G>, AlgorithmError> {
        if self.population == 0 {
            return Err(AlgorithmError::EmptyPopulation);
        }
        for (index, genotype) in self.initial.iter().enumerate() {
            self.space
                .validate(genotype)
                .map_err(|reason| AlgorithmError::InvalidInitial {
                    index,
                    reason: reason.to_string(),
                })?;
        }
        for objective in &self.objectives {
            check_tolerance(objective.tolerance_width())?;
        }
        if let Some((_, probability)) = self.crossover
            && !(0.0..=1.0).contains(&probability)
        {
            return Err(AlgorithmError::OutOfRange {
                setting: "crossover probability",
                value: probability,
                range: "from 0 to 1",
            });
        }
        if let Some(warm_up) = &self.warm_up
            && warm_up.genotypes() < self.population
        {
            return Err(AlgorithmError::OutOfRange {
                setting: "number of genotypes of the warm-up",
                value: warm_up.genotypes() as f64,
                range: "at least the population size",
            });
        }
        let selection = match self.selection.take() {
            Some(selection) => selection,
            None => default_selection(
                self.tournament,
                &self.objectives,
                self.sample,
                self.population,
            )?,
        };
        let (needed, given) = (selection.minimum_objectives(), self.objectives.len());
        if given < needed {
            return Err(AlgorithmError::TooFewObjectives { needed, given });
        }
        let population = imported_population(&self)?;
        let mut algorithm = json!({
            "type": "Evolution",
            "population": self.population,
            "selection": selection.describe(),
            "replacement": self.replacement.describe(),
            "mutation": self.mutation.describe(),
        });
        if !self.objectives.is_empty() {
            algorithm["objectives"] = description::of(&self.objectives);
        }
        if let Some((crossover, probability)) = &self.crossover {
            algorithm["crossover"] =
                json!({"probability": probability, "crossover": crossover.describe()});
        }
        if let Some(warm_up) = &self.warm_up {
            algorithm["warm_up"] = warm_up.describe();
        }
        if !self.initial.is_empty() {
            algorithm["initial"] = self.initial_described.into();
        }
        if !self.imported.is_empty() {
            algorithm["imported"] = self.imported_described.into();
        }
        Ok(Evolution {
            description: AlgorithmDescription {
                space: self.space.describe(),
                algorithm,
            },
            space: self.space,
            mutation: self.mutation,
            selection,
            replacement: self.replacement,
            crossover: self.crossover,
            population_size: self.population,
            fewest_trials: (self.population - population.len()) as u64,
            objectives: self.objectives,
            initial: self.initial.into(),
            warm_up: self.warm_up,
            promising: VecDeque::new(),
            population,
            rng: algorithm_rng(self.seed),
            seed: self.seed,
            in_flight: VecDeque::new(),
            random_in_flight: 0,
            stopped_apart: 0,
            sample: Vec::new(),
            spare_samples: Vec::new(),
        })
    }
}

/// The population that evolution begins with: the youngest `P` of the imported members.
fn imported_population<G: Genotype>(
    settings: &EvolutionBuilder<G>,
) -> Result<Population<G>, AlgorithmError> {
    let mut population = Population::default();
    for (index, (genotype, evaluation)) in settings.imported.iter().enumerate() {
        let refused = |reason: String| AlgorithmError::InvalidImport { index, reason };
        settings
            .space
            .validate(genotype)
            .map_err(|reason| refused(reason.to_string()))?;
        if !evaluation.fitness.is_finite() {
            let reason = format!("its fitness is {}, not a finite number", evaluation.fitness);
            return Err(refused(reason));
        }
        let figure = |objective: &Objective| {
            let value = objective
                .value(evaluation)
                .filter(|value| value.is_finite());
            value
                .ok_or_else(|| refused(format!("it has no finite metric '{}'", objective.metric())))
        };
        let objectives = settings.objectives.iter().map(figure);
        population.join(
            Member::new(genotype.clone(), evaluation.fitness)
                .with_objectives(objectives.collect::<Result<_, _>>()?),
        );
        if population.len() > settings.population {
            population.leave(0);
        }
    }
    Ok(population)
}

fn default_selection<G>(
    tournament: TournamentKind,
    objectives: &[Objective],
    sample: usize,
    population: usize,
) -> Result<Box<dyn Selection<G>>, AlgorithmError> {
    if sample == 0 {
        return Err(AlgorithmError::EmptySample);
    }
    if sample > population {
        return Err(AlgorithmError::SampleExceedsPopulation { sample, population });
    }
    Ok(match tournament {
        TournamentKind::Fitness => Box::new(Tournament::new(sample)),
        _ if objectives.is_empty() => return Err(AlgorithmError::NoObjectives),
        TournamentKind::Lexicographic => Box::new(LexicographicTournament::new(
            sample,
            objectives.iter().map(Objective::tolerance_width).collect(),
        )?),
        TournamentKind::Pareto => Box::new(ParetoTournament::new(sample)),
    })
}
