"""An embedded demo PACS with synthetic patients, for the first run, tests and examples."""
