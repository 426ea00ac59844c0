//! The NASNet space through the public interface.

use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::space::CategoricalSpace;
use evonas::spaces::nasnet::{
    Branch, Cell, CellKind, HiddenStateMutation, NasnetGenotype, NasnetSpace, Operation,
    OperationMutation, PairwiseCombination, published,
};
use proptest::prelude::*;

fn genotype(seed: u64) -> NasnetGenotype {
    NasnetSpace::sp1().sample(&mut stream(seed, 0))
}

/// Every element as (cell, pair, side, branch).
fn elements(genotype: &NasnetGenotype) -> Vec<(CellKind, usize, usize, Branch)> {
    [CellKind::Normal, CellKind::Reduction]
        .into_iter()
        .flat_map(|kind| {
            let pairs = genotype.cell(kind).pairs().to_vec();
            pairs
                .into_iter()
                .enumerate()
                .flat_map(move |(pair, combination)| {
                    let branches = combination.branches();
                    (0..2).map(move |side| (kind, pair, side, branches[side]))
                })
        })
        .collect()
}

fn changes(a: &NasnetGenotype, b: &NasnetGenotype) -> Vec<(Branch, Branch)> {
    elements(a)
        .into_iter()
        .zip(elements(b))
        .filter(|(a, b)| a != b)
        .map(|(a, b)| (a.3, b.3))
        .collect()
}

proptest! {
    #[test]
    fn sampled_and_mutated_genotypes_belong_to_the_space(seed: u64) {
        let space = NasnetSpace::sp1();
        let mut rng = stream(seed, 1);
        let mut genotype = genotype(seed);
        for _ in 0..20 {
            prop_assert!(space.validate(&genotype).is_ok());
            for kind in [CellKind::Normal, CellKind::Reduction] {
                let cell = genotype.cell(kind);
                prop_assert!(Cell::new(cell.pairs().to_vec(), None).is_ok());
                prop_assert!(cell.concat().contains(&6));
            }
            genotype = space.mutation().mutate(&genotype, &mut rng);
        }
    }

    #[test]
    fn a_genotype_round_trips_through_its_choices(seed: u64, pairs in 1_usize..12) {
        for space in [NasnetSpace::sp1(), NasnetSpace::sp2()] {
            let space = space.with_pairs(pairs).unwrap();
            let genotype = space.sample(&mut stream(seed, 0));
            let choices = space.encode(&genotype);
            let counts = space.alternative_counts();
            prop_assert_eq!(choices.len(), counts.len());
            prop_assert!(choices.iter().zip(&counts).all(|(choice, count)| choice < count));
            prop_assert_eq!(space.decode(&choices), genotype);
        }
    }

    #[test]
    fn every_list_of_choices_is_a_genotype_and_round_trips(seed: u64) {
        let space = NasnetSpace::sp1();
        let mut rng = stream(seed, 0);
        let choices: Vec<usize> = space
            .alternative_counts()
            .into_iter()
            .map(|count| rng.random_range(0..count))
            .collect();
        let genotype = space.decode(&choices);
        prop_assert!(space.validate(&genotype).is_ok());
        prop_assert_eq!(space.encode(&genotype), choices);
    }

    #[test]
    fn a_hidden_state_mutation_changes_one_input_and_nothing_else(seed: u64) {
        let parent = genotype(seed);
        let child = HiddenStateMutation::default().mutate(&parent, &mut stream(seed, 1));
        let changes = changes(&parent, &child);
        prop_assert_eq!(changes.len(), 1);
        prop_assert_eq!(changes[0].0.operation, changes[0].1.operation);
        prop_assert_ne!(changes[0].0.state, changes[0].1.state);
    }

    #[test]
    fn an_operation_mutation_changes_one_operation_and_nothing_else(seed: u64) {
        let parent = genotype(seed);
        let mutation = OperationMutation::new(Operation::SP_I.to_vec());
        let child = mutation.mutate(&parent, &mut stream(seed, 1));
        let changes = changes(&parent, &child);
        prop_assert_eq!(changes.len(), 1);
        prop_assert_ne!(changes[0].0.operation, changes[0].1.operation);
        prop_assert_eq!(changes[0].0.state, changes[0].1.state);
    }

    #[test]
    fn text_and_json_parse_back(seed: u64, concat in proptest::option::of(proptest::sample::subsequence(vec![0_usize, 1, 2, 3, 4, 5, 6], 1..=7))) {
        let mut genotype = genotype(seed);
        genotype.normal = Cell::new(genotype.normal.pairs().to_vec(), concat).unwrap();
        prop_assert_eq!(&genotype.to_string().parse::<NasnetGenotype>().unwrap(), &genotype);
        let json = serde_json::to_string(&genotype).unwrap();
        prop_assert_eq!(&serde_json::from_str::<NasnetGenotype>(&json).unwrap(), &genotype);
    }

    #[test]
    fn no_text_panics_the_parser(text in "[a-z0-9@+,:./]{0,80}") {
        let _ = text.parse::<NasnetGenotype>();
    }
}

