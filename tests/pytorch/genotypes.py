"""Genotypes of the NASNet/AmoebaNet space: their text form and the published cells.

State 0 of a cell is the previous cell's output, state 1 the output of the cell before that; pair k
makes state k + 2 (the numbering of TensorFlow's released code).
"""

import random
from dataclasses import dataclass

BOTTLENECKED = {  # kernels, dilation, and the bottleneck's width as eighths of the filters
    "conv3x3": ([(3, 3)], 1, 2),
    "dil2conv3x3": ([(3, 3)], 2, 2),
    "dil4conv3x3": ([(3, 3)], 4, 2),
    "dil6conv3x3": ([(3, 3)], 6, 2),
    "conv1x3_3x1": ([(1, 3), (3, 1)], 1, 3),
    "conv1x7_7x1": ([(1, 7), (7, 1)], 1, 2),
}
SEPARABLE = {  # kernel, dilation
    "sep3": (3, 1),
    "sep5": (5, 1),
    "sep7": (7, 1),
    "dilsep3": (3, 2),
    "dilsep5": (5, 2),
    "dilsep7": (7, 2),
}
POOLS = ("avg2", "avg3", "max2", "max3", "min2")
OPERATIONS = ("identity", "conv1x1", *SEPARABLE, *BOTTLENECKED, *POOLS)

# The released code declares the concat lists: they hold some states that an operation does read, and
# the published sizes need them. B's dilsep5 is the released name `dil_2_separable_5x5_2`.
PUBLISHED = {
    "amoebanet-a": "avg3@0+max3@0,sep3@1+identity@1,identity@0+avg3@1,sep3@0+sep5@2,avg3@5+sep3@0:1.3.4.6"
    "/sep3@1+avg3@0,max3@0+sep7@2,max3@1+max3@0,sep3@4+conv1x7_7x1@0,avg3@1+sep7@0:2.3.4.5.6",
    "amoebanet-b": "conv1x1@1+max3@1,identity@1+sep3@0,conv1x1@1+sep3@0,conv1x1@2+identity@2,avg3@1+conv1x1@5:0.3.4.6"
    "/max2@0+max3@0,identity@2+conv3x3@1,dilsep5@2+max3@2,identity@3+sep3@1,avg3@4+conv1x1@3:5.6",
    "amoebanet-c": "avg3@0+sep3@0,identity@0+sep3@0,avg3@2+sep3@1,identity@0+sep3@1,avg3@3+sep3@0:1.2.4.5.6"
    "/max3@0+max3@0,sep7@2+sep3@0,sep7@0+max3@1,sep5@4+sep5@4,max3@1+sep3@1:0.2.3.4.5.6",
    "amoebanet-d": "conv1x1@1+max3@1,identity@1+conv1x7_7x1@0,conv1x1@0+conv1x7_7x1@0,max3@2+identity@2,"
    "avg3@1+conv1x1@5:0.3.4.6"
    "/max2@0+max3@0,identity@2+conv3x3@1,conv1x7_7x1@2+max3@2,identity@3+max2@1,avg3@2+conv1x1@3:4.5.6",
    "nasnet-a": "sep5@0+sep3@1,sep5@1+sep3@1,avg3@0+identity@1,avg3@1+avg3@1,sep3@0+identity@0:1.2.3.4.5.6"
    "/sep5@0+sep7@1,max3@0+sep7@1,avg3@0+sep5@1,identity@3+avg3@2,sep3@2+max3@0:3.4.5.6",
}


@dataclass(frozen=True)
class CellGenotype:
    """`branches` are (operation, state), two for each pair in turn; `concat` is always explicit."""

    branches: tuple[tuple[str, int], ...]
    concat: tuple[int, ...]

    @staticmethod
    def derived(branches):
        """The cell that concatenates the states no operation reads (the paper's rule)."""
        states = len(branches) // 2 + 2
        read = {state for _, state in branches}
        return CellGenotype(tuple(branches), tuple(s for s in range(states) if s not in read))

    @staticmethod
    def parse(text):
        pairs, colon, concat = text.strip().partition(":")
        branches = []
        for index, pair in enumerate(pairs.split(",")):
            sides = [side.strip().split("@") for side in pair.split("+")]
            if len(sides) != 2 or any(len(side) != 2 for side in sides):
                raise ValueError(f"'{pair}' should be OPERATION@STATE+OPERATION@STATE")
            for operation, state in sides:
                if operation not in OPERATIONS:
                    raise ValueError(f"'{operation}' is not an operation; known are {', '.join(OPERATIONS)}")
                if not 0 <= int(state) <= index + 1:
                    raise ValueError(f"pair {index} may read states 0 to {index + 1}, not {state}")
                branches.append((operation, int(state)))
        cell = CellGenotype.derived(branches)
        if not colon:
            return cell
        states = tuple(int(state) for state in concat.split("."))
        if len(set(states)) != len(states) or not all(0 <= s < len(branches) // 2 + 2 for s in states):
            raise ValueError(f"'{concat}' repeats a state or names one that the cell doesn't have")
        return CellGenotype(cell.branches, states)

    def __str__(self):
        sides = [f"{operation}@{state}" for operation, state in self.branches]
        pairs = ",".join(f"{left}+{right}" for left, right in zip(sides[::2], sides[1::2]))
        return f"{pairs}:{'.'.join(map(str, self.concat))}"


@dataclass(frozen=True)
class Genotype:
    """The text form is NORMAL/REDUCTION."""

    normal: CellGenotype
    reduction: CellGenotype

    @staticmethod
    def parse(text):
        """Reads a published name or the text form."""
        cells = PUBLISHED.get(text, text).split("/")
        if len(cells) != 2:
            raise ValueError(f"'{text}' is neither NORMAL/REDUCTION nor one of {', '.join(PUBLISHED)}")
        return Genotype(*map(CellGenotype.parse, cells))

    @staticmethod
    def random(rng: random.Random, pairs: int):
        """Uniform over sources and all operations, with derived concat lists."""

        def cell():
            states = [state for k in range(pairs) for state in (rng.randrange(k + 2), rng.randrange(k + 2))]
            return CellGenotype.derived([(rng.choice(OPERATIONS), state) for state in states])

        return Genotype(cell(), cell())

    def with_derived_concat(self):
        return Genotype(*(CellGenotype.derived(cell.branches) for cell in (self.normal, self.reduction)))

    def __str__(self):
        return f"{self.normal}/{self.reduction}"
