"""The parts of scripts/devnet: a chain, nodes on it, and the stories that they play."""
