"""The explorer of a workbench: keyboard labelling of a dev set, and a browser of buckets."""
