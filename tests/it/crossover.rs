//! Children of two parents.

use evonas::algorithm::AlgorithmError;
use evonas::population::Population;
use evonas::prelude::*;
use evonas::replacement::Replacement;
use evonas::search::journal::{JournalError, read};
use evonas::search::{SearchError, TrialRecord};
use evonas::selection::Selection;
use evonas::space::Identity;
use evonas::spaces::bits::UniformCrossover;
use evonas::spaces::nasbench201::{EdgeCrossover, NasBench201Space};
use serde_json::json;

type Bits = Vec<bool>;

const SPACE: BitsSpace = BitsSpace { length: 30 };

fn builder() -> EvolutionBuilder<Bits> {
    Evolution::builder(SPACE, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(7)
}

fn ones(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    Ok(Evaluation::new(
        bits.iter().filter(|&&bit| bit).count() as f64
    ))
}

fn run(builder: EvolutionBuilder<Bits>) -> Vec<TrialRecord<Bits>> {
    let evolution = builder.build().unwrap();
    let result = Search::new(evolution, Serial::new(ones), Budget::trials(300))
        .run()
        .unwrap();
    result.history.records().to_vec()
}

#[test]
fn a_child_of_a_crossover_takes_every_bit_from_one_of_its_parents() {
    let builder = Evolution::builder(SPACE, Identity)
        .population(10)
        .sample(3)
        .crossover(UniformCrossover, 0.5);
    let records = run(builder);
    let genotype = |id: TrialId| {
        &records
            .iter()
            .find(|record| record.id == id)
            .unwrap()
            .genotype
    };
    let mut crossed = 0;
    for record in &records {
        let Some(parent) = record.parent else {
            assert_eq!(record.mate, None);
            continue;
        };
        let first = genotype(parent);
        let Some(mate) = record.mate else {
            assert_eq!(&record.genotype, first);
            continue;
        };
        crossed += 1;
        let pairs = first.iter().zip(genotype(mate));
        for (bit, (one, other)) in record.genotype.iter().zip(pairs) {
            assert!(bit == one || bit == other);
        }
    }
    assert!((100..190).contains(&crossed), "{crossed} of 290");
}

#[test]
fn the_child_of_a_crossover_is_mutated() {
    // One bit differs from both parents where they are equal.
    let records = run(builder().crossover(UniformCrossover, 1.0));
    let genotype = |id: TrialId| {
        &records
            .iter()
            .find(|record| record.id == id)
            .unwrap()
            .genotype
    };
    for record in &records[10..] {
        let first = genotype(record.parent.unwrap());
        let second = genotype(record.mate.unwrap());
        let new = (0..30).filter(|&bit| {
            record.genotype[bit] != first[bit] && record.genotype[bit] != second[bit]
        });
        assert!(new.count() <= 1);
    }
    let all_new = records[10..].iter().filter(|record| {
        record.parent == record.mate && record.genotype == *genotype(record.parent.unwrap())
    });
    assert_eq!(all_new.count(), 0, "the mutation always changes a bit");
}

#[test]
fn crossovers_are_value_stable() {
    let evolution = builder().crossover(UniformCrossover, 0.5).build().unwrap();
    let described = evolution.describe().algorithm;
    assert_eq!(
        described["crossover"],
        json!({"probability": 0.5, "crossover": {"type": "UniformCrossover"}})
    );
    let records = run(builder().crossover(UniformCrossover, 0.5));
    let mates: Vec<u64> = records.iter().filter_map(|r| r.mate).map(|m| m.0).collect();
    assert_eq!(
        mates[..8],
        [5, 3, 10, 11, 15, 16, 14, 16],
        "changing this changes every recorded search"
    );
}

#[test]
fn without_a_crossover_nothing_changes() {
    let described = builder().build().unwrap().describe().algorithm;
    assert_eq!(described.get("crossover"), None);
    for record in run(builder()) {
        assert_eq!(record.mate, None);
        assert_eq!(serde_json::to_value(&record).unwrap().get("mate"), None);
    }
}

#[test]
fn a_probability_outside_0_to_1_is_refused() {
    for probability in [-0.1, 1.1, f64::NAN] {
        let error = builder()
            .crossover(UniformCrossover, probability)
            .build()
            .unwrap_err();
        assert!(
            matches!(
                error,
                AlgorithmError::OutOfRange {
                    setting: "crossover probability",
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn the_second_parent_is_recorded_and_compared_on_resume() {
    let folder = tempfile::tempdir().unwrap();
    let search = |trials| {
        let evolution = builder().crossover(UniformCrossover, 0.5).build().unwrap();
        Search::new(evolution, Serial::new(ones), Budget::trials(trials))
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
    };
    search(50).unwrap();
    let whole = search(100).unwrap();
    let recorded = read::<Bits>(folder.path()).unwrap();
    let mates = |records: &[TrialRecord<Bits>]| -> Vec<Option<TrialId>> {
        records.iter().map(|record| record.mate).collect()
    };
    assert_eq!(
        mates(recorded.history.records()),
        mates(whole.history.records())
    );
    let straight = run(builder().crossover(UniformCrossover, 0.5));
    assert_eq!(mates(whole.history.records()), mates(&straight[..100]));
    // As JSON and back.
    for record in whole.history.records() {
        let json = serde_json::to_value(record).unwrap();
        assert_eq!(
            json.get("mate"),
            record.mate.map(|mate| json!(mate.0)).as_ref()
        );
        assert_eq!(
            &serde_json::from_value::<TrialRecord<Bits>>(json).unwrap(),
            record
        );
    }
    // Another probability is another search.
    let other = builder().crossover(UniformCrossover, 0.25).build().unwrap();
    let error = Search::new(other, Serial::new(ones), Budget::trials(100))
        .journal(Journal::open(folder.path()).unwrap())
        .run()
        .unwrap_err();
    assert!(
        matches!(&error, SearchError::Journal(JournalError::OtherSearch { difference, .. })
            if difference.path == "algorithm.crossover.probability"),
        "{error}"
    );
}

/// Says how large the samples are.
#[derive(Debug)]
struct SampleSize(std::sync::mpsc::Sender<usize>);

impl Replacement<Bits> for SampleSize {
    fn leaves(&self, _: &Population<Bits>, sample: &[u64], _: &dyn Selection<Bits>) -> usize {
        self.0.send(sample.len()).unwrap();
        0
    }
}

#[test]
fn the_replacement_sees_both_samples() {
    for (probability, size) in [(0.0, 3), (1.0, 6)] {
        let (sender, sizes) = std::sync::mpsc::channel();
        run(builder()
            .crossover(UniformCrossover, probability)
            .replacement(SampleSize(sender)));
        let sizes: Vec<usize> = sizes.iter().collect();
        assert_eq!(sizes, vec![size; 290]);
    }
}

#[test]
fn every_edge_of_a_cell_comes_from_either_parent() {
    let mut rng = stream(1, 0);
    let mut from_second = 0;
    for _ in 0..200 {
        let first = NasBench201Space.sample(&mut rng);
        let second = NasBench201Space.sample(&mut rng);
        let child = EdgeCrossover.cross(&first, &second, &mut rng);
        let parents = first.operations.iter().zip(second.operations);
        for (&operation, (&one, other)) in child.operations.iter().zip(parents) {
            assert!(operation == one || operation == other);
            from_second += usize::from(operation == other && one != other);
        }
    }
    // 1,200 edges, four fifths of which differ.
    assert!((400..560).contains(&from_second), "{from_second}");
}
