"""The tests: a folder for each room of `labeling`, and what they share in `support`."""
