"""Step Functions' Distributed Map for MiniStack as a sweep uses it: MiniStack reads the items, and knows no ItemBatcher, no MaxConcurrencyPath and no ResultWriter."""

import json


def repair(expect) -> None:
    """Hands items over in batches, and writes what became of them to S3."""
    from ministack.services import stepfunctions

    expect(hasattr(stepfunctions, "_run_distributed_map"), "MiniStack's Step Functions has no _run_distributed_map")
    run_map = stepfunctions._run_distributed_map

    def run(state, raw_input, effective, iterator, execution, context):
        state = dict(state)

        def resolved(template):
            return stepfunctions._resolve_params_obj(template, effective, context)

        if path := state.pop("MaxConcurrencyPath", None):
            state["MaxConcurrency"] = resolved({"value.$": path})["value"]
        writer = resolved(state.pop("ResultWriter", None) or {}).get("Parameters")
        if batcher := state.pop("ItemBatcher", None):
            items = stepfunctions._read_map_items(state.pop("ItemReader"), effective, context)
            effective = batches(items, resolved(batcher), resolved)
            state["ItemsPath"] = "$"
        try:
            output, following = run_map(state, raw_input, effective, iterator, execution, context)
        finally:
            details = writer and write_results(writer, execution)
        return (details or output), following

    stepfunctions._run_distributed_map = run


def batches(items, batcher, resolved):
    size = batcher.get("MaxItemsPerBatch")
    if path := batcher.get("MaxItemsPerBatchPath"):
        size = resolved({"value.$": path})["value"]
    fixed = {"BatchInput": batcher["BatchInput"]} if "BatchInput" in batcher else {}
    return [{**fixed, "Items": items[at : at + size]} for at in range(0, len(items), size)]


def write_results(writer, execution) -> dict:
    """A manifest, and a file for the children of each outcome."""
    from ministack.services import s3, stepfunctions

    run = [each for each in stepfunctions._map_runs.values() if each["executionArn"] == execution["executionArn"]][-1]
    arn = run["mapRunArn"]
    folder = f"{writer['Prefix']}/{arn.rsplit(':', 1)[1]}"

    def put(name, document) -> dict:
        key, body = f"{folder}/{name}", json.dumps(document).encode()
        s3._put_object(writer["Bucket"], key, body, {})
        return {"Key": key, "Size": len(body)}

    files = {"SUCCEEDED": [], "FAILED": [], "PENDING": []}
    for status in ("SUCCEEDED", "FAILED"):
        children = [
            {
                "ExecutionArn": child["executionArn"],
                "Name": child["name"],
                "Status": status,
                "Input": child["input"],
                **({"Output": child["output"]} if child["output"] else {}),
                **({"Error": child["error"], "Cause": child["cause"]} if status == "FAILED" else {}),
            }
            for child in stepfunctions._executions.values()
            if child.get("mapRunArn") == arn and child["status"] == status
        ]
        if children:
            files[status].append(put(f"{status}_0.json", children))
    manifest = {"DestinationBucket": writer["Bucket"], "MapRunArn": arn, "ResultFiles": files}
    where = put("manifest.json", manifest)
    return {"MapRunArn": arn, "ResultWriterDetails": {"Bucket": writer["Bucket"], "Key": where["Key"]}}
