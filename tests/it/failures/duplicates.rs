//! Genotypes that are refused, or come up more than once.

use super::*;

#[test]
fn constraints_are_checked_before_a_trial_is_spent() {
    let even = |bits: &Bits| match count(bits) as u64 % 2 {
        0 => Ok(()),
        odd => Err(format!("{odd} bit too many")),
    };
    let folder = tempfile::tempdir().unwrap();
    let search = |trials| {
        Search::new(evolution(8, 1), Serial::new(ones), Budget::trials(trials))
            .constraint(even)
            .constraint(|bits: &Bits| match bits[0] && bits[1] && bits[2] {
                true => panic!("a predicate that breaks on some"),
                false => Ok(()),
            })
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
    };
    // Children differ by one bit, so no child of an even parent is even.
    let Err(SearchError::TooManyRefused {
        trial,
        refused: 1000,
        drawn: 1000,
        reason,
    }) = search(50)
    else {
        panic!("children can't fulfill the constraint");
    };
    assert_eq!(trial, TrialId(10));
    assert!(
        reason == "1 bit too many" || reason.contains("breaks on some"),
        "{reason}"
    );
    // Refused genotypes cost nothing: the numbers have no gaps.
    let recorded = read::<Bits>(folder.path()).unwrap();
    let ids: Vec<u64> = recorded.history.records().iter().map(|r| r.id.0).collect();
    assert_eq!(ids, (0..10).collect::<Vec<_>>());
    assert!(
        recorded
            .history
            .records()
            .iter()
            .all(|r| count(&r.genotype) % 2.0 == 0.0)
    );
    // A resume finds the recorded trials again after the refused draws, and ends as before.
    assert!(matches!(
        search(50),
        Err(SearchError::TooManyRefused { .. })
    ));
    assert_eq!(
        search(10).unwrap().history.records(),
        recorded.history.records()
    );
}

#[test]
fn a_predicate_that_refuses_everything_is_an_error_with_numbers() {
    let error = Search::new(evolution(8, 1), Serial::new(ones), Budget::trials(50))
        .constraint(|bits: &Bits| Err(format!("{} bits are too many", bits.len())))
        .max_refused(25)
        .run()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the constraints refused 25 of 25 genotypes drawn for trial 0; the last: 8 bits are too many"
    );
}

/// Runs with a policy; returns the records and how many evaluations there were.
fn with_duplicates(
    policy: Duplicates,
    trials: u64,
    folder: Option<&std::path::Path>,
) -> (Vec<evonas::search::TrialRecord<Bits>>, u64) {
    let evaluations = Arc::new(AtomicU64::new(0));
    let counter = evaluations.clone();
    let noisy = move |bits: &Bits, context: &Context<'_>| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(Evaluation::new(
            count(bits) + context.rng(0).random::<f64>(),
        ))
    };
    let mut search =
        Search::new(evolution(5, 1), Serial::new(noisy), Budget::trials(trials)).duplicates(policy);
    if let Some(folder) = folder {
        search = search.journal(Journal::open_or_create(folder).unwrap());
    }
    let result = search.run().unwrap();
    (
        result.history.records().to_vec(),
        evaluations.load(Ordering::Relaxed),
    )
}

