"""Speed, measured side by side with the peer.  ``make bench``, or ``python -m benchmarks [NAME ...]``."""
