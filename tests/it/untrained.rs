//! Proxies that look at an untrained network, by networks small enough to be computed by hand.

use std::error::Error;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor};
use evonas::network::{CostModel, ImageShape, NasBench201Network, trainable_parameters};
use evonas::prelude::*;
use evonas::spaces::nasbench201::{NasBench201Cell, NasBench201Space};
use evonas::training::images::{ChannelStatistics, LabeledImages, digits};
use evonas::training::{
    CellDecoder, Decoder, GradientNorm, ImageClassifier, JacobianCovariance, MiniBatch, Synflow,
};

const SHAPE: ImageShape = ImageShape::gray(1, 2);

/// Two matrices with a ReLU between, or one without, on images of two pixels in two classes.
#[derive(Module, Debug)]
struct Matrices {
    first: Param<Tensor<2>>,
    second: Option<Param<Tensor<2>>>,
}

impl ImageClassifier for Matrices {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let output = images.flatten::<2>(1, 3).matmul(self.first.val());
        match &self.second {
            Some(second) => burn::tensor::activation::relu(output).matmul(second.val()),
            None => output,
        }
    }
}

/// The genotype has the matrices.
#[derive(Debug)]
struct MatrixDecoder;

type Weights = Vec<[[f32; 2]; 2]>;

impl Decoder<Weights> for MatrixDecoder {
    type Network = Matrices;

    fn decode(
        &self,
        weights: &Weights,
        _: &mut dyn Rng,
        device: &Device,
    ) -> Result<Matrices, Box<dyn Error + Send + Sync>> {
        let matrix = |index: usize| {
            let values = weights.get(index)?;
            Some(Param::from_data(*values, device))
        };
        Ok(Matrices {
            first: matrix(0).ok_or("no matrix")?,
            second: matrix(1),
        })
    }
}

/// Images of two pixels that stay as they are.
fn batch(pixels: &[[f32; 2]], labels: &[u16]) -> MiniBatch {
    let pixels = pixels.concat();
    let images = LabeledImages::from_floats(SHAPE, 2, pixels, labels.to_vec()).unwrap();
    let statistics = ChannelStatistics::from_channels(vec![(0.0, 1.0)]).unwrap();
    MiniBatch::new(&images, &statistics, &Device::flex())
}

fn score<G>(proxy: &dyn Proxy<G>, genotype: &G) -> f64 {
    proxy.score(genotype, &mut stream(0, 0))
}

#[test]
fn synflow_is_the_sum_over_paths_of_the_products_of_absolute_weights() {
    let proxy = Synflow::new(MatrixDecoder, SHAPE);
    let one = vec![[[1.0, -2.0], [3.0, 4.0]]];
    assert!((score(&proxy, &one).exp() - 10.0).abs() < 1e-9);
    // Every layer carries the whole flow: (|1| + |3|)(|-1| + |2|) + (|-2| + |4|)(|0.5| + |0|).
    let two = vec![one[0], [[-1.0, 2.0], [0.5, 0.0]]];
    assert!((score(&proxy, &two).exp() - 2.0 * 15.0).abs() < 1e-9);
    // Beyond single precision.
    let large = vec![[[1e30, 0.0], [0.0, 1e30]]; 2];
    assert!((score(&proxy, &large) - 4e60_f64.ln()).abs() < 1e-4);
}

#[test]
fn the_gradient_norm_adds_up_the_layers() {
    // Logits 0: the gradient of each logit is 0.5 minus 1 for the label's, and the mean over both images is taken.
    let images = batch(&[[1.0, 0.0], [0.0, 3.0]], &[0, 1]);
    let proxy = GradientNorm::new(MatrixDecoder, images);
    let nothing = vec![[[0.0; 2]; 2]];
    let expected = (2.0 * 0.25_f64.powi(2) + 2.0 * 0.75_f64.powi(2)).sqrt();
    assert!((score(&proxy, &nothing) - expected).abs() < 1e-6);
    // The second matrix is 0, so nothing passes back to the first, whose outputs are the images.
    let second = vec![[[1.0, 0.0], [0.0, 1.0]], [[0.0; 2]; 2]];
    assert!((score(&proxy, &second) - expected).abs() < 1e-6);
    // Both are the identity: softmax of (1, 0) and (0, 3), and the ReLU stops the gradient of what is 0.
    let both = vec![[[1.0, 0.0], [0.0, 1.0]]; 2];
    let wrong = |logit: f64| 0.5 / (1.0 + logit.exp());
    let (a, b) = (wrong(1.0), 3.0 * wrong(3.0));
    let of_second = (2.0 * a * a + 2.0 * b * b).sqrt();
    let of_first = (a * a + b * b).sqrt();
    assert!((score(&proxy, &both) - of_first - of_second).abs() < 1e-5);
}

/// Both logits are the sum of the squared pixels, or of the pixels.
#[derive(Module, Debug)]
struct Sums {
    factor: Param<Tensor<1>>,
    #[module(skip)]
    squared: bool,
}

