"""What generated loops call: compiled by Numba together with them, imported only when something is compiled.

    emitting      formulas that write machine instructions instead of computing
    mathematics   exp, log, tanh, … of one number, fit for loops that work on many numbers at once
    memory        arrays at a known address; the fastest call from Python
    blas          matrix products through SciPy's BLAS
    twister       PyTorch's random numbers, drawn inside native loops

The text of these files is part of the key under which compiled steps are kept on disk (`compiler.cache`).
"""
