"""What machines read and write: plans, results, drift reports, problems, check-ups, what `state` prints as JSON.

Each document is declared once, as typed dictionaries with a docstring at every property, in a module of its own: what
makes the document of a value is typed by the declaration, and the strict reader and the JSON Schema (`json_schema`) are
made of it. Formats carry their numbers and change only together with the changelog. How a document becomes text is no
matter of this package, see `report.json`; nor is the state as a whole, which `state` keeps: only its entries are here.
"""
