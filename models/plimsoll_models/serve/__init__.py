"""Answers for versions that need their library: `python -m plimsoll_models.serve`, on a laptop as in a container of SageMaker."""
