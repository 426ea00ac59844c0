//! Learning curves.

use evonas::report::LearningPlot;
use evonas::training::Epoch;

/// One line per epoch, as CSV.
pub(super) fn table(epochs: &[Epoch]) -> String {
    let mut lines = "epoch,loss,accuracy,validation_accuracy,learning_rate\n".to_owned();
    for epoch in epochs {
        let validation = epoch.validation_metric;
        let validation = validation.map_or(String::new(), |share| share.to_string());
        lines += &format!(
            "{},{},{},{validation},{}\n",
            epoch.number, epoch.loss, epoch.metric, epoch.learning_rate
        );
    }
    lines
}

pub(super) fn drawing(dataset: &str, epochs: &[Epoch], validated: bool) -> LearningPlot {
    let training = epochs.iter().map(|epoch| Some(epoch.metric));
    let plot = LearningPlot::new(epochs.iter().map(|epoch| epoch.loss))
        .title(format!("Training on {dataset}"))
        .accuracies("training", training);
    if !validated {
        return plot;
    }
    let validation = epochs.iter().map(|epoch| epoch.validation_metric);
    plot.accuracies("validation", validation)
}
