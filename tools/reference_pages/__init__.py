"""One module a kind of reference page; each has `pages()`, which returns {path in docs/reference: text}."""
