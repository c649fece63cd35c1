"""The search for a model within a budget: `python -m plimsoll_models.search`."""
