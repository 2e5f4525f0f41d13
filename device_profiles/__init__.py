"""Knowing cameras: one TOML each, and the pure questions of matching, names, clocks and sidecars. Imports nothing of ours."""
