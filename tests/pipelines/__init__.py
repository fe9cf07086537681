"""The pipelines that `init` writes: what they say, and what they do where they really run."""
