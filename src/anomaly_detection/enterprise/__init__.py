"""What an organisation adds to the platform."""
