"""How good the label models are: on real votes with gold labels, beside their peers, as one table.

Run it with `make bench-quality`; what is measured and how is told in docs/benchmarks.md.
"""
