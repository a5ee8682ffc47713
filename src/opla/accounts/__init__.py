"""Who acts: a device at the storefront, the owner behind a one-time link."""
