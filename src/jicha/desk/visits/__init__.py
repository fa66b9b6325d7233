"""Site visits (现场核查): recorded on a phone without a network, received whole, every file with a receipt."""
