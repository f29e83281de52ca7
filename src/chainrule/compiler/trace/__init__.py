"""A step watched while it runs: the recording, as a graph of entries.

tracer       looks on at the one door and writes down every value
scalars      options of optimizers, as numbers that remember how they were made
symbols      the user's own numbers that change, as proxies (numbers: what is computed of them, and asked)
comparison   two recordings of one step, held against each other
labels       the user's own words: lines, and the names values have there
"""
