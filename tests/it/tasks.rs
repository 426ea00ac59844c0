//! Tasks of your own under the trainer: losses, metrics, fitness, optimizers, checkpoints.
use std::collections::BTreeMap;
use std::error::Error;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{AdaGradConfig, LionConfig};
use burn::tensor::{Device, Tensor, TensorData};
use evonas::network::TrainingPass;
use evonas::prelude::*;
use evonas::training::{
    CheckpointError, CustomOptimizer, OptimizerSettings, StepLoss, Task, Training, TrainingError,
};
use evonas::trial::Metrics;
use serde_json::json;

#[derive(Module, Debug)]
struct Line {
    layer: Linear,
}

fn line() -> Line {
    let layer = LinearConfig::new(1, 1).init(&Device::flex().autodiff());
    draw_weights(Line { layer }, &mut stream(3, 0))
}

/// `y = 3 x - 1` at so many points.
#[derive(Clone)]
struct Points {
    count: usize,
    /// Whether its metrics are infinite.
    broken: bool,
}

impl Points {
    fn batch_of(&self, examples: &[usize]) -> [Tensor<2>; 2] {
        let x = |example: usize| example as f32 / self.count as f32 * 2.0 - 1.0;
        let column = |value: fn(f32) -> f32| {
            let values: Vec<f32> = examples.iter().map(|&example| value(x(example))).collect();
            Tensor::from_data(
                TensorData::new(values, [examples.len(), 1]),
                &Device::flex(),
            )
        };
        [column(|x| x), column(|x| 3.0 * x - 1.0)]
    }
}

impl Task<Line> for Points {
    type Batch = [Tensor<2>; 2];

    fn examples(&self) -> usize {
        self.count
    }

    fn metrics(&self) -> Vec<Objective> {
        vec![Objective::minimize("rmse"), Objective::minimize("mae")]
    }

    fn batch(&self, examples: &[usize]) -> [Tensor<2>; 2] {
        self.batch_of(examples)
    }

    fn loss(
        &self,
        network: &Line,
        [x, y]: [Tensor<2>; 2],
        _: &TrainingConfig,
        _: &mut TrainingPass<'_>,
    ) -> StepLoss {
        let errors = network.layer.forward(x) - y;
        let totals = totals_of(errors.clone().inner());
        StepLoss::new(errors.square().mean(), totals)
    }

    fn totals(&self, network: &Line, [x, y]: [Tensor<2>; 2]) -> Tensor<1> {
        let totals = totals_of(network.layer.forward(x) - y);
        match self.broken {
            true => totals / 0.0,
            false => totals,
        }
    }

    fn values(&self, totals: &[f64], examples: usize) -> Vec<f64> {
        let mean = |place: usize| totals[place] / examples as f64;
        vec![mean(0).sqrt(), mean(1)]
    }

    fn check(&self, config: &TrainingConfig) -> Result<(), TrainingError> {
        match config.label_smoothing > 0.0 {
            true => Err(TrainingError::InvalidSetting {
                setting: "label smoothing",
                value: config.label_smoothing,
                allowed: "0 for points",
            }),
            false => Ok(()),
        }
    }
}

fn totals_of(errors: Tensor<2>) -> Tensor<1> {
    let squares = errors.clone().square().sum();
    Tensor::cat(vec![squares, errors.abs().sum()], 0)
}

fn points() -> Points {
    Points {
        count: 40,
        broken: false,
    }
}

fn all() -> Vec<usize> {
    (0..40).collect()
}

fn config() -> TrainingConfig {
    TrainingConfig::default().epochs(8).batch_size(10)
}

fn weights(line: &Line) -> Vec<f32> {
    let layer = line.valid().layer;
    let bias = layer.bias.expect("it has one").val();
    let mut values: Vec<f32> = layer.weight.val().into_data().try_to_vec().unwrap();
    values.extend(bias.into_data().try_to_vec::<f32>().unwrap());
    values
}

