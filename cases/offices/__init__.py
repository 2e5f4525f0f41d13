"""Offices and their officers."""
