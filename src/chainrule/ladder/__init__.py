"""The ladder: the same networks, the same data and the same start, at eight rungs of abstraction.

rungs/    the scripts a learner writes, one for each task and rung
parts     what the rung ``parts`` stands on: curves, weights, approximators
layers    what the rung ``layers`` stands on: layers, losses, a network
tasks     the two tasks: a cubic for the sine, a network for handwritten digits
run       train rungs and hold each against ``hand``, step by step
table     the results, for people and for programs
report    the results as a page: ``pictures`` draws for it, ``listing`` colours its source
"""
