"""Random labeling functions over random samples: votes on columns are those of a plain loop."""
