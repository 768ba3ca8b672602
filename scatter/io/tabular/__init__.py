"""One module for each file format of a table of features."""
