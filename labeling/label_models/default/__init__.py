"""The default label model for labeling functions: its steps, a file each."""
