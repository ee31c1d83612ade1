"""What the server answers, as values. Fields that a later server adds are left out."""
