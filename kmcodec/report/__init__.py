"""Show a picture and what became of it: numbers, figures, and a page of both."""
