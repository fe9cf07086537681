"""The site of `make site`: whether its links lead somewhere, and nothing on it comes from elsewhere."""
