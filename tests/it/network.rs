//! The decoder: the module matches its plan, and every genotype can be trained.
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use evonas::network::{
    AuxiliaryHead, BatchNormSettings, CellNetwork, Cost, DropPath, ImageShape, NetworkConfig,
    NetworkError, NetworkPlan, Stem, TrainingPass, trainable_parameters,
};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace, published};
use proptest::prelude::*;

pub(crate) fn cifar(cells: usize, filters: usize) -> NetworkConfig {
    NetworkConfig::cifar()
        .cells_per_stack(cells)
        .filters(filters)
}

fn cost(genotype: &NasnetGenotype, config: &NetworkConfig) -> Cost {
    Cost::of(&NetworkPlan::new(genotype, config).unwrap())
}

pub(crate) fn build(
    genotype: &NasnetGenotype,
    config: &NetworkConfig,
    device: &Device,
) -> CellNetwork {
    CellNetwork::new(genotype, config, &mut stream(7, 0), device).unwrap()
}

#[test]
fn the_module_has_the_parameters_that_the_plan_counts() {
    let small_imagenet = NetworkConfig::imagenet(75).cells_per_stack(1).filters(38);
    let with_everything = small_imagenet
        .clone()
        .skip_reduction_input(true)
        .auxiliary(AuxiliaryHead::new(0.4))
        .drop_path(DropPath::scheduled(0.7))
        .dropout(0.5);
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

fn refused(config: &NetworkConfig) -> NetworkError {
    let error = NetworkPlan::new(&published::amoebanet_a(), config).unwrap_err();
    let built = CellNetwork::new(
        &published::amoebanet_a(),
        config,
        &mut stream(0, 0),
        &Device::flex(),
    );
    // As text, since NaN doesn't equal itself.
    assert_eq!(built.unwrap_err().to_string(), error.to_string());
    error
}

#[test]
fn invalid_settings_are_refused() {
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
        matches!(refused(&cifar(1, 8).stem(stem)), NetworkError::Zero { figure } if figure.contains("stem"))
    );
    for keep in [0.0, -0.1, 1.1, f64::NAN] {
        let message = refused(&cifar(1, 8).drop_path(DropPath::scheduled(keep))).to_string();
        assert!(
            message.contains(&format!("keep probability is {keep}")),
            "{message}"
        );
    }
    let norm = |epsilon, momentum| {
        cifar(1, 8).batch_norm(BatchNormSettings {
            epsilon,
            momentum,
            ..BatchNormSettings::CIFAR
        })
    };
    for config in [
        cifar(1, 8).dropout(1.0),
        cifar(1, 8).auxiliary(AuxiliaryHead::new(0.001)),
        cifar(1, 8).auxiliary(AuxiliaryHead::new(f64::INFINITY)),
        norm(0.0, 0.1),
        norm(1e-5, 1.5),
    ] {
        assert!(matches!(refused(&config), NetworkError::OutOfRange { .. }));
    }
}

#[test]
fn too_few_filters_are_refused_with_the_smallest_number_that_works() {
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
    let imagenet = |filters| {
        NetworkConfig::imagenet(64)
            .cells_per_stack(1)
            .filters(filters)
    };
    // Whatever the image, since the two figures are searched separately.
    let both = refused(&cifar(1, 1).image(ImageShape::rgb(1, 1)));
    assert!(both.to_string().ends_with("works is 3"), "{both}");
    let both = refused(&NetworkConfig::imagenet(20).cells_per_stack(1).filters(2));
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
fn too_small_images_are_refused_with_the_smallest_size_that_works() {
    let sized = |config: &NetworkConfig, side| {
        let mut config = config.clone();
        config.image = ImageShape::rgb(side, side);
        config
    };
    let with_head = |config: NetworkConfig| config.auxiliary(AuxiliaryHead::new(1.0));
    for (config, part, smallest) in [
        (cifar(1, 8), "reduction", 3),
        (with_head(cifar(1, 8)), "auxiliary", 9),
        (
            NetworkConfig::imagenet(32).cells_per_stack(1).filters(16),
            "reduction",
            19,
        ),
        (
            with_head(NetworkConfig::imagenet(32).cells_per_stack(1).filters(16)),
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
    let stem = refused(&sized(
        &NetworkConfig::imagenet(32).cells_per_stack(1).filters(16),
        2,
    ));
    assert!(matches!(stem, NetworkError::ImageTooSmall { part, .. } if part.contains("stem")));
    let mut flat = cifar(1, 8);
    flat.image = ImageShape::rgb(2, 32);
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

pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

pub(crate) fn images(config: &NetworkConfig, batch: usize, seed: u64) -> Tensor<4> {
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
fn a_network_with_everything_is_saved_and_loaded() {
    let config = NetworkConfig::imagenet(67)
        .cells_per_stack(1)
        .filters(16)
        .auxiliary(AuxiliaryHead::new(0.1))
        .skip_reduction_input(true)
        .drop_path(DropPath::scheduled(0.6))
        .dropout(0.5);
    let device = Device::flex().autodiff();
    let network = build(&published::amoebanet_b(), &config, &device);
    let trained = |network: &CellNetwork| {
        let mut rng = stream(3, 0);
        let mut pass = TrainingPass::new(0.7, &mut rng);
        let output = network.forward_training(images(&config, 2, 0), &mut pass);
        let (auxiliary, _) = output.auxiliary.unwrap();
        (values(output.logits.inner()), values(auxiliary.inner()))
    };
    let folder = tempfile::tempdir().unwrap();
    for name in ["network.safetensors", "network.bpk"] {
        let path = folder.path().join(name);
        network.valid().save(&path).unwrap();
        let loaded = CellNetwork::load(&path, &device).unwrap();
        assert_eq!(loaded.config(), &config);
        assert_eq!(trained(&loaded), trained(&network.valid().train()));
    }
}

#[test]
#[should_panic(expected = "the smallest side that works is 3")]
fn images_too_small_for_a_network_panic_with_the_smallest_size() {
    // The auxiliary head needs nine pixels, but evaluation doesn't use it.
    let config = cifar(1, 4).auxiliary(AuxiliaryHead::new(0.1));
    let network = build(&published::amoebanet_a(), &config, &Device::flex());
    let enough = config.clone().image(ImageShape::rgb(3, 3));
    assert_eq!(network.forward(images(&enough, 1, 0)).dims(), [1, 10]);
    let small = config.image(ImageShape::rgb(2, 2));
    let _ = network.forward(images(&small, 1, 0));
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
        progress in 0.0_f64..=1.0,
    ) {
        let config = NetworkConfig::new(ImageShape { channels: 2, height, width }, 5).cells_per_stack(cells).filters(filters)
            .batch_norm(BatchNormSettings { epsilon: 1e-4, momentum, ..BatchNormSettings::CIFAR })
            .drop_path(DropPath::scheduled(keep));
        let network = build(&genotype, &config, &Device::flex().autodiff());
        prop_assert_eq!(trainable_parameters(&network) as u64, cost(&genotype, &config).parameters);
        let input = images(&config, batch, 0);
        let mut rng = stream(3, 0);
        let mut pass = TrainingPass::new(progress, &mut rng);
        let logits = network.forward_training(input.clone(), &mut pass).logits;
        prop_assert_eq!(logits.dims(), [batch, 5]);
        prop_assert!(values(logits.clone().inner()).iter().all(|value| value.is_finite()));
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
