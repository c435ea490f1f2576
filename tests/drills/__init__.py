"""Drills: each alert is caused on a running platform, and its page is followed."""
