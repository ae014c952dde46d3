"""What the command line shows: tables, progress, where the loop stands, the demo's story."""
