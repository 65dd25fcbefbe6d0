"""The parts of scripts/soak that are more than one command."""
