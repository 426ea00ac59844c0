//! The text form of a genotype.
//!
//! `avg3@0+max3@0,sep3@1+identity@1/…:2.3.4`: commas separate pairs, a slash separates the normal from
//! the reduction cell, and an explicit concat list follows a colon. Nothing in it needs quoting in a
//! shell.

use std::fmt;
use std::str::FromStr;

use super::cell::{Branch, Cell, PairwiseCombination};
use super::cell_kind::CellKind;
use super::error::NasnetError;
use super::genotype::NasnetGenotype;

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
    type Err = NasnetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pairs, concat) = match text.trim().split_once(':') {
            Some((pairs, concat)) => (pairs, Some(concat)),
            None => (text.trim(), None),
        };
        if pairs.is_empty() {
            return Err(NasnetError::NoPairs);
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
                            .map_err(|_| NasnetError::MalformedConcat {
                                text: state.to_owned(),
                            })
                    })
                    .collect::<Result<_, _>>()
            })
            .transpose()?;
        Self::new(pairs, concat)
    }
}

fn parse_pair(pair: usize, text: &str) -> Result<PairwiseCombination, NasnetError> {
    let malformed = || NasnetError::Malformed {
        pair,
        text: text.to_owned(),
    };
    let branch = |text: &str| {
        let (operation, state) = text.split_once('@').ok_or_else(malformed)?;
        let state = state.trim().parse().map_err(|_| malformed());
        Branch::named(pair, operation.trim(), state?)
    };
    let (left, right) = text.split_once('+').ok_or_else(malformed)?;
    Ok(PairwiseCombination::new(branch(left)?, branch(right)?))
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
                .map_err(|error: NasnetError| error.in_cell(kind))
        };
        Ok(Self::new(
            cell(CellKind::Normal, normal)?,
            cell(CellKind::Reduction, reduction)?,
        ))
    }
}
