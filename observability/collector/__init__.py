"""The collector: takes the platform's traces and logs, and keeps a bounded amount of them on this machine."""
