"""What the server holds, one module per resource."""