#[test]
fn a_task_is_trained_and_its_first_metric_is_what_an_epoch_reports() {
    let trainer = Trainer::new(config().epochs(30)).unwrap();
    let mut training = Training::new(line(), &trainer, 0);
    while !training.is_over() {
        training
            .next_epoch(&points(), &all(), &mut Progress::ignore)
            .unwrap();
    }
    let epochs = training.epochs();
    // The last step's loss is the square of the epoch's error, for all of its steps alike.
    let last = epochs.last().unwrap();
    assert!((last.loss.sqrt() - last.metric).abs() < 1e-6, "{last:?}");
    assert!(epochs[0].metric > 10.0 * last.metric, "{epochs:?}");
    let error = trainer
        .evaluate(&training.network(), &points(), &all())
        .unwrap();
    assert!(error < 0.05, "{error}");
    assert_eq!(training.validate(&points(), &all()).unwrap(), error);
    assert_eq!(
        training.epochs().last().unwrap().validation_metric,
        Some(error)
    );
}

#[test]
fn metrics_are_those_of_the_whole_set_whatever_the_batches() {
    let network = line();
    let measured = |batch| {
        let trainer = Trainer::new(config().batch_size(batch)).unwrap();
        trainer
            .metrics_watched(&network, &points(), &all(), &mut Progress::ignore)
            .unwrap()
    };
    let [weight, bias] = weights(&network)[..] else {
        panic!("a line has two parameters")
    };
    let errors: Vec<f64> = (0..40)
        .map(|example| {
            let x = f64::from(example) / 20.0 - 1.0;
            f64::from(weight) * x + f64::from(bias) - (3.0 * x - 1.0)
        })
        .collect();
    let mean = |of: fn(f64) -> f64| errors.iter().map(|&error| of(error)).sum::<f64>() / 40.0;
    let wanted = [mean(|error| error * error).sqrt(), mean(f64::abs)];
    for batch in [7, 10, 40] {
        for (found, wanted) in measured(batch).into_iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
        }
    }
}

/// Adam's first step has the length of the learning rate, whatever the gradient.
#[test]
fn adam_steps_by_the_rate_at_first_and_decoupled_decay_shrinks_the_weights() {
    let step = |optimizer, weight_decay| {
        let config = config()
            .optimizer(optimizer)
            .weight_decay(weight_decay)
            .decay_all(true);
        let trainer = Trainer::new(config).unwrap();
        let network = line();
        let before = weights(&network);
        let mut learner = evonas::training::Learner::new(network, &trainer);
        let (mut rng, points) = (stream(0, 0), points());
        let mut pass = TrainingPass::new(0.0, &mut rng);
        let batch = points.batch_of(&[30, 35]);
        let _ = learner.step(&points, batch, &mut pass, 0.01);
        let after = weights(&learner.network());
        before.into_iter().zip(after).collect::<Vec<_>>()
    };
    for (before, after) in step(OptimizerSettings::ADAM, 0.0) {
        assert!(((after - before).abs() - 0.01).abs() < 1e-5);
    }
    let plain = step(OptimizerSettings::ADAM_W, 0.0);
    let decayed = step(OptimizerSettings::ADAM_W, 0.5);
    for ((before, plain), (_, decayed)) in plain.into_iter().zip(decayed) {
        assert!((plain - decayed - 0.01 * 0.5 * before).abs() < 1e-6);
    }
}

#[test]
fn clipping_weight_decay_is_refused_where_it_is_no_part_of_the_gradient() {
    let config = config()
        .optimizer(OptimizerSettings::ADAM_W)
        .gradient_clipping(1.0)
        .clip_weight_decay(true);
    let error = Trainer::new(config).unwrap_err().to_string();
    assert!(error.contains("AdamW"), "{error}");
    let config = TrainingConfig::default().optimizer(OptimizerSettings::Adam {
        beta_1: 0.9,
        beta_2: 1.0,
        epsilon: 1e-8,
    });
    let error = Trainer::new(config).unwrap_err().to_string();
    assert!(error.contains("second beta of Adam is 1"), "{error}");
}

