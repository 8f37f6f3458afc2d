"""The only sockets that the product opens: tokens, Teams, Graph."""
