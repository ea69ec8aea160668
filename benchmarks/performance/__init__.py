"""What `/q` and `/qr` cost beside the PACS itself, measured against the alternatives.

``python -m benchmarks.performance`` starts PACS, gateways and competitors of its own on loopback
and lets them take turns. ../README.md says how to use it.
"""
