"""Generated loops as machine code, and what they call; imported only when something is compiled.

    translating   the lines of a function as LLVM instructions; ``terms`` are its expressions
    emitting      formulas that write machine instructions instead of computing
    mathematics   exp, log, tanh, … of one number, fit for loops that work on many numbers at once
    compiling     generated functions compiled, and the fastest call from Python
    memory        arrays at a known address, arrays that do not overlap
    products      matrix products: in ``tiles``, the large ones by a ``team`` of two, or by SciPy's BLAS (``blas``)
    vectors       how wide the vectors of this processor are
    twister       PyTorch's random numbers, drawn inside native loops; ``shuffling``: orders from them

The text of these files is part of the key under which compiled steps are kept on disk (`compiler.cache`).
"""
