"""The public API as an OpenAPI 3.1 document, made from the tables of endpoints, and the page that shows it."""
