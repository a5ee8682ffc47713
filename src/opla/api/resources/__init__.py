"""One file per resource. Each has a `router`, which `api.v1` knows."""
