"""A stand-in for Google's Gemini API: same wire protocol, quotas and errors, no model behind it."""
