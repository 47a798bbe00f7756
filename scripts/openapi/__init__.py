"""The parts of the OpenAPI document that scripts/build_openapi.py joins."""
