//! The model card.

use super::source::title;
use crate::excerpt::excerpt;
use crate::network::{Cost, NetworkPlan, Stem};
use crate::training::TrainedClassifier;

/// The most class names that are written out.
const MOST_NAMES: usize = 20;

pub(super) fn card(classifier: &TrainedClassifier, plan: &NetworkPlan) -> String {
    let (genotype, config) = (classifier.network.genotype(), &plan.config);
    let cost = Cost::without_auxiliary(plan);
    let stem = match config.stem {
        Stem::Cifar => "a 3x3 convolution".to_owned(),
        Stem::ImageNet { filters } => {
            format!("a 3x3 convolution to {filters} channels and two reduction cells")
        }
    };
    let classes = (0..config.classes.min(MOST_NAMES)).map(|class| classifier.class_name(class));
    let mut classes: Vec<String> = classes.map(|name| plain(&name)).collect();
    if config.classes > MOST_NAMES {
        classes.push("…".to_owned());
    }
    format!(
        r#"---
library_name: pytorch
pipeline_tag: image-classification
tags:
- neural-architecture-search
- evonas
---

# {title}, N = {cells}, F = {filters}

A classifier of images of {channels}x{height}x{width} (channels x height x width) into {count} classes: {classes}.

| | |
|---|---|
| parameters | {parameters} |
| multiply-adds for an image | {multiply_adds} |
| stem | {stem} |
| cells | {total}: three stacks of {cells} normal cells, and a reduction cell between stacks |
| filters of the first stack | {filters} |
| drop path, lowest probability to keep | {keep} |
| dropout before the classifier | {dropout} |
| auxiliary head in training | {auxiliary} |

```sh
python model.py image.png
```

```python
import model

network = model.load()  # an nn.Module in evaluation mode; images are normalized as config.json says
```

`model.py` needs PyTorch alone (and Pillow for other images than plain PNG files).

The genotype is

```text
{genotype}
```

{words}
The cells' space is that of Zoph et al. 2018 ("Learning Transferable Architectures for Scalable Image Recognition") and
Real et al. 2018 ("Regularized Evolution for Image Classifier Architecture Search").
"#,
        title = title(genotype),
        cells = config.cells_per_stack,
        filters = config.filters,
        channels = config.image.channels,
        height = config.image.height,
        width = config.image.width,
        count = config.classes,
        classes = classes.join(", "),
        parameters = cost.parameters,
        multiply_adds = cost.multiply_adds,
        total = config.total_cells(),
        keep = config.drop_path.keep_probability,
        dropout = config.dropout,
        auxiliary = if plan.auxiliary.is_some() {
            "yes"
        } else {
            "no"
        },
        words = indented(&genotype.in_words()),
    )
}

/// Lines as a code block.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// A text that Markdown shows as it is.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for letter in excerpt(text).to_string().chars() {
        if letter.is_ascii_punctuation() && !"-_.,".contains(letter) {
            plain.push('\\');
        }
        plain.push(letter);
    }
    plain
}