#[test]
fn duplicates_are_evaluated_again_unless_a_policy_says_otherwise() {
    assert_eq!(with_duplicates(Duplicates::Allow, 100, None).1, 100);

    let (records, evaluations) = with_duplicates(Duplicates::Reuse, 100, None);
    let distinct: HashSet<&Bits> = records.iter().map(|record| &record.genotype).collect();
    assert_eq!(records.len(), 100);
    assert_eq!(evaluations, distinct.len() as u64);
    for record in &records {
        let first = records
            .iter()
            .find(|other| other.genotype == record.genotype)
            .unwrap();
        let expected = (first.id != record.id).then_some(first.id);
        assert_eq!(record.reused, expected);
        assert_eq!(record.attempts, u32::from(expected.is_none()));
        assert_eq!(record.fitness(), first.fitness());
    }

    let (records, evaluations) = with_duplicates(Duplicates::Average, 100, None);
    assert_eq!(evaluations, 100);
    for (index, record) in records.iter().enumerate() {
        let measured: Vec<f64> = records[..=index]
            .iter()
            .filter(|other| other.genotype == record.genotype)
            .map(|other| other.metric(MEASURED_FITNESS).or(other.fitness()).unwrap())
            .collect();
        let mean = measured.iter().sum::<f64>() / measured.len() as f64;
        assert!((record.fitness().unwrap() - mean).abs() < 1e-12);
        let evaluations = record.metric(EVALUATIONS).unwrap_or(1.0);
        assert_eq!(evaluations, measured.len() as f64);
    }

    let (records, _) = with_duplicates(Duplicates::Redraw(200), 32, None);
    let distinct: HashSet<&Bits> = records.iter().map(|record| &record.genotype).collect();
    assert!(distinct.len() >= 25, "{} of 32 genotypes", distinct.len());
    let ids: Vec<u64> = records.iter().map(|record| record.id.0).collect();
    assert_eq!(ids, (0..32).collect::<Vec<_>>());
}

#[test]
fn every_policy_survives_a_resume() {
    for policy in [
        Duplicates::Reuse,
        Duplicates::Average,
        Duplicates::Redraw(3),
    ] {
        let (whole, _) = with_duplicates(policy, 60, None);
        let folder = tempfile::tempdir().unwrap();
        for trials in [15, 33, 60] {
            let (part, _) = with_duplicates(policy, trials, Some(folder.path()));
            for (ours, theirs) in part.iter().zip(&whole) {
                assert_eq!(
                    (&ours.genotype, ours.reused, &ours.outcome),
                    (&theirs.genotype, theirs.reused, &theirs.outcome),
                    "{policy:?}"
                );
            }
        }
        // Cut after any line, it resumes as if it had not been cut.
        let file = folder.path().join("journal.jsonl");
        let journal = std::fs::read_to_string(&file).unwrap();
        for (end, _) in journal.match_indices('\n') {
            std::fs::write(&file, &journal[..=end]).unwrap();
            let (again, _) = with_duplicates(policy, 60, Some(folder.path()));
            let essence = |record: &evonas::search::TrialRecord<Bits>| {
                (
                    record.id,
                    record.reused,
                    record.attempts,
                    record.outcome.clone(),
                )
            };
            assert!(
                again.iter().map(essence).eq(whole.iter().map(essence)),
                "{policy:?} {end}"
            );
        }
    }
}

#[test]
fn figures_too_large_to_add_still_have_an_average() {
    let folder = tempfile::tempdir().unwrap();
    for trials in [40, 80] {
        let huge = |bits: &Bits, context: &Context<'_>| {
            let sign = if context.seed() % 2 == 0 { 1.0 } else { -1.0 };
            let large = if bits[0] { f64::MAX } else { f64::MAX * sign };
            Ok(Evaluation::new(large))
        };
        let result = Search::new(evolution(2, 1), Serial::new(huge), Budget::trials(trials))
            .duplicates(Duplicates::Average)
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
            .unwrap();
        assert_eq!(result.history.failed(), 0);
        for record in result.history.records() {
            let fitness = record.fitness().unwrap();
            // The mean of equal values is that value.
            assert!(!record.genotype[0] || fitness == f64::MAX, "{record:?}");
        }
        let means = result.history.records().iter().filter_map(|r| r.fitness());
        assert!(means.clone().any(|fitness| fitness.abs() < 0.5 * f64::MAX));
    }
}

#[test]
fn the_stop_signal_ends_a_search_that_finds_nothing_to_try() {
    let stop = StopSignal::new();
    let (signal, draws) = (stop.clone(), Arc::new(AtomicU64::new(0)));
    let seen = draws.clone();
    let folder = tempfile::tempdir().unwrap();
    let executor = Serial::with_stop_signal(ones, &stop);
    let result = Search::new(evolution(8, 1), executor, Budget::trials(50))
        .constraint(move |_: &Bits| {
            if seen.fetch_add(1, Ordering::Relaxed) + 1 == 40 {
                signal.stop();
            }
            Err("too large".to_owned())
        })
        .max_refused(u64::MAX)
        .journal(Journal::create(folder.path()).unwrap())
        .run()
        .unwrap();
    assert_eq!(result.termination, Termination::Stopped);
    assert_eq!(draws.load(Ordering::Relaxed), 40);
    // Nothing of it is on record: the search starts over.
    let result = Search::new(evolution(8, 1), Serial::new(ones), Budget::trials(50))
        .journal(Journal::open(folder.path()).unwrap())
        .run()
        .unwrap();
    assert_eq!(result.history.len(), 50);
}

