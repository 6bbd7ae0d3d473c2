"""The HTTP door: REST under /v1, and the pages that clerks work in."""
