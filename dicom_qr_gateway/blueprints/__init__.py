"""HTTP only: routes, status codes, headers; a view is a docstring and one service call."""
