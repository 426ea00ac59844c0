class DropPath(nn.Module):
    """In training, sets the output of an operation to 0 for random images, and divides the others' by the probability
    to keep them, which falls from 1 as `Network.set_progress` and the schedule say."""

    def __init__(self, cell):
        super().__init__()
        self.cell, self.progress = cell, 0.0

    def keep(self):
        depth = 1.0 if SCHEDULE == "time" else (self.cell + 1) / CELLS
        progress = 1.0 if SCHEDULE == "layer" else self.progress
        return 1.0 - progress * depth * (1.0 - KEEP_PROBABILITY)

    def forward(self, x):
        keep = self.keep()
        if not self.training or keep == 1.0:
            return x
        return x * (torch.rand(len(x), 1, 1, 1, device=x.device) < keep) / keep
