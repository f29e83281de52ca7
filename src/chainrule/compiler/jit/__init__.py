"""A compiled function: when it is recorded, when native code runs, when it runs as written.

function         the call: native code, or a recording, or as written, and why
pytree           arguments and results <-> a flat list of tensors and their layout
module           a compiled module, which stays a module

recording        one call, run as written and watched: what it did, and why that cannot be trusted
observer         what ran meanwhile, as the interpreter tells; libraries: whose code it is; bytecode: what it looks up
environment      every place that this code can read (walk, walk_code, walk_objects, walk_models: its parts)
places           a variable, an attribute, an item (contents: whole containers; states: tensors, and what is global)
guards           all that a recording relies on, as one fast check
inputs           numbers that change from call to call (moving: which; holders: symbols taken out of containers)

specialization   one recording made native: its memory, its code, the way in
answers          what a call gives back, and leaves in ``.grad``
pair             a forward and its backward, where results want gradients (backward, partition: how they are cut)
valued           steps of `Value`: their recordings (foresight, many: what they see; valuegraph: their native code)
"""
