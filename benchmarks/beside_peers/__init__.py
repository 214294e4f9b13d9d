"""Beside a published engine of clinical quality measures."""
