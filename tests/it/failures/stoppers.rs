//! Trials that a stopper ends.

use super::*;

#[test]
fn a_stopped_trial_has_its_own_outcome_and_is_never_a_parent() {
    let learning = |bits: &Bits, context: &Context<'_>| {
        for step in 1..=4 {
            context.report(step, count(bits) * step as f64);
            context.check_stop()?;
        }
        ones(bits, context)
    };
    let search = |trials, journal: Option<Journal>| {
        let search = Search::new(
            evolution(30, 1),
            Serial::new(learning),
            Budget::trials(trials),
        )
        .stopper(MedianRule::new(Direction::Maximize).minimum_trials(3));
        match journal {
            Some(journal) => search.journal(journal),
            None => search,
        }
        .run()
        .unwrap()
    };
    let result = search(200, None);
    let records = result.history.records();
    let stopped: HashSet<TrialId> = records
        .iter()
        .filter(|record| match record.outcome {
            Outcome::Stopped { step, value } => {
                assert_eq!(value, count(&record.genotype) * step as f64);
                true
            }
            _ => false,
        })
        .map(|record| record.id)
        .collect();
    assert!((20..180).contains(&stopped.len()), "{}", stopped.len());
    assert_eq!(result.history.failed(), 0);
    for record in records {
        assert!(
            record
                .parent
                .is_none_or(|parent| !stopped.contains(&parent))
        );
    }
    // The stopper is rebuilt when the search is resumed: the same trials are stopped.
    let folder = tempfile::tempdir().unwrap();
    for trials in [50, 120, 200] {
        let part = search(
            trials,
            Some(Journal::open_or_create(folder.path()).unwrap()),
        );
        for (ours, theirs) in part.history.records().iter().zip(records) {
            assert_eq!(
                (&ours.genotype, &ours.outcome),
                (&theirs.genotype, &theirs.outcome)
            );
        }
    }
}

#[test]
fn a_stopped_trial_has_the_last_value_that_it_reported() {
    /// Says stop once.
    #[derive(Debug)]
    struct AfterOneStep;
    impl Stopper for AfterOneStep {
        fn reported(&mut self, _: TrialId, step: u64, _: f64) -> Verdict {
            match step {
                1 => Verdict::Stop,
                _ => Verdict::Continue,
            }
        }
        fn ended(&mut self, _: TrialId, _: &Outcome) {}
    }
    let seldom = |bits: &Bits, context: &Context<'_>| {
        for (step, value) in [(1, 0.1), (2, 0.9), (3, f64::NAN)] {
            context.report(step, value);
        }
        context.check_stop()?;
        ones(bits, context)
    };
    let result = Search::new(evolution(8, 1), Serial::new(seldom), Budget::trials(10))
        .stopper(AfterOneStep)
        .run()
        .unwrap();
    let last = Outcome::Stopped {
        step: 2,
        value: 0.9,
    };
    for record in result.history.records() {
        assert_eq!(record.outcome, last);
    }
}

#[test]
fn halving_spends_fewer_steps_and_still_finds_the_best() {
    let steps = Arc::new(AtomicU64::new(0));
    let spent = steps.clone();
    let learning = move |bits: &Bits, context: &Context<'_>| {
        let noise: f64 = context.rng(0).random();
        for step in 1..=9 {
            spent.fetch_add(1, Ordering::Relaxed);
            context.report(step, count(bits) + noise);
            context.check_stop()?;
        }
        ones(bits, context)
    };
    let halving = SuccessiveHalving::builder(Direction::Maximize)
        .factor(3)
        .build()
        .unwrap();
    let executor = Threads::new(learning, 2).unwrap();
    let result = Search::new(evolution(12, 1), executor, Budget::trials(600))
        .stopper(halving)
        .run()
        .unwrap();
    assert_eq!(result.best().unwrap().fitness(), Some(12.0));
    let steps = steps.load(Ordering::Relaxed);
    assert!(steps < 600 * 9 * 2 / 3, "{steps}");
}
