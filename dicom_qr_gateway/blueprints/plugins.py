"""What apispec leaves out of the OpenAPI document, added by plugins of it."""

from typing import Any

from apispec import BasePlugin


class ResponsesInOrder(BasePlugin):
    """Lists the responses of an operation by status, whatever decorator named them first."""

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **_kwargs: Any
    ) -> None:
        """Sort what the decorators collected."""
        for operation in (operations or {}).values():
            operation["responses"] = dict(sorted(operation["responses"].items()))


class FurtherRules(BasePlugin):
    """Adds to a schema what its fields cannot say, such as that one excludes another."""

    def schema_helper(
        self, name: str, definition: dict[str, Any], **kwargs: Any
    ) -> dict[str, Any] | None:
        """Return what the schema itself has for the document."""
        return dict(getattr(kwargs.get("schema"), "openapi", {}))
