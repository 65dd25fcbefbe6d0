"""The parts of scripts/bench that are more than one command."""
