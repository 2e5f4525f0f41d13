"""Long lists, a part at a time."""
