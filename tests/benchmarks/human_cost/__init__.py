"""What an hour of people's time buys: queries and votes replayed on real ratings and gold labels.

Run it with `make bench-human-cost`; what is measured and how is told in docs/benchmarks.md.
"""
