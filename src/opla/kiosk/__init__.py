"""The kiosk: a tablet of ours that nobody stands behind."""
