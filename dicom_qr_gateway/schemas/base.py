"""What all schemas have in common.

Rule: an object has the fields its schema names and no others, in requests and in answers alike.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import RAISE, Schema


class StrictSchema(Schema):
    """A schema that refuses unknown fields, and says so in OpenAPI (additionalProperties).

    ``openapi`` is what its fields cannot say there.
    """

    openapi: ClassVar[Mapping[str, Any]] = {}

    class Meta:
        """Options of marshmallow."""

        unknown = RAISE
