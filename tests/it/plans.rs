//! Plans and costs, which need no Burn: published sizes to the digit, and the positions of layers.

use evonas::network::{
    AuxiliaryHead, BatchNormSettings, Cost, DropPath, LayerPath, LayerPlan, NetworkConfig,
    NetworkPlan, Stem,
};
use evonas::spaces::nasnet::{NasnetGenotype, Operation, published};

fn cifar(cells: usize, filters: usize) -> NetworkConfig {
    NetworkConfig::cifar()
        .cells_per_stack(cells)
        .filters(filters)
}

fn cost(genotype: &NasnetGenotype, config: &NetworkConfig) -> Cost {
    Cost::of(&NetworkPlan::new(genotype, config).unwrap())
}

#[test]
fn published_networks_have_the_published_parameters_and_multiply_adds() {
    let (a, nasnet) = (published::amoebanet_a(), published::nasnet_a());
    let (b, c) = (published::amoebanet_b(), published::amoebanet_c());
    let derived = a.clone().with_derived_concat();
    let mobile = |cells, filters| {
        NetworkConfig::imagenet(224)
            .cells_per_stack(cells)
            .filters(filters)
    };
    let large = NetworkConfig::imagenet(331)
        .cells_per_stack(6)
        .filters(168)
        .stem(Stem::ImageNet { filters: 96 })
        .skip_reduction_input(true);
    for (genotype, config, parameters, multiply_adds) in [
        (&nasnet, large, 88_753_150, 23_783_414_658),
        (&nasnet, mobile(4, 44), 5_289_978, 563_638_816),
        (&nasnet, cifar(6, 32), 3_346_538, 544_333_312),
        (&a, cifar(6, 32), 2_567_754, 407_671_808),
        (&a, cifar(6, 36), 3_218_266, 509_668_992),
        (&a, cifar(3, 24), 843_322, 139_349_760),
        (&a, cifar(1, 8), 59_482, 10_618_112),
        (
            &a,
            NetworkConfig::imagenet(331).cells_per_stack(6).filters(190),
            86_718_797,
            23_133_663_507,
        ),
        (&a, mobile(4, 50), 5_086_930, 554_687_204),
        (&b, mobile(3, 62), 5_258_700, 555_060_408),
        (&c, mobile(4, 50), 6_353_815, 676_936_592),
        (&derived, cifar(3, 24), 740_938, 122_243_904),
        (&derived, cifar(1, 8), 54_090, 9_569_216),
    ] {
        let cost = cost(genotype, &config);
        assert_eq!(cost.parameters, parameters, "{config:?}");
        assert_eq!(cost.multiply_adds, multiply_adds, "{config:?}");
    }
}

#[test]
fn the_auxiliary_head_is_counted_separately() {
    let config = cifar(6, 36).auxiliary(AuxiliaryHead::new(1.0));
    let plan = NetworkPlan::new(&published::amoebanet_a(), &config).unwrap();
    assert_eq!(Cost::without_auxiliary(&plan).parameters, 3_218_266);
    // 16x16 pixels of 4 · 72 channels, pooled to 4x4: 1x1 to 128, 4x4 to 768, ten classes.
    let head = 288 * 128 + 2 * 128 + 16 * 128 * 768 + 2 * 768 + 768 * 10 + 10;
    assert_eq!(Cost::of(&plan).parameters, 3_218_266 + head);
    assert_eq!(AuxiliaryHead::new(0.4).channels(), [51, 307]);
}

#[test]
fn odd_widths_split_in_a_factorized_reduction() {
    // F / 2 = 95 = 47 + 48 in the stem of AmoebaNet-A (6, 190).
    let config = NetworkConfig::imagenet(32).cells_per_stack(1).filters(190);
    let plan = NetworkPlan::new(&published::amoebanet_a(), &config).unwrap();
    let (mut odd, mut shapes) = (0, Vec::new());
    plan.visit(&mut |place, layer, input, output| {
        if let LayerPlan::FactorizedReduction { output, .. } = layer {
            odd += usize::from(output % 2 == 1);
        }
        if matches!(place, LayerPath::Base { layer: 0, .. }) {
            shapes.push((input.height, output.width));
        }
    });
    assert_eq!(odd, 1, "state 1 of the second stem cell");
    assert_eq!(
        shapes,
        [(15, 15), (8, 8), (4, 4), (4, 4), (2, 2), (2, 2), (1, 1)]
    );
}

