//! The NAS-Bench-201 space through the public interface.

use std::collections::HashSet;

use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::search::Duplicates;
use evonas::space::CategoricalSpace;
use evonas::spaces::nasbench201::{
    CELLS, CellTextError, EDGE_ENDS, EdgeOperation, NasBench201Cell, NasBench201Space,
    ReplaceInNode, ReplaceOperation,
};

const TEXT: &str = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|";

fn cell(text: &str) -> NasBench201Cell {
    text.parse().unwrap()
}

#[test]
fn the_official_string_is_read_and_written() {
    use EdgeOperation::{AvgPool3x3, Conv1x1, SkipConnect};
    let cell = cell(TEXT);
    assert_eq!(
        cell.operations,
        [
            AvgPool3x3,
            Conv1x1,
            SkipConnect,
            Conv1x1,
            SkipConnect,
            SkipConnect
        ]
    );
    assert_eq!(cell.to_string(), TEXT);
}

#[test]
fn every_cell_round_trips_through_its_text_json_code_and_choices() {
    let mut texts = HashSet::new();
    for (code, cell) in NasBench201Cell::all().enumerate() {
        let text = cell.to_string();
        assert_eq!(text.parse(), Ok(cell));
        assert_eq!(cell.code(), code);
        let space = NasBench201Space;
        assert_eq!(space.decode(&space.encode(&cell)), cell);
        let json = serde_json::to_string(&cell).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(
            serde_json::from_str::<NasBench201Cell>(&json).unwrap(),
            cell
        );
        texts.insert(text);
    }
    assert_eq!(texts.len(), CELLS);
    assert_eq!(NasBench201Cell::from_code(CELLS), None);
}

#[test]
fn an_invalid_text_is_refused_with_the_reason() {
    let error = |text: &str| text.parse::<NasBench201Cell>().unwrap_err();
    assert!(matches!(error(""), CellTextError::Nodes { found: 1, .. }));
    let two_nodes = "|none~0|+|none~0|none~1|";
    assert!(matches!(
        error(two_nodes),
        CellTextError::Nodes { found: 2, .. }
    ));
    let no_bar = TEXT.trim_start_matches('|');
    assert!(matches!(error(no_bar), CellTextError::Node { node: 1, .. }));
    let edge_missing = "|none~0|+|none~0|+|none~0|none~1|none~2|";
    assert!(matches!(
        error(edge_missing),
        CellTextError::Node { node: 2, .. }
    ));
    let wrong_source = TEXT.replace("skip_connect~2", "skip_connect~1");
    assert!(matches!(
        error(&wrong_source),
        CellTextError::Edge {
            node: 3,
            from: 2,
            ..
        }
    ));
    let max_pool = TEXT.replace("avg_pool_3x3", "max_pool_3x3");
    assert_eq!(
        error(&max_pool),
        CellTextError::UnknownOperation("max_pool_3x3".to_owned())
    );
    assert!(serde_json::from_str::<NasBench201Cell>("\"|none~0|\"").is_err());
}

/// The share of children that change each edge. Every child changes the operation on one edge.
fn changes(mutation: &dyn Mutation<NasBench201Cell>) -> [f64; 6] {
    let mut rng = stream(1, 0);
    let parent = cell(TEXT);
    let mut counts = [0.0; 6];
    for _ in 0..60_000 {
        let child = mutation.mutate(&parent, &mut rng);
        let changed: Vec<usize> = (0..6)
            .filter(|&edge| child.operations[edge] != parent.operations[edge])
            .collect();
        assert_eq!(changed.len(), 1);
        counts[changed[0]] += 1.0 / 60_000.0;
    }
    counts
}

#[test]
fn the_uniform_mutation_changes_every_edge_equally_often() {
    for (edge, share) in changes(&ReplaceOperation).into_iter().enumerate() {
        assert!((share - 1.0 / 6.0).abs() < 0.01, "edge {edge}: {share}");
    }
}

#[test]
fn the_mutation_of_the_scripts_draws_the_node_first() {
    for (share, (_, node)) in changes(&ReplaceInNode).into_iter().zip(EDGE_ENDS) {
        let expected = 1.0 / 3.0 / node as f64;
        assert!((share - expected).abs() < 0.01, "node {node}: {share}");
    }
}

#[test]
fn all_other_operations_are_equally_likely() {
    let mut rng = stream(2, 0);
    let parent = cell(TEXT);
    let mut counts = [0.0_f64; 5];
    for _ in 0..60_000 {
        let child = ReplaceOperation.mutate(&parent, &mut rng);
        if child.operations[0] != parent.operations[0] {
            counts[child.operations[0] as usize] += 1.0 / 10_000.0;
        }
    }
    assert_eq!(counts[EdgeOperation::AvgPool3x3 as usize], 0.0);
    for share in &counts[..4] {
        assert!((share - 0.25).abs() < 0.02, "{counts:?}");
    }
}

#[test]
fn sampling_and_mutation_are_value_stable() {
    let mut rng = stream(7, 0);
    let sampled = NasBench201Space.sample(&mut rng);
    let uniform = ReplaceOperation.mutate(&sampled, &mut rng);
    let by_node = ReplaceInNode.mutate(&sampled, &mut rng);
    assert_eq!(
        [sampled, uniform, by_node].map(NasBench201Cell::code),
        [8, 9383, 12508],
        "changing these changes every search that was ever recorded"
    );
}

#[test]
fn there_are_6466_cells_up_to_isomorphism() {
    let unique: HashSet<String> = NasBench201Cell::all()
        .map(|cell| cell.canonical())
        .collect();
    assert_eq!(unique.len(), 6466);
}

/// The expected strings come from `get_unique_str` of the `nats_bench` package (1.8).
#[test]
fn the_canonical_form_matches_the_official_code() {
    assert_eq!(
        cell(TEXT).canonical(),
        "(0)@avg_pool_3x3+(0)@avg_pool_3x3+(0)@nor_conv_1x1+(0)@nor_conv_1x1"
    );
    let with_zeros =
        "|none~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|avg_pool_3x3~1|nor_conv_3x3~2|";
    assert_eq!(
        cell(with_zeros).canonical(),
        "#+#+(#+(0)@nor_conv_1x1)@nor_conv_3x3"
    );
}

#[test]
fn isomorphic_cells_count_as_duplicates_by_their_canonical_form() {
    let score = |_: &NasBench201Cell, _: &Context<'_>| Ok(Evaluation::new(1.0));
    let evolution = Evolution::builder(NasBench201Space, ReplaceOperation)
        .population(10)
        .sample(3)
        .seed(0)
        .build()
        .unwrap();
    let result = Search::new(evolution, Serial::new(score), Budget::trials(300))
        .duplicates_by(Duplicates::Reuse, NasBench201Cell::canonical)
        .run()
        .unwrap();
    let evaluated = result
        .history
        .records()
        .iter()
        .filter(|record| record.reused.is_none());
    let forms: HashSet<String> = evaluated
        .clone()
        .map(|record| record.genotype.canonical())
        .collect();
    assert_eq!(forms.len(), evaluated.count());
    assert!(forms.len() < 300);
}
