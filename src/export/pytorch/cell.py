class Cell(nn.Module):
    """What both kinds of cells have in common. State 0 is computed from the previous cell's output, state 1 from that of
    the one before; each pair of branches adds a state. In a reduction cell, what reads states 0 and 1 has stride 2."""

    def __init__(self, cell, filters, previous, before, align):
        super().__init__()
        self.base = Layers(*relu_project(previous, filters))
        if align == "unchanged":
            self.align = Layers()
        elif align == "project":
            self.align = Layers(*relu_project(before, filters))
        else:
            self.align = Layers(nn.ReLU(), FactorizedReduction(before, filters))

        def channels(state):
            return before if state == 1 and align == "unchanged" else filters

        def strides(state):
            return self.REDUCES and state < 2

        def branch(operation, state):
            return Layers(*operation(channels(state), filters, 2 if strides(state) else 1)@DROP_PATH@)

        def part(state):
            if strides(state):
                return Layers(FactorizedReduction(channels(state), filters))
            return Layers(*(project(channels(state), filters) if channels(state) != filters else []))

        self.branches = nn.ModuleList(branch(*one) for one in self.BRANCHES)
        self.parts = nn.ModuleList(part(state) for state in self.CONCATENATED)
