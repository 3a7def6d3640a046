"""Training stores: music degraded, scored and turned into tensors on disk."""
