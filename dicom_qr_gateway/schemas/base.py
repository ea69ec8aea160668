"""What all schemas have in common.

Rule: an object has the fields its schema names and no others, in requests and in answers alike.
"""

from marshmallow import RAISE, Schema


class StrictSchema(Schema):
    """A schema that refuses unknown fields, and says so in OpenAPI (additionalProperties)."""

    class Meta:
        """Options of marshmallow."""

        unknown = RAISE
