//! Trials at the same time on one device.

use evonas::network::{ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, published};
use evonas::training::images::LabeledImages;
use evonas::training::{CellDecoder, Trainer, TrainingConfig, TrainingEvaluator};
use serde_json::json;

use super::Bench;
use crate::Failure;

/// How many trials run at the same time, the most telling numbers first. The first figure is not reported: it includes
/// compiling and tuning.
const WORKERS: [usize; 5] = [1, 1, 8, 2, 4];

/// A space of one genotype, so that all trials cost the same.
#[derive(Debug)]
struct Only(NasnetGenotype);

impl SearchSpace for Only {
    type Genotype = NasnetGenotype;

    fn sample(&self, _: &mut dyn Rng) -> NasnetGenotype {
        self.0.clone()
    }
}

pub(super) fn measure(bench: &Bench<'_>) -> Result<bool, Failure> {
    let (device, report) = (&bench.device, &bench.report);
    let (cells, filters, side, images) = if bench.options.quick {
        (1, 4, 8, 320)
    } else {
        (3, 24, 32, 6_400)
    };
    report.title(&format!(
        "Trials at the same time: AmoebaNet-A ({cells}, {filters}), batch 128, {images} images"
    ))?;
    let mut rng = stream(1, 0);
    let pixels = (0..images * 3 * side * side)
        .map(|_| rng.random::<u8>())
        .collect();
    let labels = (0..images).map(|image| (image % 10) as u16).collect();
    let images = LabeledImages::new(ImageShape::rgb(side, side), 10, pixels, labels)?;
    let config = NetworkConfig::new(ImageShape::rgb(side, side), 10)
        .cells_per_stack(cells)
        .filters(filters);
    let (mut alone, mut all_hold) = (None, true);
    for (count, workers) in WORKERS.into_iter().enumerate() {
        if bench.clock.is_over() {
            report.left_out("workers", "no time is left")?;
            break;
        }
        device.memory_cleanup();
        let trainer = Trainer::new(TrainingConfig::default().batch_size(128))?;
        let decoder = CellDecoder::new(config.clone());
        let evaluator = TrainingEvaluator::builder(decoder, trainer, &images)
            .device(device)
            .build()?;
        let random = RandomSearch::new(Only(published::amoebanet_a()), 0);
        let executor = Threads::new(evaluator, workers)?;
        let trials = match count {
            0 => 1,
            _ => (2 * workers).max(4) as u64,
        };
        let result = Search::new(random, executor, Budget::trials(trials)).run()?;
        let completed = trials - result.history.failed() as u64;
        all_hold &= completed == trials;
        if count == 0 {
            continue;
        }
        let per_minute = 60.0 * completed as f64 / result.duration.as_secs_f64();
        let times = per_minute / *alone.get_or_insert(per_minute);
        let reserved = device.memory_pool_usage();
        let reserved = reserved.map(|usage| usage.bytes_reserved as f64 / f64::from(1 << 20));
        report.figure(
            &format!(
                "{workers} at a time: {per_minute:.1} trials a minute, {times:.2} times one, {} failed",
                result.history.failed()
            ),
            &json!({
                "check": "workers", "workers": workers, "trials_per_minute": per_minute,
                "times_one": times, "failed": result.history.failed(), "reserved_mib": reserved,
            }),
        )?;
    }
    Ok(all_hold)
}
