//! The JSON form of a genotype: `{"normal": {"pairs": [[["avg3", 0], ["max3", 0]], …], "concat":
//! [2, 3, 4]}, "reduction": …}`, with `concat` only if it is explicit.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::cell::{Branch, Cell, PairwiseCombination};
use super::cell_kind::CellKind;
use super::error::NasnetError;
use super::genotype::NasnetGenotype;

#[derive(Serialize, Deserialize)]
struct JsonGenotype {
    normal: JsonCell,
    reduction: JsonCell,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonCell {
    pairs: Vec<[(String, usize); 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    concat: Option<Vec<usize>>,
}

impl Serialize for NasnetGenotype {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        JsonGenotype {
            normal: json(&self.normal),
            reduction: json(&self.reduction),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NasnetGenotype {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let JsonGenotype { normal, reduction } = JsonGenotype::deserialize(deserializer)?;
        let checked = |cell: CellKind, json| {
            checked(json).map_err(|error| <D::Error as de::Error>::custom(error.in_cell(cell)))
        };
        Ok(Self::new(
            checked(CellKind::Normal, normal)?,
            checked(CellKind::Reduction, reduction)?,
        ))
    }
}

fn json(cell: &Cell) -> JsonCell {
    let branch = |branch: Branch| (branch.operation.name().to_owned(), branch.state);
    JsonCell {
        pairs: cell
            .pairs()
            .iter()
            .map(|pair| pair.branches().map(branch))
            .collect(),
        concat: cell.declared_concat().map(<[usize]>::to_vec),
    }
}

fn checked(json: JsonCell) -> Result<Cell, NasnetError> {
    let branch =
        |pair, (operation, state): &(String, usize)| Branch::named(pair, operation, *state);
    let pairs = json
        .pairs
        .iter()
        .enumerate()
        .map(|(pair, [left, right])| {
            Ok(PairwiseCombination::new(
                branch(pair, left)?,
                branch(pair, right)?,
            ))
        })
        .collect::<Result<_, _>>()?;
    Cell::new(pairs, json.concat)
}
