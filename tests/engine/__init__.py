"""Tests of `reconciler.engine`."""
