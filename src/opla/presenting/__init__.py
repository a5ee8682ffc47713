"""Facts into words: refusals, what a product does, what became of an order, messages. Nothing here decides anything."""
