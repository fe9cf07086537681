"""What runs the pages: transcripts replayed, commands and tables read out of Markdown."""
