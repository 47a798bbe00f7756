"""The realtime service: tickets for the WebSocket, and what is said over it."""