#[test]
fn the_time_ends_a_search_that_finds_nothing_to_try() {
    let budget = Budget::trials(50).wall_time(Duration::from_millis(100));
    let search = || Search::new(evolution(2, 1), Serial::new(ones), budget);
    let refusing = search()
        .constraint(|_: &Bits| {
            std::thread::sleep(Duration::from_millis(1));
            Err("too large".to_owned())
        })
        // Enough to end the test if the time does not.
        .max_refused(5000);
    // Two bits have four forms.
    let redrawing = search().duplicates(Duplicates::Redraw(u32::MAX));
    for (search, most) in [(refusing, 0), (redrawing, 4)] {
        let start = Instant::now();
        let result = search.run().unwrap();
        assert_eq!(result.termination, Termination::WallTime);
        assert!(result.history.len() <= most, "{}", result.history.len());
        assert!(start.elapsed() < Duration::from_secs(4));
    }
}

#[test]
fn a_canonical_form_says_what_is_equal() {
    let evaluations = Arc::new(AtomicU64::new(0));
    let counter = evaluations.clone();
    let evaluator = move |bits: &Bits, context: &Context<'_>| {
        counter.fetch_add(1, Ordering::Relaxed);
        ones(bits, context)
    };
    Search::new(
        evolution(12, 1),
        Serial::new(evaluator),
        Budget::trials(300),
    )
    .duplicates_by(Duplicates::Reuse, |bits: &Bits| count(bits) as u64)
    .run()
    .unwrap();
    assert!(evaluations.load(Ordering::Relaxed) <= 13);
}

#[test]
fn a_search_counts_the_evaluations_that_it_saved_and_a_resumed_one_counts_the_same() {
    let run = |folder: &std::path::Path, policy, trials| {
        let evolution = evolution(4, 5);
        Search::new(evolution, Serial::new(ones), Budget::trials(trials))
            .journal(Journal::open_or_create(folder).unwrap())
            // What a constraint refuses isn't a repeat.
            .constraint(|bits: &Bits| match bits[0] {
                true => Err("it begins with a one".to_owned()),
                false => Ok(()),
            })
            .duplicates(policy)
            .run()
            .unwrap()
            .evaluations_saved
    };
    for (policy, recorded) in [
        (Duplicates::Allow, serde_json::Value::Null),
        (Duplicates::Reuse, "reuse".into()),
        (Duplicates::Average, "average".into()),
        (Duplicates::Redraw(3), serde_json::json!({"redraw": 3})),
    ] {
        let [whole, parts] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let saved = run(whole.path(), policy, 60);
        for trials in [20, 40, 60] {
            let so_far = run(parts.path(), policy, trials);
            assert_eq!(so_far == saved, trials == 60 || saved == 0, "{policy:?}");
        }
        let saves = matches!(policy, Duplicates::Reuse | Duplicates::Redraw(_));
        assert_eq!(saved > 0, saves, "{policy:?}: {saved}");
        if policy == Duplicates::Reuse {
            let records = read::<Bits>(whole.path()).unwrap().history;
            let reused = records.records().iter().filter(|r| r.reused.is_some());
            assert_eq!(saved, reused.count() as u64);
        }
        // The header says which policy it was, so that a search can go on as it began.
        let text = std::fs::read_to_string(whole.path().join("journal.jsonl")).unwrap();
        let header: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(header["duplicates"], recorded);
        assert_eq!(header.get("duplicates").is_some(), !recorded.is_null());
        let read = read::<Bits>(whole.path()).unwrap();
        assert_eq!(read.header.duplicates, policy);
    }
}
