"""Documents: a PDF comes in, its pages of text come out."""
