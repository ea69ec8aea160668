// The page is served under any path prefix, so it tells where the OpenAPI document is.
window.SwaggerUIBundle({
  dom_id: "#reader",
  url: document.getElementById("reader").dataset.document,
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
