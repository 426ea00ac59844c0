//! Asynchronous successive halving by promotion, and asynchronous Hyperband: Li et al., "A System for Massively
//! Parallel Hyperparameter Tuning" (2020).

mod bracket;
mod builder;
mod rung;

pub use builder::PromotionBuilder;

use super::{Algorithm, AlgorithmDescription, Proposal, TellError};
use crate::by_id::MapById;
use crate::objective::Objective;
use crate::trial::{Fidelity, Outcome, Trial, TrialId};
use bracket::Bracket;

/// Evaluates every genotype of another algorithm a little, and the best of them more and more thoroughly (after
/// Algorithm 2 of Li et al. 2020; the stopping form of the same idea is
/// [`SuccessiveHalving`](crate::stopper::SuccessiveHalving)).
///
/// The fidelity has an amount, such as `epochs`, with rungs: the first one, `factor` times as much, and so on below the
/// maximum, and the full evaluation as the last one. Whenever a worker is free, the best trial of a rung that wasn't
/// promoted yet is promoted to the next one, if fewer than one in `factor` of the rung's completed trials were, from the
/// highest rung of which that is true. If it is true of none, the other algorithm proposes a genotype, which begins at the
/// first rung. So no worker ever waits.
///
/// What is promoted is among the best `1 / factor` of its rung. Algorithm 2 has no other condition, and promotes more:
/// it is made for random genotypes. Those of an algorithm that learns get better, so nearly every new one is among the
/// best `1 / factor` so far, and would be evaluated in full.
///
/// # Continuing
/// A promotion is a trial of its own with the genotype, parents and seed of the earlier one, which it
/// [continues](Trial::continues). An evaluator may keep its states and continue from them, and then pays for what is
/// added only. One that doesn't find the state, or keeps none, starts from scratch; since the seed is the same, so is
/// the score. That is why a resumed search is exact: a lost state costs time and never changes a score.
///
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use evonas::prelude::*;
///
/// /// A network in training: how many epochs it has behind it, and how good it is.
/// #[derive(Clone)]
/// struct State {
///     epochs: u64,
///     accuracy: f64,
///     rng: Stream,
/// }
///
/// let states: Mutex<HashMap<TrialId, State>> = Mutex::default();
/// let trained = AtomicU64::new(0);
/// let evaluator = |bits: &Vec<bool>, context: &Context<'_>| {
///     let earlier = context.continues();
///     // A copy: if this attempt fails, the next one needs it too.
///     let state = earlier.and_then(|earlier| states.lock().ok()?.get(&earlier).cloned());
///     let mut state = state.unwrap_or_else(|| State {
///         epochs: 0,
///         accuracy: 0.0,
///         rng: context.rng(0),
///     });
///     let ones = bits.iter().filter(|&&bit| bit).count() as f64 / bits.len() as f64;
///     let epochs = context.fidelity().amount("epochs").map_or(9, |epochs| epochs as u64);
///     while state.epochs < epochs {
///         context.check_stop()?;
///         let noise = 0.01 * state.rng.random::<f64>();
///         state.accuracy += 0.3 * (ones + noise - state.accuracy);
///         state.epochs += 1;
///         trained.fetch_add(1, Ordering::Relaxed);
///     }
///     let accuracy = state.accuracy;
///     let mut states = states.lock().map_err(|_| EvaluationError::failed("a poisoned lock"))?;
///     // A trial is promoted once at most.
///     if let Some(earlier) = earlier {
///         states.remove(&earlier);
///     }
///     states.insert(context.trial(), state);
///     Ok(Evaluation::new(accuracy))
/// };
/// let space = BitsSpace { length: 20 };
/// let evolution = Evolution::builder(space, FlipOneBit).population(20).sample(5).build()?;
/// let promotion = Promotion::builder(evolution, "epochs").maximum(9).build()?;
/// let result = Search::new(promotion, Serial::new(evaluator), Budget::trials(300)).run()?;
///
/// let best = result.best().expect("trials have completed");
/// assert!(best.fidelity.is_full());
/// let mut trials = result.history.records().iter();
/// let earlier = trials.find(|trial| Some(trial.id) == best.continues).expect("it was promoted");
/// assert_eq!((earlier.seed, &earlier.genotype), (best.seed, &best.genotype));
/// // Every trial in full would be 9 epochs.
/// assert!(trained.into_inner() < 3 * 300);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What the other algorithm learns
/// A completed trial below the last rung, as one that was stopped early ([`Outcome::Stopped`]) with the rung's amount
/// as its step and the fitness as its value; one of the last rung, as completed; and how others ended. That includes
/// promoted trials, which it didn't propose ([`Algorithm::learn`]). With
/// [`Evolution`](super::Evolution), a genotype joins anew with every promotion, and is fitter than all that were
/// evaluated less: it lives on because a more thorough evaluation confirmed it. If the algorithm has objectives, only
/// the fitness decides promotions, and evaluations at every rung need the objectives' metrics.
///
/// # Brackets
/// With several brackets ([`PromotionBuilder::brackets`]), each has rungs of its own and begins at a higher one than
/// the one before, and each job goes to the bracket whose jobs were given the least so far (asynchronous Hyperband). A
/// promotion counts as the difference of the two rungs, since it continues.
///
/// # Rejected and failed trials
/// A promotion that fails isn't repeated. Neither is one that is withdrawn, because a constraint refuses it or it is a
/// [duplicate](crate::search::Duplicates); the next best takes its place. A trial that a stopper ended isn't promoted.
///
/// Its state is a function of its settings and the calls; of equally good trials, the one with the lower number is
/// better. It keeps the trials that weren't promoted, and takes logarithmic time for each call.
#[derive(Debug)]
pub struct Promotion<G, A> {
    algorithm: A,
    amount: String,
    /// Their amounts, in ascending order.
    rungs: Vec<u64>,
    brackets: Vec<Bracket<G>>,
    in_flight: MapById<Job>,
    description: AlgorithmDescription,
}