#[test]
fn the_stem_halves_the_size_as_published() {
    let sides = |size| {
        let config = NetworkConfig::imagenet(size).cells_per_stack(1).filters(16);
        let plan = NetworkPlan::new(&published::amoebanet_a(), &config).unwrap();
        let mut sides = Vec::new();
        plan.visit(&mut |place, _, input, _| match place {
            LayerPath::Base { layer: 0, .. } => sides.push(input.height),
            LayerPath::Head { layer: Some(0) } => sides.push(input.height),
            _ => {}
        });
        sides.dedup();
        sides
    };
    assert_eq!(sides(331), [165, 83, 42, 21, 11]);
    assert_eq!(sides(224), [111, 56, 28, 14, 7]);
    assert_eq!(sides(299), [149, 75, 38, 19, 10]);
}

#[test]
fn the_normal_cell_after_a_reduction_may_skip_its_input() {
    let inputs = |skip| {
        let config = NetworkConfig::imagenet(64)
            .cells_per_stack(2)
            .filters(16)
            .skip_reduction_input(skip);
        let plan = NetworkPlan::new(&published::nasnet_a(), &config).unwrap();
        plan.cells
            .iter()
            .map(|cell| cell.inputs)
            .collect::<Vec<_>>()
    };
    let usual = [
        [0, 0],
        [1, 0],
        [2, 1],
        [3, 2],
        [4, 3],
        [5, 4],
        [6, 5],
        [7, 6],
        [8, 7],
        [9, 8],
    ];
    assert_eq!(inputs(false), usual);
    let mut skipping = usual;
    // Cells 5 and 8 follow the reduction cells 4 and 7.
    skipping[5] = [5, 3];
    skipping[8] = [8, 6];
    assert_eq!(inputs(true), skipping);
}

#[test]
fn drop_path_ends_every_operation_except_identities_and_knows_its_cell() {
    let genotype = published::amoebanet_b();
    let drop_path = DropPath::scheduled(0.7);
    for (config, cells) in [
        (cifar(2, 8), 3 * 2 + 2),
        (
            NetworkConfig::imagenet(64).cells_per_stack(2).filters(16),
            3 * 2 + 2 + 2,
        ),
    ] {
        let plan = NetworkPlan::new(&genotype, &config.drop_path(drop_path)).unwrap();
        assert_eq!(plan.cells.len(), cells);
        let mut identities = 0;
        for (index, cell) in plan.cells.iter().enumerate() {
            let expected = LayerPlan::DropPath {
                drop_path,
                cell: index,
                cells,
            };
            for branch in &cell.branches {
                let is_drop_path = |layer: &&LayerPlan| matches!(layer, LayerPlan::DropPath { .. });
                let found: Vec<_> = branch.layers.iter().filter(is_drop_path).collect();
                if branch.operation == Operation::Identity {
                    identities += 1;
                    assert!(found.is_empty(), "cell {index}");
                } else {
                    assert_eq!(found, [&expected], "cell {index}");
                    assert_eq!(branch.layers.last(), Some(&expected));
                }
            }
            let parts = cell.concat.iter().flat_map(|part| &part.layers);
            let others = cell.base.iter().chain(&cell.align).chain(parts);
            assert!(
                others
                    .into_iter()
                    .all(|layer| !matches!(layer, LayerPlan::DropPath { .. }))
            );
        }
        // AmoebaNet-B has two in each cell.
        assert_eq!(identities, 2 * cells);
    }
}

#[test]
fn the_auxiliary_head_reads_the_last_normal_cell_of_the_second_stack() {
    for (config, after) in [
        (cifar(3, 8), 6),
        (cifar(1, 8), 2),
        (
            NetworkConfig::imagenet(96).cells_per_stack(3).filters(16),
            8,
        ),
    ] {
        let config = config.auxiliary(AuxiliaryHead::new(1.0));
        let plan = NetworkPlan::new(&published::nasnet_a(), &config).unwrap();
        assert_eq!(plan.auxiliary.unwrap().after_cell, after);
    }
}

#[test]
fn batch_norm_presets_are_those_of_the_released_code() {
    let (small, large) = (
        cifar(1, 8),
        NetworkConfig::imagenet(64).cells_per_stack(1).filters(16),
    );
    for (config, epsilon, momentum) in [(small, 1e-5, 0.1), (large, 1e-3, 0.0003)] {
        assert_eq!(
            config.batch_norm,
            BatchNormSettings {
                epsilon,
                momentum,
                ..BatchNormSettings::CIFAR
            }
        );
    }
}
