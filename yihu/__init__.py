"""The program: command line, settings, wiring, worker, demo. The only place where everything meets."""
