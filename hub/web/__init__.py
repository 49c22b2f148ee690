"""What every page shares: layout, forms, translations, browser files."""
