"""Who acts: a device at the storefront, a customer, somebody of the house."""
