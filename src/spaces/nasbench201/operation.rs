//! The five operations of NAS-Bench-201.

/// The operation on an edge. The discriminants are the digits of [`NasBench201Cell::code`].
///
/// [`NasBench201Cell::code`]: super::NasBench201Cell::code
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum EdgeOperation {
    /// No connection: zeros.
    None = 0,
    /// The input itself.
    SkipConnect = 1,
    /// ReLU, 1x1 convolution, batch norm.
    Conv1x1 = 2,
    /// ReLU, 3x3 convolution, batch norm.
    Conv3x3 = 3,
    /// 3x3 average pooling.
    AvgPool3x3 = 4,
}

impl EdgeOperation {
    /// All operations, in the order of their discriminants.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::SkipConnect,
        Self::Conv1x1,
        Self::Conv3x3,
        Self::AvgPool3x3,
    ];

    /// The official name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SkipConnect => "skip_connect",
            Self::Conv1x1 => "nor_conv_1x1",
            Self::Conv3x3 => "nor_conv_3x3",
            Self::AvgPool3x3 => "avg_pool_3x3",
        }
    }

    /// The operation with this official name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
    }
}
