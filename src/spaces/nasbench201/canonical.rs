//! A canonical form that isomorphic cells share.

use super::{EDGE_ENDS, EdgeOperation, NasBench201Cell};

impl NasBench201Cell {
    /// A string that all isomorphic cells share, for
    /// [`Search::duplicates_by`](crate::search::Search::duplicates_by).
    ///
    /// It equals `to_unique_str` of the benchmark's own code (`nats_bench.genotype_utils`, with
    /// `consider_zero`) character for character. A skip connection is replaced by its input, and any
    /// operation on zeros gives zeros. There are 6,466 such strings. Isomorphic cells were trained
    /// separately for the tables, so their accuracies differ slightly.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut nodes = ["0".to_owned(), String::new(), String::new(), String::new()];
        for node in 1..nodes.len() {
            let mut terms: Vec<String> = self
                .operations
                .iter()
                .zip(EDGE_ENDS)
                .filter(|&(_, (_, to))| to == node)
                .map(|(&operation, (from, _))| term(operation, &nodes[from]))
                .collect();
            terms.sort_unstable();
            nodes[node] = terms.join("+");
        }
        let [_, _, _, output] = nodes;
        output
    }
}

fn term(operation: EdgeOperation, input: &str) -> String {
    match operation {
        _ if input == "#" => "#".to_owned(),
        EdgeOperation::None => "#".to_owned(),
        EdgeOperation::SkipConnect => input.to_owned(),
        _ => format!("({input})@{}", operation.name()),
    }
}
