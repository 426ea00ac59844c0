//! Builds a [`Promotion`].

use serde_json::json;

use super::Promotion;
use super::bracket::Bracket;
use crate::SettingError;
use crate::algorithm::{Algorithm, AlgorithmDescription};
use crate::by_id::MapById;

/// Builds a [`Promotion`]; see [`Promotion::builder`].
///
/// ```
/// use evonas::prelude::*;
///
/// let random = || RandomSearch::new(BitsSpace { length: 8 }, 1);
/// // Rungs of 2, 6, 18 and 50 epochs, and trials that begin at the first or the second of them.
/// let promotion =
///     Promotion::builder(random(), "epochs").first_rung(2).maximum(50).brackets(2).build()?;
/// assert_eq!(promotion.rungs(), [2, 6, 18, 50]);
///
/// let too_many = Promotion::builder(random(), "epochs").brackets(5).build();
/// assert_eq!(
///     too_many.err().map(|error| error.to_string()),
///     Some("there are 4 rungs, so there can be 1 to 4 brackets, not 5".to_owned())
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PromotionBuilder<A> {
    algorithm: A,
    amount: String,
    first_rung: u64,
    factor: u64,
    maximum: u64,
    brackets: usize,
}

impl<A> PromotionBuilder<A> {
    pub(super) fn new(algorithm: A, amount: String) -> Self {
        Self {
            algorithm,
            amount,
            first_rung: 1,
            factor: 3,
            maximum: 27,
            brackets: 1,
        }
    }

    /// The amount with which a genotype is evaluated first: 1 by default.
    #[must_use]
    pub fn first_rung(mut self, amount: u64) -> Self {
        self.first_rung = amount;
        self
    }

    /// One in this many trials of a rung is promoted, and each rung has this many times the amount of the one
    /// before: 3 by default.
    #[must_use]
    pub fn factor(mut self, factor: u64) -> Self {
        self.factor = factor;
        self
    }

    /// The amount of the full evaluation, by the evaluator's own settings: 27 by default. The last rung is that
    /// evaluation and sets no amount, so a number that isn't the evaluator's own misplaces the rungs below it and
    /// the brackets' shares.
    #[must_use]
    pub fn maximum(mut self, amount: u64) -> Self {
        self.maximum = amount;
        self
    }

    /// The number of brackets: 1 by default. The trials of bracket `s`, from 0, begin at rung `s`, and all brackets
    /// are given the same share of the resource (asynchronous Hyperband). That helps if early scores may mislead;
    /// one bracket is best if they don't.
    #[must_use]
    pub fn brackets(mut self, brackets: usize) -> Self {
        self.brackets = brackets;
        self
    }

    /// Builds the algorithm.
    ///
    /// # Errors
    /// [`SettingError::Rungs`] if the first rung is 0 or the factor is less than 2, [`SettingError::OneRung`] if the
    /// maximum doesn't exceed the first rung, [`SettingError::Brackets`] if there are no brackets or more than
    /// rungs, [`SettingError::NoAmount`] if the amount has no name.
    pub fn build<G>(self) -> Result<Promotion<G, A>, SettingError>
    where
        A: Algorithm<G>,
    {
        let Self {
            algorithm,
            amount,
            first_rung: first,
            factor,
            maximum,
            brackets,
        } = self;
        if amount.is_empty() {
            return Err(SettingError::NoAmount);
        }
        if first == 0 || factor < 2 {
            return Err(SettingError::Rungs { first, factor });
        }
        if maximum <= first {
            return Err(SettingError::OneRung { first, maximum });
        }
        let below = std::iter::successors(Some(first), |rung| rung.checked_mul(factor))
            .take_while(|&rung| rung < maximum);
        let rungs: Vec<u64> = below.chain([maximum]).collect();
        let count = rungs.len();
        if brackets == 0 || brackets > count {
            return Err(SettingError::Brackets {
                brackets,
                rungs: count,
            });
        }
        let AlgorithmDescription {
            space,
            algorithm: inner,
        } = algorithm.describe();
        let described = json!({
            "type": "Promotion",
            "amount": amount,
            "rungs": rungs,
            "factor": factor,
            "brackets": brackets,
            "algorithm": inner,
        });
        Ok(Promotion {
            description: AlgorithmDescription {
                space,
                algorithm: described,
            },
            brackets: (0..brackets)
                .map(|bottom| Bracket::new(bottom, count, factor))
                .collect(),
            algorithm,
            amount,
            rungs,
            in_flight: MapById::default(),
        })
    }
}
