"""A real browser without a window: Chromium, driven by its own DevTools protocol."""
