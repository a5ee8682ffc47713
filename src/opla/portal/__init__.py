"""The pages of resellers, below /reseller/: for the people whom a reseller's owner named."""
