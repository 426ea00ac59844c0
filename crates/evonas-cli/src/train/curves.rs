//! Learning curves.

use evonas::report::LearningCurves;
use evonas::training::Epoch;

/// One line per epoch, as CSV.
pub(super) fn table(epochs: &[Epoch]) -> String {
    let mut lines = "epoch,loss,accuracy,validation_accuracy,learning_rate\n".to_owned();
    for epoch in epochs {
        let validation = epoch.validation_accuracy;
        let validation = validation.map_or(String::new(), |share| share.to_string());
        lines += &format!(
            "{},{},{},{validation},{}\n",
            epoch.number, epoch.loss, epoch.accuracy, epoch.learning_rate
        );
    }
    lines
}

pub(super) fn drawing(dataset: &str, epochs: &[Epoch], validated: bool) -> LearningCurves {
    let mut accuracies = vec![(
        "training".to_owned(),
        epochs.iter().map(|epoch| Some(epoch.accuracy)).collect(),
    )];
    if validated {
        let measured = epochs.iter().map(|epoch| epoch.validation_accuracy);
        accuracies.push(("validation".to_owned(), measured.collect()));
    }
    LearningCurves {
        title: format!("Training on {dataset}"),
        losses: epochs.iter().map(|epoch| epoch.loss).collect(),
        accuracies,
    }
}
