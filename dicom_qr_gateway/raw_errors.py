"""What the server answers where no application does: whole HTTP responses.

Rule: in the contract's words, and nothing of what could not be read is in them.
"""

import json

from gunicorn.http.errors import InvalidResponseHeader, InvalidResponseHeaderName, ParseException

from dicom_qr_gateway import correlation
from dicom_qr_gateway.errors import GatewayError, InvalidRequest


def error_response(exc: Exception, correlation_id: str) -> bytes:
    """Return the whole response: 400 for what is no HTTP, else 500; both end the connection."""
    ours = isinstance(exc, InvalidResponseHeader | InvalidResponseHeaderName)
    if isinstance(exc, ParseException) and not ours:
        error: GatewayError = InvalidRequest({"request": ["This is not HTTP as RFC 9112 has it."]})
        status = (400, "Bad Request")
    else:
        error = GatewayError("The gateway has a defect: report it with the correlation_id.")
        status = (500, "Internal Server Error")
    body = {
        "code": status[0],
        "status": status[1],
        "error": error.error,
        "message": error.message,
        **error.extra,
        "correlation_id": correlation_id,
    }
    content = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status[0]} {status[1]}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n"
        f"{correlation.HEADER}: {correlation_id}\r\n\r\n"
    )
    return head.encode("ascii") + content
