"""Samples (抽样): how many to look at, which ones, and what the ones looked at say of all; every draw can be made again by another auditor."""
