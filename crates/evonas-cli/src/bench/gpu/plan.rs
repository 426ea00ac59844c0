//! What is checked, in which order.

use clap::ValueEnum;

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(super) enum Section {
    /// Compare every operation and whole networks with the CPU
    Parity,
    /// Time steps in both precisions, recorded and taken, beside PyTorch's, and say what memory they take
    Steps,
    /// Run 1 to 8 trials at the same time
    Workers,
    /// Fill the device's memory
    Memory,
    /// Train AmoebaNet-A on CIFAR-10
    Training,
    /// Search for a given time
    Search,
}

/// A part of a section.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    /// What has to be known first.
    First,
    /// What can wait.
    Rest,
}

impl Section {
    pub(super) const ALL: [Self; 6] = [
        Self::Parity,
        Self::Steps,
        Self::Workers,
        Self::Memory,
        Self::Training,
        Self::Search,
    ];

    /// Its name as an option's value.
    pub(super) fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// Everything, the most important first: the time may end before.
pub(super) const PLAN: [(Section, Part); 8] = [
    (Section::Parity, Part::First),
    (Section::Steps, Part::First),
    (Section::Workers, Part::First),
    (Section::Memory, Part::First),
    (Section::Training, Part::First),
    (Section::Steps, Part::Rest),
    (Section::Parity, Part::Rest),
    (Section::Search, Part::First),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_planned() {
        for section in Section::ALL {
            assert!(PLAN.contains(&(section, Part::First)), "{section:?}");
        }
    }
}
