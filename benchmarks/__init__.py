"""What the figures on the pages come from: programs that measure and print, run by hand, never a test."""
