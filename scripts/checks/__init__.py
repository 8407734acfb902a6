"""What scripts/check_layers and scripts/check_style are made of."""
