"""A local Label Studio server: installed, started, verified and stopped."""
