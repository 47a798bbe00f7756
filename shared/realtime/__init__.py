"""Delivery of events to WebSocket connections."""
