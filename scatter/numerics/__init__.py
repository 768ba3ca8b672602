"""Array-API mathematics that knows no geometry."""
