"""SageMaker's training jobs for MiniStack, as Step Functions asks for them and waits for their end.

What a job does is done by the server that PLIMSOLL_CLOUD_TRAINING_SERVER names: it is given the request, and says how the job ended.
"""

import json
import os
import urllib.error
import urllib.request

RESOURCE = "arn:aws:states:::sagemaker:createTrainingJob"
# Of one job, in a test.
JOB_LIMIT_S = 300


def add(expect) -> None:
    from ministack.services import stepfunctions

    known = getattr(stepfunctions, "_SERVICE_DISPATCH", None)
    expect(isinstance(known, dict), "MiniStack's Step Functions has no _SERVICE_DISPATCH")
    names: set[tuple[str, str]] = set()

    def run(resource, request):
        from ministack.core.responses import get_account_id

        if not resource.endswith(".sync"):
            raise stepfunctions._ExecutionError("States.Runtime", f"{resource} is not waited for")
        name = (get_account_id(), request["TrainingJobName"])
        if name in names:
            raise stepfunctions._ExecutionError("SageMaker.ResourceInUse", f"Training job {name[1]} is there already")
        names.add(name)
        described = ended(request)
        if described["TrainingJobStatus"] != "Completed":
            raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(described))
        return described

    known[RESOURCE] = run


def ended(request: dict) -> dict:
    """As DescribeTrainingJob says it."""
    url = os.environ["PLIMSOLL_CLOUD_TRAINING_SERVER"]
    asked = urllib.request.Request(url, json.dumps(request).encode(), {"content-type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(asked, timeout=JOB_LIMIT_S) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError) as problem:
        return {"TrainingJobStatus": "Failed", "FailureReason": f"InternalServerError: {problem}"}
