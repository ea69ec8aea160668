"""What both benches use: figures, programs, what the kernel says, a PACS' side as bytes."""
