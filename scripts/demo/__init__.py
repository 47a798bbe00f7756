"""The main job on a real PDF, as a learner sees it."""
