"""What designs are measured against: protein pockets, and later patients."""
