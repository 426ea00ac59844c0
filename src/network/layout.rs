//! How the values of hidden states lie.

use burn::tensor::Tensor;

use evonas_kernels::cpu as kernels;

/// How the values of a batch of images or hidden states lie. Every layer takes the layout that
/// [`Layout::of`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// `[batch, channels, height, width]`, as Burn's operations take them.
    ChannelsFirst,
    /// `[batch, height, width, channels]`, as the CPU's own kernels do.
    ChannelsLast,
}

impl Layout {
    /// The layout of a tensor inside a network: the kernels run where they can.
    pub(super) fn of(tensor: &Tensor<4>) -> Self {
        if kernels::accelerates(tensor) {
            Self::ChannelsLast
        } else {
            Self::ChannelsFirst
        }
    }

    /// Images as a network takes them, `[batch, channels, height, width]`, in the layout of its
    /// layers.
    pub(super) fn enter(images: Tensor<4>) -> Tensor<4> {
        match Self::of(&images) {
            Self::ChannelsFirst => images,
            Self::ChannelsLast => images.permute([0, 2, 3, 1]),
        }
    }

    /// The way back from [`Layout::enter`].
    pub(super) fn leave(states: Tensor<4>) -> Tensor<4> {
        match Self::of(&states) {
            Self::ChannelsFirst => states,
            Self::ChannelsLast => states.permute([0, 3, 1, 2]),
        }
    }

    /// The dimension of the channels, and those of height and width.
    pub(super) const fn axes(self) -> (usize, [usize; 2]) {
        match self {
            Self::ChannelsFirst => (1, [2, 3]),
            Self::ChannelsLast => (3, [1, 2]),
        }
    }

    /// Height and width.
    pub(super) fn size(tensor: &Tensor<4>) -> [usize; 2] {
        let (_, axes) = Self::of(tensor).axes();
        axes.map(|axis| tensor.dims()[axis])
    }

    /// Hidden states of one size, at least one, with their channels one behind the other.
    pub(super) fn concatenate(mut parts: Vec<Tensor<4>>) -> Tensor<4> {
        if parts.len() == 1 {
            return parts.remove(0);
        }
        match Self::of(&parts[0]) {
            Self::ChannelsFirst => Tensor::cat(parts, 1),
            Self::ChannelsLast => kernels::concatenate(parts),
        }
    }
}
