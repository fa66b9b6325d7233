"""From rules to findings: catalogue, lint, run, lifecycle, exceptions, fence."""
