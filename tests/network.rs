//! The decoder: published sizes to the digit, and any genotype trains.
#![cfg(feature = "burn")]

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use evonas::network::{
    AuxiliaryHead, BatchNormSettings, CellNetwork, Cost, DropPath, ImageShape, LayerPlan,
    NetworkConfig, NetworkError, NetworkPlan, Place, Stem, TrainingPass, trainable_parameters,
};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace, published};
use proptest::prelude::*;

fn cifar(cells: usize, filters: usize) -> NetworkConfig {
    NetworkConfig::cifar(cells, filters)
}

fn cost(genotype: &NasnetGenotype, config: &NetworkConfig) -> Cost {
    Cost::of(&NetworkPlan::new(genotype, config).unwrap())
}

fn build(genotype: &NasnetGenotype, config: &NetworkConfig, device: &Device) -> CellNetwork {
    CellNetwork::new(genotype, config, &mut stream(7, 0), device).unwrap()
}

#[test]
fn parameters_and_multiply_adds_are_the_published_networks() {
    let (a, nasnet) = (published::amoebanet_a(), published::nasnet_a());
    let (b, c) = (published::amoebanet_b(), published::amoebanet_c());
    let derived = a.clone().with_derived_concat();
    let mobile = |cells, filters| NetworkConfig::imagenet(cells, filters, 224);
    let large = NetworkConfig::imagenet(6, 168, 331)
        .with_stem(Stem::ImageNet { filters: 96 })
        .with_skip_reduction_input(true);
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
            NetworkConfig::imagenet(6, 190, 331),
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
fn the_module_has_the_parameters_that_the_plan_counts() {
    let small_imagenet = NetworkConfig::imagenet(1, 38, 75);
    let with_everything = small_imagenet
        .clone()
        .with_skip_reduction_input(true)
        .with_auxiliary(AuxiliaryHead::new(0.4))
        .with_drop_path(DropPath::scheduled(0.7))
        .with_dropout(0.5);
    for (name, text) in published::ALL {
        let genotype = published::by_name(name).unwrap();
        assert_eq!(genotype.to_string(), text);
        for config in [
            cifar(1, 8),
            cifar(3, 24),
            small_imagenet.clone(),
            with_everything.clone(),
        ] {
            let network = build(&genotype, &config, &Device::flex());
            let counted = cost(&genotype, &config).parameters;
            assert_eq!(
                trainable_parameters(&network) as u64,
                counted,
                "{name}, {config:?}"
            );
        }
    }
    assert!(published::by_name("AmoebaNet-A").is_some());
    assert!(published::by_name("amoebanet-e").is_none());
}

#[test]
fn the_auxiliary_head_is_counted_apart() {
    let config = cifar(6, 36).with_auxiliary(AuxiliaryHead::new(1.0));
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
    let config = NetworkConfig::imagenet(1, 190, 32);
    let plan = NetworkPlan::new(&published::amoebanet_a(), &config).unwrap();
    let (mut odd, mut shapes) = (0, Vec::new());
    plan.visit(&mut |place, layer, input, output| {
        if let LayerPlan::FactorizedReduction { output, .. } = layer {
            odd += usize::from(output % 2 == 1);
        }
        if matches!(place, Place::Base { layer: 0, .. }) {
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
        let config = NetworkConfig::imagenet(1, 16, size);
        let plan = NetworkPlan::new(&published::amoebanet_a(), &config).unwrap();
        let mut sides = Vec::new();
        plan.visit(&mut |place, _, input, _| match place {
            Place::Base { layer: 0, .. } => sides.push(input.height),
            Place::Head { layer: Some(0) } => sides.push(input.height),
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
        let config = NetworkConfig::imagenet(2, 16, 64).with_skip_reduction_input(skip);
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

fn refused(config: &NetworkConfig) -> NetworkError {
    let error = NetworkPlan::new(&published::amoebanet_a(), config).unwrap_err();
    let built = CellNetwork::new(
        &published::amoebanet_a(),
        config,
        &mut stream(0, 0),
        &Device::flex(),
    );
    // As text, since NaN is not itself.
    assert_eq!(built.unwrap_err().to_string(), error.to_string());
    error
}

#[test]
fn figures_that_can_t_be_are_refused() {
    assert!(
        matches!(refused(&cifar(0, 8)), NetworkError::Zero { figure } if figure.contains("cells"))
    );
    assert!(matches!(refused(&cifar(1, 0)), NetworkError::Zero { .. }));
    assert!(matches!(
        refused(&cifar(1, usize::MAX)),
        NetworkError::TooLarge { .. }
    ));
    let mut config = cifar(1, 8);
    config.classes = 0;
    assert!(matches!(refused(&config), NetworkError::Zero { .. }));
    let stem = Stem::ImageNet { filters: 0 };
    assert!(
        matches!(refused(&cifar(1, 8).with_stem(stem)), NetworkError::Zero { figure } if figure.contains("stem"))
    );
    for keep in [0.0, -0.1, 1.1, f64::NAN] {
        let message = refused(&cifar(1, 8).with_drop_path(DropPath::scheduled(keep))).to_string();
        assert!(
            message.contains(&format!("keep probability is {keep}")),
            "{message}"
        );
    }
    let norm =
        |epsilon, momentum| cifar(1, 8).with_batch_norm(BatchNormSettings { epsilon, momentum });
    for config in [
        cifar(1, 8).with_dropout(1.0),
        cifar(1, 8).with_auxiliary(AuxiliaryHead::new(0.001)),
        cifar(1, 8).with_auxiliary(AuxiliaryHead::new(f64::INFINITY)),
        norm(0.0, 0.1),
        norm(1e-5, 1.5),
    ] {
        assert!(matches!(refused(&config), NetworkError::OutOfRange { .. }));
    }
}

#[test]
fn too_few_filters_say_how_many_work() {
    let message = refused(&cifar(1, 1)).to_string();
    assert!(
        message.contains("conv1x7_7x1 in cell 1, of 2 filters"),
        "{message}"
    );
    assert!(
        message.ends_with("the smallest F that works is 2"),
        "{message}"
    );
    assert!(NetworkPlan::new(&published::amoebanet_a(), &cifar(1, 2)).is_ok());
    let imagenet = |filters| NetworkConfig::imagenet(1, filters, 64);
    // Whatever the image: the two figures are searched apart.
    let both = refused(&cifar(1, 1).with_image(ImageShape::new(3, 1, 1)));
    assert!(both.to_string().ends_with("works is 3"), "{both}");
    let both = refused(&NetworkConfig::imagenet(1, 2, 20));
    assert!(both.to_string().ends_with("works is 16"), "{both}");
    for filters in [1, 3, 8, 15] {
        assert!(matches!(
            refused(&imagenet(filters)),
            NetworkError::TooFewFilters { smallest: 16, .. }
        ));
    }
    assert!(NetworkPlan::new(&published::amoebanet_a(), &imagenet(16)).is_ok());
}

#[test]
fn too_small_images_say_which_size_works() {
    let sized = |config: &NetworkConfig, side| {
        let mut config = config.clone();
        config.image = ImageShape::new(3, side, side);
        config
    };
    let with_head = |config: NetworkConfig| config.with_auxiliary(AuxiliaryHead::new(1.0));
    for (config, part, smallest) in [
        (cifar(1, 8), "reduction", 3),
        (with_head(cifar(1, 8)), "auxiliary", 9),
        (NetworkConfig::imagenet(1, 16, 32), "reduction", 19),
        (
            with_head(NetworkConfig::imagenet(1, 16, 32)),
            "auxiliary",
            67,
        ),
    ] {
        let error = refused(&sized(&config, smallest - 1));
        let NetworkError::ImageTooSmall {
            smallest: said,
            part: named,
            ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(said, smallest);
        assert!(named.contains(part), "{named}");
        assert!(NetworkPlan::new(&published::amoebanet_a(), &sized(&config, smallest)).is_ok());
    }
    let stem = refused(&sized(&NetworkConfig::imagenet(1, 16, 32), 2));
    assert!(matches!(stem, NetworkError::ImageTooSmall { part, .. } if part.contains("stem")));
    let mut flat = cifar(1, 8);
    flat.image = ImageShape::new(3, 2, 32);
    assert!(refused(&flat).to_string().contains("2x32"));
}

#[test]
fn a_seed_gives_the_same_network() {
    let device = Device::flex();
    let images = Tensor::<4>::ones([2, 3, 9, 9], &device);
    let logits = |seed| {
        CellNetwork::new(
            &published::amoebanet_a(),
            &cifar(1, 4),
            &mut stream(seed, 0),
            &device,
        )
        .unwrap()
        .forward(images.clone())
        .into_data()
        .try_to_vec::<f32>()
        .unwrap()
    };
    assert_eq!(logits(1), logits(1));
    assert_ne!(logits(1), logits(2));
}

struct MissingGradients<'a> {
    gradients: &'a Gradients,
    missing: Vec<String>,
    path: Vec<String>,
}

impl ModuleVisitor for MissingGradients<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        let finite = param.val().grad(self.gradients).is_some_and(|gradient| {
            gradient
                .into_data()
                .try_to_vec::<f32>()
                .unwrap()
                .iter()
                .all(|value| value.is_finite())
        });
        if !finite {
            self.missing.push(self.path.join("."));
        }
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn images(config: &NetworkConfig, batch: usize, seed: u64) -> Tensor<4> {
    let ImageShape {
        channels,
        height,
        width,
    } = config.image;
    let mut rng = stream(seed, 1);
    let values: Vec<f32> = (0..batch * channels * height * width)
        .map(|_| rng.random::<f32>() - 0.5)
        .collect();
    Tensor::from_data(
        TensorData::new(values, [batch, channels, height, width]),
        &Device::flex(),
    )
}

#[test]
fn drop_path_that_keeps_everything_is_the_identity() {
    let genotype = published::amoebanet_a();
    let device = Device::flex().autodiff();
    let logits = |config: &NetworkConfig, progress| {
        let network = build(&genotype, config, &device);
        let mut rng = stream(3, 0);
        let mut pass = TrainingPass::new(progress, &mut rng);
        let output = network.forward_training(images(config, 2, 0), &mut pass);
        values(output.logits.inner())
    };
    let config = cifar(1, 4);
    let plain = logits(&config, 1.0);
    let dropping = config.with_drop_path(DropPath::scheduled(0.5));
    assert_eq!(logits(&dropping, 0.0), plain);
    assert_ne!(logits(&dropping, 1.0), plain);
}

#[test]
fn evaluation_is_deterministic_and_free_of_noise() {
    let genotype = published::nasnet_a();
    let noisy = cifar(1, 4)
        .with_drop_path(DropPath::scheduled(0.5))
        .with_dropout(0.5);
    let network = build(&genotype, &noisy, &Device::flex());
    let first = values(network.forward(images(&noisy, 2, 0)));
    assert_eq!(values(network.forward(images(&noisy, 2, 0))), first);
    let plain = build(&genotype, &cifar(1, 4), &Device::flex());
    assert_eq!(values(plain.forward(images(&noisy, 2, 0))), first);
}

#[test]
fn the_auxiliary_head_speaks_in_training_only() {
    let config = NetworkConfig::imagenet(1, 16, 67).with_auxiliary(AuxiliaryHead {
        channel_scale: 0.1,
        loss_weight: 0.3,
    });
    let network = build(
        &published::amoebanet_a(),
        &config,
        &Device::flex().autodiff(),
    );
    let mut rng = stream(3, 0);
    let output =
        network.forward_training(images(&config, 2, 0), &mut TrainingPass::new(0.0, &mut rng));
    let (logits, weight) = output.auxiliary.unwrap();
    assert_eq!((logits.dims(), weight), ([2, 1000], 0.3));
    assert_eq!(
        network.valid().forward(images(&config, 2, 0)).dims(),
        [2, 1000]
    );
}

fn any_genotype() -> impl Strategy<Value = NasnetGenotype> {
    let space = prop_oneof![
        Just(NasnetSpace::sp1()),
        Just(NasnetSpace::sp2()),
        Just(NasnetSpace::sp3()),
        (1_usize..=6).prop_map(|pairs| NasnetSpace::sp2().with_pairs(pairs).unwrap()),
    ];
    (any::<u64>(), space).prop_map(|(seed, space)| space.sample(&mut stream(seed, 0)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn any_genotype_decodes_trains_and_is_saved(
        genotype in any_genotype(),
        cells in 1_usize..=3,
        filters in 4_usize..=16,
        height in 8_usize..=40,
        width in 8_usize..=40,
        batch in 1_usize..=3,
        momentum in 0.01_f64..1.0,
        keep in 0.1_f64..=1.0,
    ) {
        let config = NetworkConfig::new(cells, filters, 5, ImageShape::new(2, height, width))
            .with_batch_norm(BatchNormSettings { epsilon: 1e-4, momentum })
            .with_drop_path(DropPath::scheduled(keep));
        let network = build(&genotype, &config, &Device::flex().autodiff());
        prop_assert_eq!(trainable_parameters(&network) as u64, cost(&genotype, &config).parameters);
        let input = images(&config, batch, 0);
        let logits = network.forward(input.clone());
        prop_assert_eq!(logits.dims(), [batch, 5]);
        let gradients = logits.powi_scalar(2).mean().backward();
        let mut visitor = MissingGradients { gradients: &gradients, missing: Vec::new(), path: Vec::new() };
        network.visit(&mut visitor);
        prop_assert_eq!(visitor.missing, Vec::<String>::new());
        let network = network.valid();
        let logits = values(network.forward(input.clone()));
        prop_assert!(logits.iter().all(|value| value.is_finite()));
        let folder = tempfile::tempdir().unwrap();
        for name in ["network.safetensors", "network.bpk"] {
            let path = folder.path().join(name);
            network.save(&path).unwrap();
            let loaded = CellNetwork::load(&path, &Device::flex()).unwrap();
            prop_assert_eq!(loaded.genotype(), &genotype);
            prop_assert_eq!(loaded.config(), &config);
            prop_assert_eq!(&values(loaded.forward(input.clone())), &logits);
        }
    }
}
