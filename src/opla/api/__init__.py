"""The face for programs: REST for resellers below /api/v1/, on the same operations as every other face."""