fn lion() -> CustomOptimizer {
    CustomOptimizer::new("lion", |decay| {
        LionConfig::new().with_weight_decay(decay as f32).build()
    })
}

#[test]
fn a_training_with_any_optimizer_resumes_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let subject = json!("a line");
    let adagrad = CustomOptimizer::new(json!({"adagrad": {"epsilon": 1e-10}}), |_| {
        AdaGradConfig::new().build()
    });
    let config = config()
        .moving_average(0.9)
        .gradient_clipping(1.0)
        .learning_rate(0.01);
    let plain = |optimizer| Trainer::new(config.clone().optimizer(optimizer)).unwrap();
    let trainers = [
        plain(OptimizerSettings::ADAM),
        plain(OptimizerSettings::ADAM_W),
        Trainer::new(config.clone()).unwrap().with_optimizer(lion()),
        Trainer::new(config.clone())
            .unwrap()
            .with_optimizer(adagrad),
    ];
    let mut ends = BTreeMap::new();
    for trainer in trainers {
        let epochs = |mut training: Training<Line>, count| {
            for _ in 0..count {
                training
                    .next_epoch(&points(), &all(), &mut Progress::ignore)
                    .unwrap();
            }
            training
        };
        let whole = epochs(Training::new(line(), &trainer, 5), 8);
        let half = epochs(Training::new(line(), &trainer, 5), 3);
        half.save(&path, &subject).unwrap();
        let resumed = Training::resume(&path, line(), &trainer, 5, &subject).unwrap();
        let resumed = epochs(resumed, 5);
        let bits = |training: &Training<Line>| -> Vec<u32> {
            let weights = weights(&training.network());
            weights.into_iter().map(f32::to_bits).collect()
        };
        assert_eq!(bits(&whole), bits(&resumed), "{trainer:?}");
        assert_eq!(whole.epochs(), resumed.epochs());
        ends.insert(bits(&whole), ());
    }
    assert_eq!(ends.len(), 4, "each optimizer has an effect");
}

#[test]
fn another_optimizer_does_not_resume_a_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let subject = json!("a line");
    let with_lion = Trainer::new(config()).unwrap().with_optimizer(lion());
    let training = Training::new(line(), &with_lion, 5);
    training.save(&path, &subject).unwrap();
    let plain = Trainer::new(config()).unwrap();
    let error = Training::resume(&path, line(), &plain, 5, &subject).unwrap_err();
    assert!(
        matches!(error, CheckpointError::OtherTraining { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("lion"), "{error}");
    assert!(Training::resume(&path, line(), &with_lion, 5, &subject).is_ok());
}

/// Every genotype is the same network.
struct AlwaysALine;

impl Decoder<Vec<bool>> for AlwaysALine {
    type Network = Line;

    fn decode(
        &self,
        _: &Vec<bool>,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<Line, Box<dyn Error + Send + Sync>> {
        let layer = LinearConfig::new(1, 1).init(device);
        Ok(draw_weights(Line { layer }, rng))
    }
}

fn evaluated<H: evonas::training::TrainingHook<Line>>(
    task: Points,
    hook: H,
) -> Result<Evaluation, EvaluationError> {
    let trainer = Trainer::new(config().batch_size(8)).unwrap();
    let evaluator = TrainingEvaluator::of_task(AlwaysALine, trainer, &Device::flex(), task)
        .validation_fraction(0.25)
        .hook(hook)
        .build()
        .unwrap();
    assert_eq!(evaluator.split_sizes(), (30, 10));
    let stop = StopSignal::new();
    let context = Context::new(TrialId(0), 1, 0, &stop, &|_| ());
    evaluator.evaluate(&vec![true], &context)
}

#[test]
fn the_fitness_of_a_task_is_its_first_metric_with_its_sign_and_all_metrics_are_recorded() {
    let evaluation = evaluated(points(), ()).unwrap();
    let rmse = evaluation.metrics.get("rmse").unwrap();
    assert_eq!(evaluation.fitness, -rmse);
    assert!(evaluation.metrics.get("mae").unwrap() <= rmse);
    assert_eq!(evaluation.metrics.get("parameters"), Some(2.0));
}

#[test]
fn a_trained_network_is_measured_within_its_evaluation() {
    let evaluation = evaluated(points(), |network: &Line, context: &Context<'_>| {
        let mut metrics = Metrics::new();
        let slope = f64::from(weights(network)[0]);
        metrics.insert("slope", slope);
        metrics.insert("trial", context.trial().0 as f64);
        Ok(metrics)
    })
    .unwrap();
    let slope = evaluation.metrics.get("slope").unwrap();
    assert!((slope - 3.0).abs() < 0.5, "{slope}");
    assert_eq!(evaluation.metrics.get("trial"), Some(0.0));
    let refused = evaluated(points(), |_: &Line, _: &Context<'_>| {
        Err(EvaluationError::Infeasible("too steep".to_owned()))
    });
    assert!(matches!(refused, Err(EvaluationError::Infeasible(reason)) if reason == "too steep"));
}

