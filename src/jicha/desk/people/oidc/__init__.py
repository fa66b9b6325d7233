"""Sign-in through the company's own identity provider (OpenID Connect): code with PKCE, every token checked whole."""
