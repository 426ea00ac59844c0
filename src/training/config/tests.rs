//! Settings and the learning rates that follow from them.

use super::*;
use crate::network::NetworkConfig;

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

#[test]
fn the_cosine_falls_from_the_rate_to_nothing() {
    let config = TrainingConfig::default().epochs(4);
    assert!(close(config.learning_rate_at(0, 10), 0.1));
    assert!(close(config.learning_rate_at(20, 10), 0.05));
    assert!(config.learning_rate_at(39, 10) < 0.001);
}

#[test]
fn the_warm_up_rises_linearly_and_the_schedule_follows_it() {
    let config = TrainingConfig::default().epochs(2).warm_up_epochs(0.5);
    assert!(close(config.learning_rate_at(0, 8), 0.025));
    assert!(close(config.learning_rate_at(3, 8), 0.1));
    assert!(close(config.learning_rate_at(4, 8), 0.1));
    // Half of the twelve steps after the warm-up.
    assert!(close(config.learning_rate_at(10, 8), 0.05));
}

#[test]
fn a_warm_up_with_a_floor_begins_at_it() {
    let config = TrainingConfig::default()
        .epochs(2)
        .warm_up_epochs(0.5)
        .warm_up_floor(1e-4);
    assert!(close(config.learning_rate_at(0, 8), 1e-5));
    assert!(close(config.learning_rate_at(3, 8), 0.075));
    assert!(close(config.learning_rate_at(4, 8), 0.1));
    let config = config.warm_up_floor(None);
    assert!(close(config.learning_rate_at(0, 8), 0.025));
}

#[test]
fn presets_run_as_the_released_programs() {
    let imagenet = TrainingConfig::imagenet();
    assert_eq!(
        (imagenet.warm_up_epochs, imagenet.warm_up_floor),
        (3.0, Some(1e-4))
    );
    assert!(imagenet.clip_weight_decay && TrainingConfig::cifar().clip_weight_decay);
    let plain = NetworkConfig::cifar();
    for (preset, unbiased) in [
        (Preset::Search, false),
        (Preset::Cifar, true),
        (Preset::ImageNet, true),
    ] {
        let config = preset.network(plain.clone());
        assert_eq!(config.batch_norm.unbiased_variance, unbiased);
    }
}

#[test]
fn exponential_steps_fall_at_once_and_no_lower_than_allowed() {
    let config = TrainingConfig::default()
        .epochs(9)
        .schedule(Schedule::Exponential {
            factor: 0.5,
            every_epochs: 2.0,
            lowest: 0.2,
        });
    assert!(close(config.learning_rate_at(7, 4), 0.1));
    assert!(close(config.learning_rate_at(8, 4), 0.05));
    assert!(close(config.learning_rate_at(16, 4), 0.025));
    assert!(close(config.learning_rate_at(24, 4), 0.02));
}

#[test]
fn the_refusal_of_an_infinite_setting_asks_for_a_finite_one() {
    let config = TrainingConfig::default();
    for (config, allowed) in [
        (
            config.clone().learning_rate(f64::INFINITY),
            "above 0 and finite",
        ),
        (
            config.clone().gradient_clipping(f64::INFINITY),
            "above 0 and finite",
        ),
        (config.weight_decay(f64::INFINITY), "at least 0 and finite"),
    ] {
        let message = config.validate().unwrap_err().to_string();
        assert!(
            message.contains(&format!("is inf; it must be {allowed}")),
            "{message}"
        );
    }
}

