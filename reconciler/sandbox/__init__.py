"""The API's double on loopback, for trying things out and for tests: every assumption about it is a switch.

Not here: anything that the program needs to run. Nothing outside this package may import starlette or uvicorn, and
this file imports neither, so that `reconciler.sandbox.settings` costs little.
"""
