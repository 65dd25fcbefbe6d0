"""The parts of scripts/build-program: what is made of what, with which tools, and how it is known to be up to date."""
