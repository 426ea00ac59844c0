//! A forest of regression trees over lists of choices.
//!
//! The crates that have random forests bring an array library, or a random generator whose numbers may change with
//! its version, along. A search has to predict the same when it resumes years later, and needs nothing but splits of
//! the form "this decision took that alternative", which are a page of code.

use rand::{Rng, RngExt};

/// An observed value of a list of choices.
#[derive(Clone, Debug)]
pub(super) struct Observation {
    pub(super) choices: Vec<usize>,
    pub(super) value: f64,
}

/// What a forest predicts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Prediction {
    pub(super) mean: f64,
    /// The standard deviation between trees.
    pub(super) deviation: f64,
}

/// Regression trees, each of another bootstrap sample of the observations (Breiman, "Random Forests", 2001).
#[derive(Debug)]
pub(super) struct Forest(Vec<Tree>);

#[derive(Debug)]
struct Tree(Vec<Node>);

#[derive(Clone, Copy, Debug)]
enum Node {
    Leaf(f64),
    /// Whether a decision took an alternative, and the nodes for yes and no.
    Split {
        split: Split,
        yes: usize,
        no: usize,
    },
}

#[derive(Clone, Copy, Debug)]
struct Split {
    decision: usize,
    alternative: usize,
}

impl Split {
    fn applies(self, choices: &[usize]) -> bool {
        choices[self.decision] == self.alternative
    }
}

impl Forest {
    /// Fits so many trees to at least one observation. `alternatives` has the number of alternatives of each
    /// decision.
    pub(super) fn fit(
        observations: &[Observation],
        alternatives: &[usize],
        trees: usize,
        rng: &mut dyn Rng,
    ) -> Self {
        let tree = |_| {
            let count = observations.len();
            let bootstrap = (0..count).map(|_| &observations[rng.random_range(0..count)]);
            Tree::grow(bootstrap.collect(), alternatives, rng)
        };
        Self((0..trees).map(tree).collect())
    }

    pub(super) fn predict(&self, choices: &[usize]) -> Prediction {
        let predictions = || self.0.iter().map(|tree| tree.predict(choices));
        let count = self.0.len() as f64;
        let mean = predictions().sum::<f64>() / count;
        let squares: f64 = predictions().map(|value| (value - mean).powi(2)).sum();
        Prediction {
            mean,
            deviation: (squares / count).sqrt(),
        }
    }
}

impl Tree {
    fn grow(observations: Vec<&Observation>, alternatives: &[usize], rng: &mut dyn Rng) -> Self {
        let mut nodes = vec![Node::Leaf(mean(&observations))];
        let mut unfinished = vec![(0, observations)];
        while let Some((node, members)) = unfinished.pop() {
            let Some(split) = best_split(&members, alternatives, rng) else {
                continue;
            };
            let (yes, no): (Vec<_>, Vec<_>) = members
                .into_iter()
                .partition(|member| split.applies(&member.choices));
            let next = nodes.len();
            nodes[node] = Node::Split {
                split,
                yes: next,
                no: next + 1,
            };
            nodes.extend([&yes, &no].map(|members| Node::Leaf(mean(members))));
            unfinished.extend([(next, yes), (next + 1, no)]);
        }
        Self(nodes)
    }

    fn predict(&self, choices: &[usize]) -> f64 {
        let mut node = 0;
        loop {
            node = match self.0[node] {
                Node::Leaf(value) => return value,
                Node::Split { split, yes, .. } if split.applies(choices) => yes,
                Node::Split { no, .. } => no,
            };
        }
    }
}

/// The mean of at least one member.
fn mean(members: &[&Observation]) -> f64 {
    let count = members.len() as f64;
    members.iter().map(|member| member.value / count).sum()
}

/// The split that explains most of the variance, among those of half of the decisions, which are drawn at random.
fn best_split(
    members: &[&Observation],
    alternatives: &[usize],
    rng: &mut dyn Rng,
) -> Option<Split> {
    let center = mean(members);
    if members
        .iter()
        .all(|member| member.value == members[0].value)
    {
        return None;
    }
    let half = alternatives.len().div_ceil(2);
    let mut best: Option<(f64, Split)> = None;
    for decision in rand::seq::index::sample(rng, alternatives.len(), half) {
        let mut sums = vec![(0_usize, 0.0); alternatives[decision]];
        for member in members {
            let (count, sum) = &mut sums[member.choices[decision]];
            *count += 1;
            *sum += member.value - center;
        }
        for (alternative, (count, sum)) in sums.into_iter().enumerate() {
            let others = members.len() - count;
            if count == 0 || others == 0 {
                continue;
            }
            // The deviations from the mean sum to 0, so that those of the other side are the opposite.
            let gain = sum * sum * (1.0 / count as f64 + 1.0 / others as f64);
            if best.is_none_or(|(highest, _)| gain > highest) {
                let split = Split {
                    decision,
                    alternative,
                };
                best = Some((gain, split));
            }
        }
    }
    best.map(|(_, split)| split)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream;

    /// All lists of three choices among two, three and two alternatives.
    fn observations(value: impl Fn(&[usize]) -> f64) -> Vec<Observation> {
        let mut all = Vec::new();
        for first in 0..2 {
            for second in 0..3 {
                for third in 0..2 {
                    let choices = vec![first, second, third];
                    let value = value(&choices);
                    all.push(Observation { choices, value });
                }
            }
        }
        all
    }

    #[test]
    fn a_forest_learns_what_the_choices_are_worth_and_knows_where_it_is_unsure() {
        let value = |choices: &[usize]| choices[0] as f64 + 10.0 * f64::from(choices[1] == 2);
        let observed = observations(value);
        let forest = Forest::fit(&observed, &[2, 3, 2], 200, &mut stream(1, 0));
        for observation in &observed {
            let Prediction { mean, deviation } = forest.predict(&observation.choices);
            let error = mean - observation.value;
            assert!(error.abs() < 2.5, "{observation:?}: {mean}");
            assert!(deviation > 0.0 && deviation < 5.0);
        }
        // Without the third alternative of the second decision, its worth is unknown.
        let rest: Vec<_> = observed
            .into_iter()
            .filter(|observation| observation.choices[1] != 2)
            .collect();
        let forest = Forest::fit(&rest, &[2, 3, 2], 200, &mut stream(1, 0));
        assert!(forest.predict(&[1, 2, 0]).mean < 2.0);
    }

    #[test]
    fn equal_values_are_predicted_without_deviation() {
        for value in [0.5, 1e150] {
            let observed = observations(|_| value);
            let forest = Forest::fit(&observed, &[2, 3, 2], 20, &mut stream(1, 0));
            let Prediction { mean, deviation } = forest.predict(&[0, 0, 0]);
            assert!((mean / value - 1.0).abs() < 1e-12 && deviation <= value * 1e-12);
        }
    }

    #[test]
    fn one_observation_is_all_that_a_forest_knows() {
        let observed = &observations(|_| 3.0)[..1];
        let forest = Forest::fit(observed, &[2, 3, 2], 5, &mut stream(1, 0));
        assert_eq!(forest.predict(&[1, 2, 1]).mean, 3.0);
    }
}
