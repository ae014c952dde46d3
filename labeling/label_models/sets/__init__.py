"""The default label model where samples have several labels: its steps, a file each."""
