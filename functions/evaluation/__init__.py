"""The evaluation service: grades what learners answer."""
