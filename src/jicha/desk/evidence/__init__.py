"""Evidence (证据): files of an order, kept byte for byte under the hash of their content."""
