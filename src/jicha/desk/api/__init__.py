"""The API (接口): what the pages do, for programs that hold a token."""