#[test]
fn a_pair_is_two_states_and_two_operations_in_the_order_of_the_controller() {
    let space = NasnetSpace::sp1();
    let counts = space.alternative_counts();
    assert_eq!(counts.len(), 40);
    assert_eq!(counts[..8], [2, 2, 8, 8, 3, 3, 8, 8]);
    assert_eq!(counts[16..24], [6, 6, 8, 8, 2, 2, 8, 8]);
    let mut choices = vec![0; 40];
    choices[16..20].copy_from_slice(&[5, 3, 7, 2]);
    let genotype = space.decode(&choices);
    let last = genotype.normal.pairs()[4];
    assert_eq!(last.left, Branch::new(space.operations()[7], 5));
    assert_eq!(last.right, Branch::new(space.operations()[2], 3));
    let declared = Cell::new(genotype.normal.pairs().to_vec(), Some(vec![2, 6])).unwrap();
    let with_list = NasnetGenotype::new(declared, genotype.reduction.clone());
    assert_eq!(space.decode(&space.encode(&with_list)), genotype);
}

#[test]
#[should_panic(expected = "conv1x1 is not an operation of this space")]
fn an_operation_of_another_space_has_no_choice() {
    NasnetSpace::sp1().encode(&published::amoebanet_b());
}

#[test]
fn mutations_may_draw_the_current_choice_only_if_allowed_to() {
    let equal = |mutation: &dyn Mutation<NasnetGenotype>| {
        (0..400)
            .filter(|&seed| {
                let parent = genotype(seed);
                mutation.mutate(&parent, &mut stream(seed, 1)) == parent
            })
            .count()
    };
    let operations = OperationMutation::new(Operation::SP_I.to_vec());
    assert_eq!(equal(&HiddenStateMutation::default()), 0);
    assert_eq!(equal(&operations), 0);
    assert!(equal(&HiddenStateMutation::default().allow_current()) > 50);
    assert!(equal(&operations.allow_current()) > 20);
}

#[test]
fn the_mutations_have_the_probabilities_of_the_paper() {
    let mutation = NasnetSpace::sp1().mutation();
    let mut rng = stream(5, 0);
    let (mut states, mut operations, mut none) = (0, 0, 0);
    for seed in 0..20_000 {
        let parent = genotype(seed % 50);
        let child = mutation.mutate(&parent, &mut rng);
        match changes(&parent, &child)[..] {
            [] => none += 1,
            [(a, b)] if a.operation == b.operation => states += 1,
            _ => operations += 1,
        }
    }
    // Four standard deviations of a binomial are 0.014 and 0.006.
    assert!((f64::from(states) / 2e4 - 0.475).abs() < 0.014, "{states}");
    assert!(
        (f64::from(operations) / 2e4 - 0.475).abs() < 0.014,
        "{operations}"
    );
    assert!((f64::from(none) / 2e4 - 0.05).abs() < 0.0062, "{none}");
}

#[test]
fn a_rewired_cell_derives_its_concat_list() {
    let parent = published::amoebanet_a();
    let child = HiddenStateMutation::default().mutate(&parent, &mut stream(0, 0));
    let derived = [CellKind::Normal, CellKind::Reduction]
        .into_iter()
        .filter(|&kind| child.cell(kind).declared_concat().is_none())
        .count();
    assert_eq!(derived, 1);
}

#[test]
fn published_cells_declare_more_states_than_are_unused() {
    let genotype = published::amoebanet_a();
    assert_eq!(genotype.normal.concat(), [1, 3, 4, 6]);
    assert_eq!(genotype.normal.unused_states(), [3, 4, 6]);
    assert_eq!(genotype.reduction.concat(), [2, 3, 4, 5, 6]);
    assert_eq!(genotype.reduction.unused_states(), [3, 5, 6]);
    assert_eq!(published::nasnet_a().reduction.concat(), [3, 4, 5, 6]);
    let derived = genotype.with_derived_concat();
    assert_eq!(derived.normal.concat(), [3, 4, 6]);
}