/// Where a trial in flight belongs.
#[derive(Clone, Copy, Debug)]
struct Job {
    bracket: usize,
    rung: usize,
    /// Whether it was promoted to the rung.
    is_promoted: bool,
}

impl<G, A: Algorithm<G>> Promotion<G, A> {
    /// Wraps an algorithm. `amount` is the name of the [fidelity's](Fidelity) amount, such as `epochs`, that the
    /// evaluator knows. By default there is one bracket with rungs of 1, 3 and 9, and the full evaluation amounts to
    /// 27.
    ///
    /// ```
    /// use evonas::prelude::*;
    ///
    /// let evolution = Evolution::builder(BitsSpace { length: 20 }, FlipOneBit).build()?;
    /// let promotion = Promotion::builder(evolution, "epochs")
    ///     .first_rung(1)
    ///     .factor(3)
    ///     .maximum(27)
    ///     .brackets(1)
    ///     .build()?;
    /// assert_eq!(promotion.rungs(), [1, 3, 9, 27]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(algorithm: A, amount: impl Into<String>) -> PromotionBuilder<A> {
        PromotionBuilder::new(algorithm, amount.into())
    }

    /// The amounts of the rungs, from the first to the full evaluation.
    #[must_use]
    pub fn rungs(&self) -> &[u64] {
        &self.rungs
    }

    /// The algorithm that proposes the genotypes.
    #[must_use]
    pub const fn algorithm(&self) -> &A {
        &self.algorithm
    }

    /// Gives the other algorithm back.
    #[must_use]
    pub fn into_algorithm(self) -> A {
        self.algorithm
    }

    const fn is_last(&self, rung: usize) -> bool {
        rung + 1 >= self.rungs.len()
    }

    /// A fidelity with the amount of a rung.
    fn at(&self, rung: usize, fidelity: Fidelity) -> Fidelity {
        match self.is_last(rung) {
            true => fidelity.without(&self.amount),
            false => fidelity.with(&*self.amount, self.rungs[rung] as f64),
        }
    }

    /// What a job is given, if a promoted one continues.
    fn resource(&self, job: Job) -> u64 {
        let amount = self.rungs[job.rung];
        match job.is_promoted {
            true => amount - self.rungs[job.rung - 1],
            false => amount,
        }
    }

    /// The bracket that was given the least, the first of several.
    fn neediest(&self) -> usize {
        let given = self.brackets.iter().map(Bracket::given).enumerate();
        given
            .min_by_key(|&(_, given)| given)
            .map_or(0, |(place, _)| place)
    }
}

impl<G: Clone + std::fmt::Debug + Send, A: Algorithm<G>> Algorithm<G> for Promotion<G, A> {
    fn propose(&mut self, trial: TrialId) -> Proposal<G> {
        let bracket = self.neediest();
        let promoted = self.brackets[bracket].promote();
        let job = Job {
            bracket,
            rung: match &promoted {
                Some((rung, _)) => *rung,
                None => self.brackets[bracket].bottom(),
            },
            is_promoted: promoted.is_some(),
        };
        let proposal = match promoted {
            Some((_, earlier)) => Proposal {
                fidelity: earlier.fidelity.clone(),
                ..Proposal::continuing(&earlier)
            },
            None => self.algorithm.propose(trial),
        };
        let resource = self.resource(job);
        self.brackets[bracket].give(resource);
        self.in_flight.insert(trial, job);
        Proposal {
            fidelity: self.at(job.rung, proposal.fidelity),
            ..proposal
        }
    }

    fn learn(&mut self, trial: &Trial<G>, outcome: &Outcome) -> Result<(), TellError> {
        let job = self.in_flight.get(trial.id).copied();
        match (job, outcome) {
            (Some(job), Outcome::Completed(evaluation)) if !self.is_last(job.rung) => {
                let (step, value) = (self.rungs[job.rung], evaluation.fitness);
                self.algorithm
                    .learn(trial, &Outcome::Stopped { step, value })?;
                self.brackets[job.bracket].completed(job.rung, trial.clone(), value);
            }
            _ => self.algorithm.learn(trial, outcome)?,
        }
        self.in_flight.remove(trial.id);
        Ok(())
    }

    fn withdraw(&mut self, trial: &Trial<G>) {
        let Some(job) = self.in_flight.remove(trial.id) else {
            return;
        };
        let resource = self.resource(job);
        let from = job.is_promoted.then(|| job.rung - 1);
        self.brackets[job.bracket].withdraw(resource, from);
        if !job.is_promoted {
            self.algorithm.withdraw(trial);
        }
    }

    fn seed(&self) -> u64 {
        self.algorithm.seed()
    }

    fn minimum_trials(&self) -> u64 {
        self.algorithm.minimum_trials()
    }

    fn describe(&self) -> AlgorithmDescription {
        self.description.clone()
    }

    fn objectives(&self) -> &[Objective] {
        self.algorithm.objectives()
    }
}