#[test]
fn a_metric_that_is_not_finite_fails_the_trial_and_settings_that_do_not_suit_the_task_are_refused()
{
    let broken = Points {
        broken: true,
        ..points()
    };
    let error = evaluated(broken, ()).unwrap_err().to_string();
    assert!(error.contains("not finite"), "{error}");
    let trainer = Trainer::new(config().batch_size(8).label_smoothing(0.1)).unwrap();
    let builder = TrainingEvaluator::of_task(AlwaysALine, trainer, &Device::flex(), points());
    let error = builder.build().unwrap_err().to_string();
    assert!(error.contains("label smoothing"), "{error}");
    let trainer = Trainer::new(config().batch_size(41)).unwrap();
    let network = line();
    let error = trainer
        .train(network, &points(), &all(), 0, &mut Progress::ignore)
        .unwrap_err();
    assert_eq!(
        error,
        TrainingError::BatchTooLarge {
            batch_size: 41,
            examples: 40
        }
    );
}

/// Pictures of two halves, either of which may be lit, with noise.
fn lit_halves(count: usize) -> evonas::training::images::MultiLabelImages {
    let mut rng = stream(8, 0);
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let lit: [bool; 2] = [rng.random(), rng.random()];
        pixels.extend((0..64).map(|place| {
            let noise = rng.random_range(0..40);
            if lit[place % 8 / 4] {
                180 + noise
            } else {
                noise
            }
        }));
        labels.push((0..2).filter(|&half| lit[half]).collect());
    }
    let shape = ImageShape::gray(8, 8);
    evonas::training::images::MultiLabelImages::new(shape, 2, pixels, labels).unwrap()
}

#[test]
fn a_cell_network_learns_several_labels_for_each_image() {
    let images = lit_halves(160);
    let device = Device::flex();
    let task = evonas::training::MultiLabelTask::new(&images, &images, &device);
    let config = NetworkConfig::new(images.shape(), 2)
        .cells_per_stack(1)
        .filters(4);
    let trainer = Trainer::new(TrainingConfig::default().epochs(4).batch_size(16)).unwrap();
    let evaluator = TrainingEvaluator::of_task(CellDecoder::new(config), trainer, &device, task)
        .build()
        .unwrap();
    let stop = StopSignal::new();
    let context = Context::new(TrialId(0), 3, 0, &stop, &|_| ());
    let evaluation = evaluator
        .evaluate(&published::amoebanet_a(), &context)
        .unwrap();
    let figure = |name| evaluation.metrics.get(name).unwrap();
    assert!(evaluation.fitness > 0.9, "{evaluation:?}");
    // F1 is the harmonic mean of the two.
    let (precision, recall) = (figure("precision"), figure("recall"));
    let f1 = 2.0 * precision * recall / (precision + recall);
    assert!((evaluation.fitness - f1).abs() < 1e-12, "{evaluation:?}");
}
