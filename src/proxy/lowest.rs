//! A proxy the other way round.

use rand::Rng;
use serde_json::{Value, json};

use super::Proxy;

/// Prefers what another proxy scores lowest, for figures of which less is better: a latency, or the gradient of an
/// untrained network in a space whose networks start to learn too steeply.
///
/// What the other proxy can't score (NaN, [`f64::NEG_INFINITY`]) isn't preferred here either.
///
/// ```
/// use evonas::network::{MultiplyAddCount, NetworkConfig};
/// use evonas::prelude::*;
/// use evonas::proxy::Lowest;
///
/// let space = NasnetSpace::sp1();
/// let size = MultiplyAddCount::new(NetworkConfig::cifar().cells_per_stack(1).filters(8));
/// let small = RandomSearch::new(BestOf::new(100, space, Lowest::new(size))?, 0);
/// # drop(small);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Lowest<P>(P);

impl<P> Lowest<P> {
    /// Prefers low scores of this proxy.
    #[must_use]
    pub const fn new(proxy: P) -> Self {
        Self(proxy)
    }
}

impl<G, P: Proxy<G>> Proxy<G> for Lowest<P> {
    fn score(&self, genotype: &G, rng: &mut dyn Rng) -> f64 {
        match self.0.score(genotype, rng) {
            f64::NEG_INFINITY => f64::NEG_INFINITY,
            score => -score,
        }
    }

    fn describe(&self) -> Value {
        json!({"type": "Lowest", "of": self.0.describe()})
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream;

    #[derive(Debug)]
    struct Itself;

    impl Proxy<f64> for Itself {
        fn score(&self, number: &f64, _: &mut dyn Rng) -> f64 {
            *number
        }
    }

    #[test]
    fn low_scores_are_preferred_and_what_has_none_is_not() {
        let score = |number: f64| Lowest::new(Itself).score(&number, &mut stream(0, 0));
        assert!(score(1.0) > score(2.0) && score(2.0) > score(f64::INFINITY));
        assert_eq!(score(f64::NEG_INFINITY), f64::NEG_INFINITY);
        assert!(score(f64::NAN).is_nan());
    }

    #[test]
    fn its_description_has_that_of_the_proxy() {
        let of_the_proxy = Proxy::<f64>::describe(&Itself);
        assert_eq!(
            Proxy::<f64>::describe(&Lowest::new(Itself)),
            json!({"type": "Lowest", "of": of_the_proxy})
        );
    }
}