#[test]
fn every_setting_has_a_setter_of_its_name() {
    let config = TrainingConfig::default()
        .epochs(2)
        .batch_size(3)
        .learning_rate(0.4)
        .schedule(Schedule::IMAGENET)
        .warm_up_epochs(0.5)
        .optimizer(OptimizerSettings::NESTEROV.momentum(0.6))
        .weight_decay(0.7)
        .decay_all(true)
        .gradient_clipping(8.0)
        .label_smoothing(0.9)
        .moving_average(0.99)
        .augmentation(Augmentation::NONE.crop_padding(1).flip(true).cutout(2));
    let expected = serde_json::json!({
        "epochs": 2,
        "batch_size": 3,
        "learning_rate": 0.4,
        "schedule": {"exponential": {"factor": 0.97, "every_epochs": 2.0, "lowest": 1e-4}},
        "warm_up_epochs": 0.5,
        "optimizer": {"sgd": {"momentum": 0.6, "nesterov": true}},
        "weight_decay": 0.7,
        "decay_all": true,
        "gradient_clipping": 8.0,
        "label_smoothing": 0.9,
        "moving_average": 0.99,
        "augmentation": {"crop_padding": 1, "flip": true, "cutout": 2},
    });
    assert_eq!(serde_json::to_value(&config).unwrap(), expected);
    let released = config.clone().clip_weight_decay(true).warm_up_floor(1e-4);
    let written = serde_json::to_value(&released).unwrap();
    assert_eq!(written["clip_weight_decay"], true);
    assert_eq!(written["warm_up_floor"], 1e-4);
    let config = config.gradient_clipping(None).moving_average(None);
    assert_eq!(config.gradient_clipping, None);
    assert_eq!(config.moving_average, None);
}

#[test]
fn a_constant_rate_stays() {
    let config = TrainingConfig::default()
        .epochs(3)
        .schedule(Schedule::Constant);
    assert!(close(config.learning_rate_at(29, 10), 0.1));
}

#[test]
fn every_invalid_setting_is_named() {
    let base = || TrainingConfig::default().batch_size(2);
    let with = |change: fn(&mut TrainingConfig)| {
        let mut config = base();
        change(&mut config);
        config
    };
    let wrong = [
        ("epochs", with(|config| config.epochs = 0)),
        ("batch", with(|config| config.batch_size = 1)),
        (
            "learning rate",
            with(|config| config.learning_rate = f64::NAN),
        ),
        ("learning rate", with(|config| config.learning_rate = 0.0)),
        ("warm-up", with(|config| config.warm_up_epochs = 1.0)),
        ("warm-up", with(|config| config.warm_up_epochs = -1.0)),
        ("warm-up", with(|config| config.warm_up_floor = Some(0.0))),
        ("warm-up", with(|config| config.warm_up_floor = Some(1.5))),
        ("weight decay", with(|config| config.weight_decay = -1.0)),
        (
            "clipping",
            with(|config| config.gradient_clipping = Some(0.0)),
        ),
        ("smoothing", with(|config| config.label_smoothing = 1.0)),
        ("average", with(|config| config.moving_average = Some(1.0))),
        (
            "average",
            with(|config| config.moving_average = Some(f64::NAN)),
        ),
        (
            "momentum",
            with(|config| {
                config.optimizer = OptimizerSettings::Sgd {
                    momentum: 1.0,
                    nesterov: false,
                };
            }),
        ),
        (
            "Nesterov",
            with(|config| {
                config.optimizer = OptimizerSettings::Sgd {
                    momentum: 0.0,
                    nesterov: true,
                };
            }),
        ),
        (
            "epsilon",
            with(|config| {
                config.optimizer = OptimizerSettings::RmsProp {
                    decay: 0.9,
                    momentum: 0.9,
                    epsilon: 0.0,
                };
            }),
        ),
        (
            "factor",
            with(|config| {
                config.schedule = Schedule::Exponential {
                    factor: 1.5,
                    every_epochs: 1.0,
                    lowest: 0.0,
                };
            }),
        ),
    ];
    for (name, config) in wrong {
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains(name), "{name}: {error}");
    }
    for preset in [Preset::Search, Preset::Cifar, Preset::ImageNet] {
        preset.training().validate().unwrap();
    }
    base().validate().unwrap();
}

#[test]
fn absurdly_many_epochs_do_not_overflow() {
    let config = TrainingConfig::default().epochs(usize::MAX);
    assert!(close(config.learning_rate_at(1000, 1000), 0.1));
}
