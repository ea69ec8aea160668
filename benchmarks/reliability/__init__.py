"""What issue and documentation promise about reliability, measured on the real gateway.

``python -m benchmarks.reliability`` starts gunicorn, nginx and PACS of its own on loopback, puts
them through every row, and judges the figures. README.md beside this file says how to use it.
"""
