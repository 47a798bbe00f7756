"""Questions: planned over a document, made by the model, checked by code, stored in sets."""
