//! Trials that a stopper ends.

use super::*;

#[test]
fn a_stopped_trial_has_its_own_outcome_and_a_resume_stops_the_same_trials() {
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
        .stopper(MedianRule::new().minimum_trials(3));
        match journal {
            Some(journal) => search.journal(journal),
            None => search,
        }
        .run()
        .unwrap()
    };
    let result = search(200, None);
    let records = result.history.records();
    let stopped = records
        .iter()
        .filter(|record| match record.outcome {
            Outcome::Stopped { step, value } => {
                assert_eq!(value, count(&record.genotype) * step as f64);
                true
            }
            _ => false,
        })
        .count();
    assert!((5..180).contains(&stopped), "{stopped}");
    assert_eq!(result.history.failed(), 0);
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
    let halving = SuccessiveHalving::builder().factor(3).build().unwrap();
    let executor = Threads::new(learning, 2).unwrap();
    let result = Search::new(evolution(12, 1), executor, Budget::trials(600))
        .stopper(halving)
        .run()
        .unwrap();
    assert_eq!(result.best().unwrap().fitness(), Some(12.0));
    let steps = steps.load(Ordering::Relaxed);
    assert!(steps < 600 * 9 * 2 / 3, "{steps}");
}

/// Reports four steps, the last of which it names.
fn four_steps(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    for step in 1..=4 {
        let value = count(bits) + step as f64;
        context.report_with_metrics(IntermediateResult::new(step, value).of(4));
        context.check_stop()?;
    }
    ones(bits, context)
}

#[test]
fn evolution_with_a_stopper_stays_evolution() {
    let halving = || SuccessiveHalving::builder().factor(2).build().unwrap();
    for seed in 0..3 {
        let search = || {
            Search::new(
                evolution(30, seed),
                Serial::new(four_steps),
                Budget::trials(100),
            )
        };
        for (name, fewest, search) in [
            ("halving", 10, search().stopper(halving())),
            ("median", 1, search().stopper(MedianRule::new())),
        ] {
            let result = search.run().unwrap();
            let records = result.history.records();
            let stopped =
                |record: &&TrialRecord<Bits>| matches!(record.outcome, Outcome::Stopped { .. });
            let children = records.iter().filter(|record| record.parent.is_some());
            assert!(records.iter().filter(stopped).count() >= fewest, "{name}");
            // The population has 10 members, and every later trial is a child.
            assert_eq!(children.count(), 90, "{name}, seed {seed}");
        }
    }
}

#[test]
fn a_stopped_member_is_a_parent_only_of_a_sample_without_completed_ones() {
    let mut evolution = Ledger::new(
        Evolution::builder(BitsSpace { length: 8 }, FlipOneBit)
            .population(3)
            .sample(3)
            .build()
            .unwrap(),
    );
    let stopped = |step, value| Outcome::Stopped { step, value };
    let completed = |fitness: f64| Outcome::Completed(fitness.into());
    for outcome in [stopped(4, 0.1), stopped(2, 99.0), completed(-5.0)] {
        let trial = evolution.ask();
        assert_eq!(trial.parent, None);
        evolution.tell(trial.id, &outcome).unwrap();
    }
    let mut parents = [0; 3];
    for _ in 0..270 {
        let trial = evolution.ask();
        parents[trial.parent.unwrap().0 as usize] += 1;
        evolution.withdraw(trial.id).unwrap();
    }
    // Trial 1 only wins a sample of itself alone: 1 of 27. Trial 0 wins 7 of 27, and the completed one 19.
    assert!((2..30).contains(&parents[1]), "{parents:?}");
    assert!((40..105).contains(&parents[0]), "{parents:?}");
    let standings: Vec<_> = evolution
        .algorithm()
        .population()
        .iter()
        .map(|member| member.standing())
        .collect();
    assert!(standings[2] > standings[0] && standings[0] > standings[1]);
}

#[test]
fn with_objectives_a_stopped_trial_counts_as_one_of_the_first() {
    let mut evolution = Ledger::new(
        Evolution::builder(BitsSpace { length: 8 }, FlipOneBit)
            .population(3)
            .sample(2)
            .pareto([Objective::fitness()])
            .build()
            .unwrap(),
    );
    let stopped = Outcome::Stopped {
        step: 1,
        value: 0.0,
    };
    for outcome in [stopped.clone(), stopped, Outcome::Completed(1.0.into())] {
        let trial = evolution.ask();
        evolution.tell(trial.id, &outcome).unwrap();
    }
    assert_eq!(evolution.algorithm().population().len(), 1);
    assert_eq!(evolution.ask().parent, Some(TrialId(2)));
}

#[test]
fn no_trial_is_stopped_at_its_last_step() {
    /// Stops every trial at once.
    #[derive(Debug)]
    struct Always;
    impl Stopper for Always {
        fn reported(&mut self, _: TrialId, _: u64, _: f64) -> Verdict {
            Verdict::Stop
        }
        fn ended(&mut self, _: TrialId, _: &Outcome) {}
    }
    let at_the_end = |bits: &Bits, context: &Context<'_>| {
        context.report_with_metrics(IntermediateResult::new(4, count(bits)).of(4));
        context.check_stop()?;
        ones(bits, context)
    };
    let result = Search::new(evolution(8, 1), Serial::new(at_the_end), Budget::trials(10))
        .stopper(Always)
        .run()
        .unwrap();
    let completed = |record: &TrialRecord<Bits>| record.fitness().is_some();
    assert!(result.history.records().iter().all(completed));
}
