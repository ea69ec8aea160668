"""marshmallow schemas: the rules a request must keep, and the shape answers are documented with."""
