def same_padding(size, kernel, stride, dilation=1):
    """TensorFlow's SAME: ceil(size / stride) outputs; an odd pixel of padding goes to the end."""
    total = max((-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def pad_same(x, kernel, stride, dilation=1, value=0.0):
    """Returns `x` and the symmetric padding that is left to do: all of it, or none if `x` is padded now."""
    top, bottom = same_padding(x.shape[2], kernel[0], stride[0], dilation)
    left, right = same_padding(x.shape[3], kernel[1], stride[1], dilation)
    if top == bottom and left == right:
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


class Conv2d(nn.Conv2d):
    """A convolution without bias, with SAME padding."""

    def __init__(self, channels, filters, kernel, stride=1, dilation=1, groups=1):
        super().__init__(channels, filters, kernel, stride, dilation=dilation, groups=groups, bias=False)

    def forward(self, x):
        x, padding = pad_same(x, self.kernel_size, self.stride, self.dilation[0])
        return F.conv2d(x, self.weight, None, self.stride, padding, self.dilation, self.groups)


class Pool2d(nn.Module):
    """Average, max or min pooling, with SAME padding or so many pixels. Padding never contributes to the result."""

    def __init__(self, kind, kernel, stride, padding=None):
        super().__init__()
        self.kind, self.kernel, self.stride, self.padding = kind, kernel, stride, padding

    def forward(self, x):
        if self.kind == "average":
            return self.average(x)
        return self.largest(x) if self.kind == "max" else -self.largest(-x)

    def pad(self, x, value=0.0):
        if self.padding is not None:
            return x, (self.padding,) * 2
        return pad_same(x, (self.kernel,) * 2, (self.stride,) * 2, value=value)

    def largest(self, x):
        x, padding = self.pad(x, -math.inf)
        return F.max_pool2d(x, self.kernel, self.stride, padding)

    def average(self, x):
        padded, padding = self.pad(x)
        mean = F.avg_pool2d(padded, self.kernel, self.stride, padding, count_include_pad=False)
        if padded is x:
            return mean
        pixels, _ = self.pad(torch.ones_like(x[:1, :1]))
        return mean / F.avg_pool2d(pixels, self.kernel, self.stride)


def norm(channels):
    return nn.BatchNorm2d(channels, EPSILON, MOMENTUM)


def project(channels, filters, stride=1):
    """1x1 convolution, batch norm."""
    return [Conv2d(channels, filters, 1, stride), norm(filters)]


def relu_project(channels, filters, stride=1):
    return [nn.ReLU(), *project(channels, filters, stride)]


class FactorizedReduction(nn.Module):
    """Halves height and width: two strided 1x1 convolutions, the second shifted by one pixel."""

    def __init__(self, channels, filters):
        super().__init__()
        self.first = Conv2d(channels, filters // 2, 1, 2)
        self.second = Conv2d(channels, filters - filters // 2, 1, 2)
        self.norm = norm(filters)

    def forward(self, x):
        shifted = F.pad(x, (-1, 1, -1, 1))
        return self.norm(torch.cat([self.first(x), self.second(shifted)], 1))


class Layers(nn.Module):
    """Layers one after another; without any, the input."""

    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


class Head(nn.Module):
    """A classifier of hidden states."""

    def __init__(self, features, classifier):
        super().__init__()
        self.features, self.classifier = features, classifier

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))
