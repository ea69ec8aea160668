// The page is served under any path prefix, so it tells where the OpenAPI document is.
const reader = document.getElementById("reader");
window.Redoc.init(reader.dataset.document, {}, reader);
