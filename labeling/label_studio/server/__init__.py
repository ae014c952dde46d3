"""A Label Studio server on this machine: installed, started, proven to be ours, stopped."""
