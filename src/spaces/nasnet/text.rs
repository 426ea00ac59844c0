//! The text and JSON forms of a genotype.
//!
//! Text: `avg3@0+max3@0,sep3@1+identity@1/…:2.3.4`. Commas separate pairs, a slash separates the normal
//! from the reduction cell, and an explicit concat list follows a colon. Nothing in it needs quoting in
//! a shell. JSON: `{"normal": {"pairs": [[["avg3", 0], ["max3", 0]], …], "concat": [2, 3, 4]},
//! "reduction": …}`, with `concat` only if it is explicit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::genotype::{Branch, Cell, CellKind, NasnetGenotype, PairwiseCombination};
use super::{InvalidCell, NasnetError, Operation};

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, PairwiseCombination { left, right }) in self.pairs().iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(
                f,
                "{comma}{}@{}+{}@{}",
                left.operation, left.state, right.operation, right.state
            )?;
        }
        if let Some(concat) = self.declared_concat() {
            for (index, state) in concat.iter().enumerate() {
                write!(f, "{}{state}", if index == 0 { ":" } else { "." })?;
            }
        }
        Ok(())
    }
}

impl FromStr for Cell {
    type Err = InvalidCell;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pairs, concat) = match text.trim().split_once(':') {
            Some((pairs, concat)) => (pairs, Some(concat)),
            None => (text.trim(), None),
        };
        if pairs.is_empty() {
            return Err(InvalidCell::NoPairs);
        }
        let pairs = pairs
            .split(',')
            .enumerate()
            .map(|(index, pair)| parse_pair(index, pair.trim()))
            .collect::<Result<_, _>>()?;
        let concat = concat
            .map(|concat| {
                concat
                    .split('.')
                    .filter(|state| !concat.is_empty() || !state.is_empty())
                    .map(|state| {
                        state
                            .trim()
                            .parse()
                            .map_err(|_| InvalidCell::MalformedConcat {
                                text: state.to_owned(),
                            })
                    })
                    .collect::<Result<_, _>>()
            })
            .transpose()?;
        Self::new(pairs, concat)
    }
}

fn parse_pair(pair: usize, text: &str) -> Result<PairwiseCombination, InvalidCell> {
    let malformed = || InvalidCell::Malformed {
        pair,
        text: text.to_owned(),
    };
    let branch = |text: &str| {
        let (operation, state) = text.split_once('@').ok_or_else(malformed)?;
        Ok(Branch::new(
            known_operation(pair, operation.trim())?,
            state.trim().parse().map_err(|_| malformed())?,
        ))
    };
    let (left, right) = text.split_once('+').ok_or_else(malformed)?;
    Ok(PairwiseCombination::new(branch(left)?, branch(right)?))
}

fn known_operation(pair: usize, name: &str) -> Result<Operation, InvalidCell> {
    Operation::from_name(name).ok_or_else(|| InvalidCell::UnknownOperation {
        pair,
        name: name.to_owned(),
    })
}

impl fmt::Display for NasnetGenotype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.normal, self.reduction)
    }
}

impl FromStr for NasnetGenotype {
    type Err = NasnetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let cells: Vec<&str> = text.split('/').collect();
        let [normal, reduction] = cells[..] else {
            return Err(NasnetError::CellCount(cells.len()));
        };
        let cell = |kind, text: &str| {
            text.parse()
                .map_err(|source| NasnetError::Cell { cell: kind, source })
        };
        Ok(Self::new(
            cell(CellKind::Normal, normal)?,
            cell(CellKind::Reduction, reduction)?,
        ))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonCell {
    pairs: Vec<[(String, usize); 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    concat: Option<Vec<usize>>,
}

impl From<&Cell> for JsonCell {
    fn from(cell: &Cell) -> Self {
        let json = |branch: Branch| (branch.operation.name().to_owned(), branch.state);
        Self {
            pairs: cell
                .pairs()
                .iter()
                .map(|pair| pair.branches().map(json))
                .collect(),
            concat: cell.declared_concat().map(<[usize]>::to_vec),
        }
    }
}

impl TryFrom<JsonCell> for Cell {
    type Error = InvalidCell;

    fn try_from(json: JsonCell) -> Result<Self, Self::Error> {
        let branch = |pair, (operation, state): &(String, usize)| {
            known_operation(pair, operation).map(|operation| Branch::new(operation, *state))
        };
        let pairs = json
            .pairs
            .iter()
            .enumerate()
            .map(|(index, [left, right])| {
                Ok(PairwiseCombination::new(
                    branch(index, left)?,
                    branch(index, right)?,
                ))
            })
            .collect::<Result<_, _>>()?;
        Self::new(pairs, json.concat)
    }
}

/// The JSON form of one cell, with errors that name the cell.
macro_rules! cell_json {
    ($module:ident, $kind:expr) => {
        pub(super) mod $module {
            use super::{Cell, CellKind, JsonCell, NasnetError};
            use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

            pub(in super::super) fn serialize<S: Serializer>(
                cell: &Cell,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                JsonCell::from(cell).serialize(serializer)
            }

            pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Cell, D::Error> {
                let cell: CellKind = $kind;
                JsonCell::deserialize(deserializer)?
                    .try_into()
                    .map_err(|source| D::Error::custom(NasnetError::Cell { cell, source }))
            }
        }
    };
}

cell_json!(normal, CellKind::Normal);
cell_json!(reduction, CellKind::Reduction);
