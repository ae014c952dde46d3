"""Which voters depend on each other beyond what a common true label explains."""
