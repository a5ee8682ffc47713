"""Proofs that anyone can repeat: the real operations and the real SQL, while things break on purpose."""