impl ImageClassifier for Sums {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let pixels = images.flatten::<2>(1, 3);
        let values = match self.squared {
            true => pixels.square(),
            false => pixels,
        };
        (values.sum_dim(1) * self.factor.val().unsqueeze()).expand([-1, 2])
    }
}

#[derive(Debug)]
struct SumDecoder;

impl Decoder<bool> for SumDecoder {
    type Network = Sums;

    fn decode(
        &self,
        &squared: &bool,
        _: &mut dyn Rng,
        device: &Device,
    ) -> Result<Sums, Box<dyn Error + Send + Sync>> {
        let factor = Param::from_data([1.0], device);
        Ok(Sums { factor, squared })
    }
}

#[test]
fn the_covariance_of_jacobians_is_high_where_images_are_treated_differently() {
    let pixels = vec![1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    let images = LabeledImages::from_floats(ImageShape::gray(2, 2), 2, pixels, vec![0, 1]).unwrap();
    let statistics = ChannelStatistics::from_channels(vec![(0.0, 1.0)]).unwrap();
    let batch = MiniBatch::new(&images, &statistics, &Device::flex());
    let proxy = JacobianCovariance::new(SumDecoder, batch);
    // The gradients are the images, doubled twice. Two of four pixels differ: a correlation of -1/3, and eigenvalues of
    // 4/3 and 2/3.
    let term = |eigenvalue: f64| (eigenvalue + 1e-5).ln() + 1.0 / (eigenvalue + 1e-5);
    let expected = -term(4.0 / 3.0) - term(2.0 / 3.0);
    let found = score(&proxy, &true);
    assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    // A constant gradient has no correlation.
    assert_eq!(score(&proxy, &false), f64::NEG_INFINITY);
}

#[test]
fn a_network_that_treats_all_images_alike_has_the_lowest_covariance_there_is() {
    let images = batch(&[[1.0, -1.0], [-1.0, 1.0], [2.0, -3.0]], &[0, 1, 0]);
    let proxy = JacobianCovariance::new(MatrixDecoder, images);
    // A linear network has one gradient for all images: one eigenvalue is 3, and two are 0.
    let linear = vec![[[1.0, -2.0], [3.0, 4.0]]];
    let term = |eigenvalue: f64| (eigenvalue + 1e-5).ln() + 1.0 / (eigenvalue + 1e-5);
    let expected = -term(3.0) - 2.0 * term(0.0);
    assert!((score(&proxy, &linear) / expected - 1.0).abs() < 1e-4);
    let without_gradient = vec![[[1.0, 0.0], [0.0, 1.0]], [[0.0; 2]; 2]];
    assert_eq!(score(&proxy, &without_gradient), f64::NEG_INFINITY);
}

#[test]
fn genotypes_without_a_network_have_the_lowest_score() {
    let images = batch(&[[1.0, 2.0]], &[0]);
    let proxies: [Box<dyn Proxy<Weights>>; 3] = [
        Box::new(Synflow::new(MatrixDecoder, SHAPE)),
        Box::new(GradientNorm::new(MatrixDecoder, images.clone())),
        Box::new(JacobianCovariance::new(MatrixDecoder, images)),
    ];
    for proxy in proxies {
        assert_eq!(score(&*proxy, &Weights::new()), f64::NEG_INFINITY);
    }
}

fn of_cells() -> Vec<Box<dyn Proxy<NasnetGenotype>>> {
    let train = digits().train;
    let config = NetworkConfig::new(train.shape(), 10)
        .cells_per_stack(1)
        .filters(4);
    let decoder = || CellDecoder::new(config.clone());
    let images = train.limit(16, 0);
    let batch = MiniBatch::new(&images, &ChannelStatistics::of(&train), &Device::flex());
    vec![
        Box::new(Synflow::new(decoder(), train.shape())),
        Box::new(GradientNorm::new(decoder(), batch.clone())),
        Box::new(JacobianCovariance::new(decoder(), batch)),
    ]
}

#[test]
fn a_score_depends_on_the_genotype_and_the_random_numbers_alone() {
    let space = NasnetSpace::sp1();
    let [first, second] = [0, 1].map(|seed| space.sample(&mut stream(seed, 0)));
    for (proxy, again) in of_cells().iter().zip(of_cells()) {
        let found = score(&**proxy, &first);
        assert!(found.is_finite(), "{proxy:?}: {found}");
        assert_eq!(found, score(&*again, &first), "{proxy:?}");
        assert_ne!(found, score(&**proxy, &second), "{proxy:?}");
        assert_ne!(found, proxy.score(&first, &mut stream(1, 0)), "{proxy:?}");
        assert_eq!(proxy.describe(), again.describe());
    }
}

#[test]
fn descriptions_tell_the_network_and_the_images() {
    let [synflow, norm, covariance] = of_cells().try_into().unwrap();
    for (proxy, name) in [
        (&synflow, "Synflow"),
        (&norm, "GradientNorm"),
        (&covariance, "JacobianCovariance"),
    ] {
        let description = proxy.describe();
        assert_eq!(description["type"], name);
        assert_eq!(description["decoder"]["filters"], 4);
    }
    let train = digits().train;
    let batch = |seed| {
        let images = train.limit(16, seed);
        MiniBatch::new(&images, &ChannelStatistics::of(&train), &Device::flex())
    };
    let describe =
        |seed| Proxy::<Weights>::describe(&GradientNorm::new(MatrixDecoder, batch(seed)));
    assert_eq!(describe(0), describe(0));
    assert_ne!(describe(0), describe(1));
}

#[test]
fn a_search_with_a_proxy_of_networks_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let run = |trials, path: Option<&std::path::Path>| {
        let space = NasnetSpace::sp1();
        let [synflow, norm, _] = of_cells().try_into().unwrap();
        let mutation = BestOf::new(2, space.mutation(), norm).unwrap();
        let evolution = Evolution::builder(space, mutation)
            .population(3)
            .sample(2)
            .warm_up(WarmUp::new(6, synflow))
            .seed(3)
            .build()
            .unwrap();
        let fitness = |genotype: &NasnetGenotype, context: &Context<'_>| {
            Ok(Evaluation::new(
                genotype.to_string().len() as f64 + (context.trial().0 % 2) as f64,
            ))
        };
        let mut search = Search::new(evolution, Serial::new(fitness), Budget::trials(trials));
        if let Some(path) = path {
            search = search.journal(Journal::open_or_create(path).unwrap());
        }
        let result = search.run().unwrap();
        let genotypes = result
            .history
            .records()
            .iter()
            .map(|trial| trial.genotype.to_string());
        genotypes.collect::<Vec<_>>()
    };
    let whole = run(8, None);
    assert_eq!(run(5, Some(folder.path())), whole[..5]);
    assert_eq!(run(8, Some(folder.path())), whole);
}

