"""The board on a terminal. Nothing here is imported before somebody asks for it: `textual` takes its time."""
