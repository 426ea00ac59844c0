//! Beginning with what another search found.

use evonas::algorithm::AlgorithmError;
use evonas::prelude::*;
use evonas::search::journal::read;

type Bits = Vec<bool>;

const SPACE: BitsSpace = BitsSpace { length: 6 };

fn builder() -> EvolutionBuilder<Bits> {
    Evolution::builder(SPACE, FlipOneBit)
        .population(3)
        .sample(3)
}

fn member(ones: usize) -> (Bits, Evaluation) {
    let bits = (0..6).map(|bit| bit < ones).collect();
    (
        bits,
        Evaluation::new(ones as f64).with_metric("zeros", 6.0 - ones as f64),
    )
}

#[test]
fn imported_members_are_parents_without_a_trial() {
    let evolution = builder()
        .imported([member(1), member(4), member(2)])
        .build();
    let mut ledger = Ledger::new(evolution.unwrap());
    let trial = ledger.ask();
    assert_eq!((trial.id, trial.parent), (TrialId(0), None));
    let winner = &member(4).0;
    let changed = trial.genotype.iter().zip(winner).filter(|(a, b)| a != b);
    assert_eq!(changed.count(), 1, "a neighbor of the fittest member");
    ledger
        .tell(trial.id, &Outcome::Completed(9.0.into()))
        .unwrap();
    let population = ledger.algorithm().population();
    let fitness: Vec<f64> = population.iter().map(|member| member.fitness).collect();
    assert_eq!(fitness, [4.0, 2.0, 9.0], "the oldest has left");
}

#[test]
fn with_more_imported_members_than_places_the_first_leave_and_with_fewer_random_trials_follow() {
    let members = [1, 2, 3, 4, 5].map(member);
    let evolution = builder().imported(members).build().unwrap();
    let kept = evolution.population().iter().map(|member| member.fitness);
    assert!(kept.eq([3.0, 4.0, 5.0]));
    let mut ledger = Ledger::new(builder().imported([member(6)]).build().unwrap());
    let (first, second, third) = (ledger.ask(), ledger.ask(), ledger.ask());
    let child_of_all_ones =
        |trial: &Trial<Bits>| trial.genotype.iter().filter(|&&b| b).count() == 5;
    assert!(!child_of_all_ones(&first) || !child_of_all_ones(&second));
    assert!(child_of_all_ones(&third));
}

#[test]
fn an_import_that_can_t_be_used_is_refused_by_its_index() {
    let refused = |builder: EvolutionBuilder<Bits>, reason: &str| {
        let error = builder.build().unwrap_err();
        assert!(
            matches!(error, AlgorithmError::InvalidImport { index: 1, .. }),
            "{error}"
        );
        assert!(error.to_string().contains(reason), "{error}");
    };
    let infinite = (member(1).0, Evaluation::new(f64::INFINITY));
    refused(
        builder().imported([member(1), infinite]),
        "not a finite number",
    );
    let objectives = [Objective::minimize("zeros")];
    let plain = (member(1).0, Evaluation::new(1.0));
    refused(
        builder().pareto(objectives).imported([member(1), plain]),
        "no finite metric 'zeros'",
    );
}

#[test]
fn a_journal_gives_the_genotypes_of_its_warm_start_back_and_distinguishes_imports() {
    let ones = |bits: &Bits, _: &Context<'_>| {
        Ok(Evaluation::new(
            bits.iter().filter(|&&bit| bit).count() as f64
        ))
    };
    let initial = [member(2).0, member(3).0];
    let folder = tempfile::tempdir().unwrap();
    let search = |builder: EvolutionBuilder<Bits>, trials| {
        Search::new(
            builder.build().unwrap(),
            Serial::new(ones),
            Budget::trials(trials),
        )
        .journal(Journal::open_or_create(folder.path()).unwrap())
        .run()
    };
    search(builder().initial(initial.clone()), 5).unwrap();
    let header = read::<Bits>(folder.path()).unwrap().header;
    assert_eq!(header.initial::<Bits>().unwrap(), initial);
    assert!(header.initial::<String>().is_err());
    let begun_with = header.initial::<Bits>().unwrap();
    let resumed = search(builder().initial(begun_with), 8).unwrap();
    assert_eq!(resumed.history.len(), 8);
    let error = search(builder().initial(initial).imported([member(1)]), 9).unwrap_err();
    assert!(error.to_string().contains("algorithm.imported"), "{error}");
}