const PATHLESS: &str = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";

fn cell(text: &str) -> NasBench201Cell {
    text.parse().unwrap()
}

/// Counts parameters that a loss depends on.
struct Reached<'a> {
    gradients: &'a Gradients,
    reached: usize,
    parameters: usize,
}

impl ModuleVisitor for Reached<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            self.parameters += 1;
            self.reached += usize::from(param.val().grad(self.gradients).is_some());
        }
    }
}

#[test]
fn a_network_of_nasbench201_has_the_parameters_of_its_cost_and_all_of_them_train() {
    let network = NasBench201Network::new(8, 5);
    let device = Device::flex().autodiff();
    let connected = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|avg_pool_3x3~1|nor_conv_3x3~2|";
    let random = (0..10).map(|seed| NasBench201Space.sample(&mut stream(seed, 0)));
    for cell in [cell(connected), cell(PATHLESS)].into_iter().chain(random) {
        let classifier = network.decode(&cell, &mut stream(0, 0), &device).unwrap();
        let cost = network.cost(&cell).unwrap();
        assert_eq!(
            trainable_parameters(&classifier) as u64,
            cost.parameters,
            "{cell}"
        );
        let logits = classifier.logits(Tensor::ones([2, 3, 8, 8], &device));
        assert_eq!(logits.dims(), [2, 5]);
        let mut found = Reached {
            gradients: &logits.sum().backward(),
            reached: 0,
            parameters: 0,
        };
        classifier.visit(&mut found);
        if cell.to_string() == connected {
            assert_eq!(found.reached, found.parameters);
        } else {
            assert!(found.reached > 0, "{cell}");
        }
    }
}

#[test]
fn a_cell_without_a_path_scores_lowest() {
    let network = NasBench201Network::new(8, 5);
    let mut rng = stream(0, 0);
    let shape = ImageShape::rgb(8, 8);
    let pixels: Vec<u8> = (0..4 * 3 * 64).map(|_| rng.random()).collect();
    let images = LabeledImages::new(shape, 5, pixels, vec![0, 1, 2, 3]).unwrap();
    let batch = MiniBatch::new(&images, &ChannelStatistics::of(&images), &Device::flex());
    let pathless = cell(PATHLESS);
    let covariance = JacobianCovariance::new(network, batch.clone());
    assert_eq!(score(&covariance, &pathless), f64::NEG_INFINITY);
    assert_eq!(
        score(&Synflow::new(network, shape), &pathless),
        f64::NEG_INFINITY
    );
    assert_eq!(score(&GradientNorm::new(network, batch), &pathless), 0.0);
}

#[test]
fn networks_of_nasbench201_need_classes_and_images_that_can_be_halved_twice() {
    let any = cell(PATHLESS);
    for (size, classes, said) in [
        (
            10,
            2,
            "the size of the images is 10; it must be a multiple of 4, to be halved twice",
        ),
        (0, 2, "the size of the images is 0; it must be at least 1"),
        (8, 0, "the number of classes is 0; it must be at least 1"),
    ] {
        let network = NasBench201Network::new(size, classes);
        let error = network
            .decode(&any, &mut stream(0, 0), &Device::flex())
            .unwrap_err();
        assert_eq!(error.to_string(), said);
    }
}