#[test]
fn errors_name_the_cell_and_the_pair() {
    let good = "avg3@0+max3@0,sep3@1+identity@1";
    let error = |text: &str| text.parse::<NasnetGenotype>().unwrap_err().to_string();
    assert!(error(good).contains("NORMAL/REDUCTION"));
    let message = error(&format!("{good}/sep3@0+sep3@1,sep3@3+sep3@0"));
    assert!(
        message.starts_with("reduction cell: pair 1 reads state 3"),
        "{message}"
    );
    let message = error(&format!("{good},max3@0+conv9@1/{good}"));
    assert!(
        message.starts_with("normal cell: pair 2: 'conv9' is not an operation"),
        "{message}"
    );
    assert!(error(&format!("{good}:1.9/{good}")).contains("names state 9; the last state is 3"));
    assert!(error(&format!("{good}:3.3/{good}")).contains("state 3 twice"));
    assert!(error(&format!("{good}:/{good}")).contains("concat"));
    assert!(error(&format!("{good}/avg3@0")).contains("'avg3@0' should be"));
    assert!(error(&format!("{good}/")).contains("no pairwise combination"));
    let json = r#"{"normal":{"pairs":[[["sep3",0],["sep3",5]]]},"reduction":{"pairs":[]}}"#;
    let message = serde_json::from_str::<NasnetGenotype>(json)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("normal cell: pair 0 reads state 5"),
        "{message}"
    );
    let other = PairwiseCombination::new(
        Branch::new(Operation::MinPool2x2, 0),
        Branch::new(Operation::MinPool2x2, 1),
    );
    let cell = Cell::new(vec![other; 5], None).unwrap();
    let foreign = NasnetGenotype::new(cell.clone(), cell);
    let message = NasnetSpace::sp1()
        .validate(&foreign)
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("normal cell: pair 0 applies min2"),
        "{message}"
    );
}

#[test]
fn sample_and_mutate_are_value_stable() {
    let space = NasnetSpace::sp1();
    let mut rng = stream(1, 0);
    let parent = space.sample(&mut rng);
    assert_eq!(
        parent.to_string(),
        PINNED_SAMPLE,
        "every recorded search changes with this"
    );
    let child = (0..3).fold(parent, |parent, _| {
        space.mutation().mutate(&parent, &mut rng)
    });
    assert_eq!(
        child.to_string(),
        PINNED_CHILD,
        "every recorded search changes with this"
    );
}

const PINNED_SAMPLE: &str = "sep7@1+identity@1,avg3@0+sep3@1,sep5@3+max3@3,sep7@2+sep3@3,dilsep3@0+max3@1/sep7@0+avg3@1,identity@2+sep5@2,sep7@1+sep5@1,conv1x7_7x1@0+conv1x7_7x1@3,conv1x7_7x1@4+sep3@1";
const PINNED_CHILD: &str = "sep7@1+identity@0,avg3@0+identity@1,sep5@3+max3@3,sep7@2+sep3@3,dilsep3@0+max3@1/sep7@0+avg3@1,identity@2+sep5@2,sep7@1+sep5@2,conv1x7_7x1@0+conv1x7_7x1@3,conv1x7_7x1@4+sep3@1";

#[test]
fn the_larger_spaces_have_more_operations_and_more_pairs() {
    let (sp1, sp2, sp3) = (NasnetSpace::sp1(), NasnetSpace::sp2(), NasnetSpace::sp3());
    assert_eq!((sp1.operations().len(), sp1.pairs()), (8, 5));
    assert_eq!((sp2.operations().len(), sp2.pairs()), (19, 5));
    assert_eq!((sp3.operations().len(), sp3.pairs()), (19, 10));
    for operation in sp1.operations() {
        assert!(sp2.operations().contains(operation));
    }
    for (name, _) in published::ALL {
        let genotype = published::by_name(name).unwrap();
        assert!(sp2.validate(&genotype).is_ok(), "{name}");
        assert!(sp3.validate(&genotype).is_err(), "{name}");
    }
    let own = sp2
        .with_operations(vec![Operation::Identity, Operation::MinPool2x2])
        .unwrap()
        .with_pairs(3)
        .unwrap();
    let genotype = own.sample(&mut stream(1, 0));
    assert!(own.validate(&genotype).is_ok());
    assert_eq!(genotype.normal.pairs().len(), 3);
    assert!(NasnetSpace::sp3().with_pairs(0).is_err());
    assert!(NasnetSpace::sp3().with_operations(Vec::new()).is_err());
}

#[test]
fn every_genotype_of_a_large_space_mutates_within_it() {
    let space = NasnetSpace::sp3();
    let mut rng = stream(4, 0);
    let mut genotype = space.sample(&mut rng);
    for _ in 0..200 {
        genotype = space.mutation().mutate(&genotype, &mut rng);
        assert!(space.validate(&genotype).is_ok());
    }
}
