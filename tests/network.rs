//! The decoder: published sizes to the digit, and any genotype trains.
#![cfg(feature = "burn")]

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Distribution, Gradients, Tensor};
use evonas::network::{
    CellNetwork, Cost, ImageShape, NetworkConfig, NetworkError, NetworkPlan, trainable_parameters,
};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace, Operation, published};
use proptest::prelude::*;

fn cifar(cells: usize, filters: usize) -> NetworkConfig {
    NetworkConfig::new(cells, filters, 10, ImageShape::new(3, 32, 32))
}

fn cost(genotype: &NasnetGenotype, config: &NetworkConfig) -> Cost {
    Cost::of(&NetworkPlan::new(genotype, config).unwrap())
}

#[test]
fn parameters_and_multiply_adds_are_the_published_networks() {
    let (a, nasnet) = (published::amoebanet_a(), published::nasnet_a());
    let derived = a.clone().with_derived_concat();
    for (genotype, cells, filters, parameters, multiply_adds) in [
        (&a, 1, 8, 59_482, 10_618_112),
        (&a, 3, 24, 843_322, 139_349_760),
        (&a, 6, 32, 2_567_754, 407_671_808),
        (&a, 6, 36, 3_218_266, 509_668_992),
        (&nasnet, 6, 32, 3_346_538, 544_333_312),
        (&derived, 3, 24, 740_938, 122_243_904),
        (&derived, 1, 8, 54_090, 9_569_216),
    ] {
        let cost = cost(genotype, &cifar(cells, filters));
        assert_eq!(cost.parameters, parameters, "({cells},{filters})");
        assert_eq!(cost.multiply_adds, multiply_adds, "({cells},{filters})");
    }
}

#[test]
fn the_module_has_the_parameters_that_the_plan_counts() {
    for genotype in [published::amoebanet_a(), published::nasnet_a()] {
        for (cells, filters) in [(1, 8), (3, 24), (6, 32)] {
            let config = cifar(cells, filters);
            let network =
                CellNetwork::new(&genotype, &config, &mut stream(0, 0), &Device::flex()).unwrap();
            let counted = cost(&genotype, &config).parameters;
            assert_eq!(
                trainable_parameters(&network) as u64,
                counted,
                "({cells},{filters})"
            );
        }
    }
}

#[test]
fn a_configuration_that_can_t_be_is_refused() {
    let genotype = published::amoebanet_a();
    let refused = |config| NetworkPlan::new(&genotype, &config).unwrap_err();
    assert!(
        matches!(refused(cifar(0, 8)), NetworkError::Zero { figure } if figure.contains("cells"))
    );
    assert!(matches!(refused(cifar(1, 0)), NetworkError::Zero { .. }));
    assert!(matches!(
        refused(cifar(1, 1)),
        NetworkError::TooFewFilters { filters: 1 }
    ));
    let mut config = cifar(1, 8);
    config.classes = 0;
    assert!(matches!(refused(config), NetworkError::Zero { .. }));
    let mut config = cifar(1, 8);
    config.batch_norm_epsilon = 0.0;
    assert!(matches!(refused(config), NetworkError::OutOfRange { .. }));
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

fn any_genotype() -> impl Strategy<Value = NasnetGenotype> {
    (any::<u64>(), 1_usize..=6).prop_map(|(seed, pairs)| {
        NasnetSpace::new(Operation::ALL.to_vec(), pairs)
            .unwrap()
            .sample(&mut stream(seed, 0))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_genotype_decodes_and_every_parameter_gets_a_gradient(
        genotype in any_genotype(),
        cells in 1_usize..=2,
        filters in 4_usize..=9,
        height in 5_usize..=9,
        width in 5_usize..=9,
        batch in 2_usize..=3,
    ) {
        let config = NetworkConfig::new(cells, filters, 5, ImageShape::new(2, height, width));
        let device = Device::flex();
        let network =
            CellNetwork::new(&genotype, &config, &mut stream(7, 0), &device.clone().autodiff())
                .unwrap();
        prop_assert_eq!(trainable_parameters(&network) as u64, cost(&genotype, &config).parameters);
        let shape = [batch, 2, height, width];
        let images = Tensor::<4>::random(shape, Distribution::Default, &device);
        let logits = network.forward(images.clone());
        prop_assert_eq!(logits.dims(), [batch, 5]);
        let gradients = logits.powi_scalar(2).mean().backward();
        let mut visitor = MissingGradients { gradients: &gradients, missing: Vec::new(), path: Vec::new() };
        network.visit(&mut visitor);
        prop_assert_eq!(visitor.missing, Vec::<String>::new());
        let logits = network.valid().forward(images).into_data().try_to_vec::<f32>().unwrap();
        prop_assert!(logits.iter().all(|value| value.is_finite()));
    }
}
