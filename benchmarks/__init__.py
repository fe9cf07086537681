"""How fast the program is, as ratios measured side by side; `make bench` runs it, README.md tells what came of it."""
