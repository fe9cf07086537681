"""The codes behind messages: how they are shown (`marking`), and what each of them means (`catalogue`).

`codes.toml` has an entry for each code, and `docs/codes.md` is made of it. Which code a message has is said where the
message is made: guards in `model.changes`, problems of a manifest in `manifest`, errors in `errors`.
"""
