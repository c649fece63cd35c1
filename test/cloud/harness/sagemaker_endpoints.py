"""SageMaker's endpoints for MiniStack, which has none: made by CloudFormation, asked under their own path, with IAM enforced.

Nothing runs behind one: a question goes to the server that PLIMSOLL_CLOUD_MODEL_SERVER names, as SageMaker hands it to a container.
"""

import asyncio
import gzip
import io
import json
import os
import re
import tarfile
import urllib.error
import urllib.request
import uuid

INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")
ANSWER_LIMIT_S = 60

# By account and kind, by name: the properties of the template.
resources: dict[tuple[str, str, str], dict] = {}


def add() -> None:
    """Adds the resource types of a template, and the path under which an endpoint is asked."""
    import ministack.app
    from ministack.services.cloudformation import provisioners

    for kind, check in (("Model", check_model), ("EndpointConfig", check_configuration), ("Endpoint", check_endpoint)):
        provisioners._RESOURCE_HANDLERS["AWS::SageMaker::" + kind] = handlers(kind, check)
    inner = ministack.app.app

    async def app(scope, receive, send):
        asked = INVOCATIONS.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if asked is None:
            await inner(scope, receive, send)
            return
        status, headers, body = await invoke(asked[1], scope, await body_of(receive))
        headers = {**headers, "content-length": str(len(body)), "x-amzn-requestid": str(uuid.uuid4())}
        encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": body})

    ministack.app.app = app


# --- CloudFormation ---------------------------------------------------------------------------------------------------


def handlers(kind: str, check) -> dict:
    def create(logical_id, properties, stack_name):
        from ministack.core.responses import get_account_id

        check(properties)
        name = properties.get(kind + "Name") or f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:8]}"
        resources[get_account_id(), kind, name] = properties
        return arn_of(kind, name), {kind + "Name": name, kind + "Arn": arn_of(kind, name)}

    def update(reference, _old, new, _stack_name, _logical_id=None):
        from ministack.core.responses import get_account_id

        check(new)
        name = reference.rsplit("/", 1)[1]
        resources[get_account_id(), kind, name] = new
        return reference, {kind + "Name": name, kind + "Arn": reference}

    def delete(reference, _properties):
        from ministack.core.responses import get_account_id

        resources.pop((get_account_id(), kind, reference.rsplit("/", 1)[1]), None)

    return {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}


def arn_of(kind: str, name: str) -> str:
    from ministack.core.responses import get_account_id, get_region

    part = {"EndpointConfig": "endpoint-config"}.get(kind, kind.lower())
    return f"arn:aws:sagemaker:{get_region()}:{get_account_id()}:{part}/{name}"


def found(kind: str, name: str) -> dict:
    from ministack.core.responses import get_account_id

    properties = resources.get((get_account_id(), kind, name))
    if properties is None:
        raise ValueError(f"Could not find {kind} {name!r}")
    return properties


def check_model(properties: dict) -> None:
    """The archive lies where the template says, and can be unpacked."""
    from ministack.services import s3

    url = properties["PrimaryContainer"]["ModelDataUrl"]
    bucket, _, key = url.removeprefix("s3://").partition("/")
    archive = s3._get_object_data(bucket, key)
    if archive is None:
        raise ValueError(f"Could not find model data at {url}")
    tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive))).getnames()


def check_configuration(properties: dict) -> None:
    for variant in [*properties["ProductionVariants"], *(properties.get("ShadowProductionVariants") or [])]:
        found("Model", variant["ModelName"])


def check_endpoint(properties: dict) -> None:
    found("EndpointConfig", properties["EndpointConfigName"])


# --- Questions --------------------------------------------------------------------------------------------------------


async def body_of(receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def invoke(name: str, scope: dict, body: bytes) -> tuple[int, dict, bytes]:
    import ministack.app as cloud
    from ministack.core.responses import get_account_id, set_request_account_id, set_request_region

    headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
    set_request_account_id(cloud.extract_access_key_id(headers, {}))
    set_request_region(cloud.extract_region(headers, {}))
    arn = arn_of("Endpoint", name)
    denied = cloud._enforce_data_plane("sagemaker", "sagemaker:InvokeEndpoint", headers, {}, str(uuid.uuid4()), resource_arn=arn)
    if denied:
        return denied
    endpoint = resources.get((get_account_id(), "Endpoint", name))
    if endpoint is None:
        return failure(400, "ValidationError", f"Endpoint {name} of account {get_account_id()} not found.")
    variants = [each["VariantName"] for each in found("EndpointConfig", endpoint["EndpointConfigName"])["ProductionVariants"]]
    variant = headers.get("x-amzn-sagemaker-target-variant", variants[0])
    if variant not in variants:
        return failure(400, "ValidationError", f"Variant {variant} not found for endpoint {name}")
    status, answer = await asyncio.to_thread(ask, headers.get("content-type", ""), variant, body)
    if status >= 400:
        document = {"OriginalStatusCode": status, "OriginalMessage": answer.decode("utf-8", "replace")}
        return failure(424, "ModelError", f"Received error ({status}) from model", document)
    return 200, {"content-type": "application/json", "x-amzn-invoked-production-variant": variant}, answer


def failure(status: int, kind: str, message: str, more: dict | None = None) -> tuple[int, dict, bytes]:
    headers = {"content-type": "application/json", "x-amzn-errortype": kind}
    return status, headers, json.dumps({"Message": message, **(more or {})}).encode()


def ask(content_type: str, variant: str, body: bytes) -> tuple[int, bytes]:
    """As SageMaker asks a container; the variant is told besides, since one server stands for all of them."""
    url = os.environ["PLIMSOLL_CLOUD_MODEL_SERVER"] + "/invocations"
    request = urllib.request.Request(url, body, {"content-type": content_type, "x-variant": variant}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_LIMIT_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as problem:
        return problem.code, problem.read()
    except OSError as problem:
        return 503, str(problem).encode()
