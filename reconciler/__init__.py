"""Kore.ai contact lists as code: what a YAML file declares, compared, planned and applied."""

__version__ = "0.2.0"
