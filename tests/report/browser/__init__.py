"""The HTML report in a real browser: Debian's Chromium, or the one that `CHROMIUM` names."""
