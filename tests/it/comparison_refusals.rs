//! Benchmarks that a comparison refuses.

use std::time::Duration;

use evonas::comparison::contenders::{Aging, Random};
use evonas::comparison::{Benchmark, Comparison, ComparisonError, Contender, Setup};
use evonas::prelude::*;
use evonas::spaces::bits::{BitsSpace, FlipOneBit};

/// One run of 300 s.
fn run(
    benchmark: &Priced,
    contender: impl Contender<Priced>,
) -> Result<Comparison, ComparisonError> {
    let setup = Setup::new(benchmark).runs(1);
    let comparison = Comparison::builder(benchmark).contender(contender);
    comparison.setup(setup).run()
}

/// Bit strings with a given evaluation and test result.
struct Priced {
    evaluate: fn(&[bool]) -> Result<Evaluation, EvaluationError>,
    test: f64,
    multiply_adds: Option<f64>,
}

impl Priced {
    fn new(evaluate: fn(&[bool]) -> Result<Evaluation, EvaluationError>) -> Self {
        Self {
            evaluate,
            test: 1.0,
            multiply_adds: None,
        }
    }
}

impl Benchmark for Priced {
    type Genotype = Vec<bool>;
    type Space = BitsSpace;

    fn dataset(&self) -> String {
        "priced".to_owned()
    }

    fn describe(&self) -> serde_json::Value {
        "priced".into()
    }

    fn space(&self) -> BitsSpace {
        BitsSpace { length: 8 }
    }

    fn mutation(&self) -> Box<dyn Mutation<Vec<bool>>> {
        Box::new(FlipOneBit)
    }

    fn evaluator(&self) -> Box<dyn Evaluator<Vec<bool>>> {
        let evaluate = self.evaluate;
        Box::new(move |bits: &Vec<bool>, _: &Context<'_>| evaluate(bits))
    }

    fn test(&self, _: &Vec<bool>, _: &Evaluation) -> f64 {
        self.test
    }

    fn text(&self, bits: &Vec<bool>) -> String {
        format!("{bits:?}")
    }

    fn multiply_adds(&self, _: &Vec<bool>) -> Option<f64> {
        self.multiply_adds
    }

    fn population(&self) -> usize {
        20
    }

    fn sample(&self) -> usize {
        5
    }

    fn budget(&self) -> Duration {
        Duration::from_secs(300)
    }
}

#[test]
fn a_run_that_would_never_spend_its_budget_ends_with_an_error() {
    let error = |benchmark: &Priced| {
        let error = run(benchmark, Aging::new()).unwrap_err();
        assert!(
            matches!(error, ComparisonError::NeverEnds { run: 0, .. }),
            "{error}"
        );
        error.to_string()
    };
    for (evaluate, cost) in [
        (
            (|_| Ok(Evaluation::new(1.0).with_cost(0.0))) as fn(&[bool]) -> _,
            "0.0",
        ),
        (|_| Ok(Evaluation::new(1.0).with_cost(1e-10)), "1e-10"),
        (|_| Ok(Evaluation::new(1.0).with_cost(1e-300)), "1e-300"),
    ] {
        assert_eq!(
            error(&Priced::new(evaluate)),
            format!(
                "run 0 of aging would never spend its budget: an evaluation cost {cost} s; on the \
                 virtual clock it must take at least a nanosecond"
            )
        );
    }
    let infeasible = Priced::new(|_| Err(EvaluationError::Infeasible("too large".to_owned())));
    assert_eq!(
        error(&infeasible),
        "run 0 of aging would never spend its budget: no new result in 1,000 trials"
    );
}

#[test]
fn a_test_or_size_that_is_not_finite_is_refused() {
    let benchmark = |test, multiply_adds| Priced {
        test,
        multiply_adds,
        ..Priced::new(|_| Ok(Evaluation::new(1.0).with_cost(1.0)))
    };
    let error = |benchmark: Priced| run(&benchmark, Random::new()).unwrap_err().to_string();
    assert_eq!(
        error(benchmark(f64::NAN, None)),
        "run 0 of random: the test is NaN, not a finite number"
    );
    assert_eq!(
        error(benchmark(1.0, Some(f64::INFINITY))),
        "run 0 of random: the number of multiply-adds is inf, not a finite number"
    );
    let sound = benchmark(1.0, Some(1e6));
    assert!(run(&sound, Random::new()).is_ok());
}

#[test]
fn more_workers_than_a_system_can_have_are_refused() {
    let benchmark = Priced::new(|_| Ok(Evaluation::new(0.5).with_cost(1.0)));
    for workers in [4097, usize::MAX] {
        let setup = Setup::new(&benchmark).runs(1).workers(workers);
        let comparison = Comparison::builder(&benchmark).contender(Random::new());
        let error = comparison.setup(setup).run().unwrap_err();
        assert!(
            error.to_string().contains("above 4096"),
            "{workers}: {error}"
        );
    }
}
