"""The console: one page on this machine with traces, logs, figures, instances, dead letters and sagas."""
