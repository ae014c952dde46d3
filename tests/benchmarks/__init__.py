"""Benchmarks; a package, so that none of the same name elsewhere is taken for it."""
