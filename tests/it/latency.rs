//! Latencies of networks, measured and by a table of their parts.

use burn::tensor::Device;
use evonas::comparison::statistics::rank_correlation;
use evonas::network::{ImageShape, LatencyTable, MultiplyAddCount, NetworkPlan, Repetitions};
use evonas::prelude::*;
use evonas::training::Latency;

/// The figures of `docs/guide/objectives.md`: `… it -- latencies_by_the_table --ignored --nocapture`, on an idle machine.
#[test]
#[ignore = "a measurement"]
fn how_well_latencies_by_the_table_agree_with_whole_networks() {
    const NETWORKS: u64 = 40;
    let image = ImageShape::rgb(32, 32);
    let device = Device::flex();
    let repetitions = Repetitions::default();
    for (cells, filters, batch) in [(1, 8, 1), (1, 8, 32), (3, 24, 1)] {
        let config = NetworkConfig::new(image, 10)
            .cells_per_stack(cells)
            .filters(filters);
        let table = LatencyTable::new(&device, batch).repetitions(repetitions);
        let measured = Latency::new(image).batch(batch).repetitions(repetitions);
        let size = MultiplyAddCount::new(config.clone());
        let [mut of_networks, mut by_table, mut multiply_adds] = [const { Vec::new() }; 3];
        for seed in 0..NETWORKS {
            let genotype = NasnetSpace::sp1().sample(&mut stream(seed, 0));
            let plan = NetworkPlan::new(&genotype, &config).unwrap();
            // The parts first, so that they are measured while no network is in the caches.
            by_table.push(table.latency(&plan));
            let network = CellNetwork::new(&genotype, &config, &mut stream(seed, 1), &device);
            of_networks.push(measured.of(&network.unwrap()));
            multiply_adds.push(size.score(&genotype, &mut stream(0, 0)));
        }
        let mut ratios: Vec<f64> = by_table
            .iter()
            .zip(&of_networks)
            .map(|(a, b)| a / b)
            .collect();
        ratios.sort_by(f64::total_cmp);
        println!(
            "({cells}, {filters}), batches of {batch}: rank correlation {:.3}, of multiply-adds {:.3}; \
             table / network {:.2} (median), {:.2} to {:.2} (middle 90 %); {} parts",
            rank_correlation(&by_table, &of_networks),
            rank_correlation(&multiply_adds, &of_networks),
            ratios[ratios.len() / 2],
            ratios[ratios.len() / 20],
            ratios[ratios.len() - 1 - ratios.len() / 20],
            table.len(),
        );
    }
}
