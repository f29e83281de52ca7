"""Memory that is let go stays with the process, to be used again.

A training step asks for the same arrays again and again.  The C library of Linux gives large blocks back to the
system as they are freed, and the system clears each page again when it is next touched: of a LeNet step that was
two fifths of the time.  How large is large, that library learns by watching: when a block is freed that had come
straight from the system, blocks of that size are kept from then on, and twice as much at the end of the heap
(mallopt(3), M_MMAP_THRESHOLD).  So one block is asked for and freed, once, of nearly the 32 MiB up to which it
learns.  The block itself is never touched and costs no memory; what may stay with the process is 64 MiB.

Where the library is another one, or MALLOC_MMAP_THRESHOLD_ is set, this changes nothing.
"""

from __future__ import annotations

import numpy as np

LARGEST = 2**25 - 2**16  # bytes; the library's own limit, less what it and the page size add


def keep_freed_memory() -> None:
    """Teach the C library to keep blocks of up to 32 MiB."""
    np.empty(LARGEST, np.uint8)
