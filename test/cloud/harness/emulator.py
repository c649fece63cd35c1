"""Runs MiniStack with the repairs that Plimsoll's tests need, and ends when the process that started it does.

MiniStack (MIT licence, (c) 2026 MiniStack Contributors) emulates AWS in one process. The repairs reach into private
names of exactly one version; each checks what it replaces and stops with a sentence where that is not what it expects.
"""

import atexit
import functools
import importlib.metadata
import json
import os
import queue
import re
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

import distributed_map
import sagemaker_endpoints
import sagemaker_training

MINISTACK_VERSION = "1.5.33"

# How long a warm invocation's last log lines may take to arrive once its answer is here.
LOG_WAIT_S = 0.25
# MiniStack waits 50 ms between two looks at idle queues, which would be the latency of every hop.
IDLE_LOOK_GAP_S = 0.002
# MiniStack looks for due schedules every 10 s.
SCHEDULE_LOOK_EVERY_S = 0.1


def main() -> None:
    found = importlib.metadata.version("ministack")
    expect(found == MINISTACK_VERSION, f"MiniStack {found} is installed, but the repairs are for {MINISTACK_VERSION}")
    end_with_parent()
    if os.environ.get("USE_SSL") == "1":
        write_certificate(Path(os.environ["MINISTACK_SSL_CERT"]), Path(os.environ["MINISTACK_SSL_KEY"]))

    import ministack.app

    ministack.app._port_is_bindable = lambda host, port: False  # with TLS it would take port 443 as well
    repair_lambda_answers()
    repair_pace()
    repair_schedules()
    repair_query_pace()
    repair_table_time_to_live()
    repair_http_api_cors()
    repair_secret_reference()
    distributed_map.repair(expect)
    if os.environ.get("PLIMSOLL_CLOUD_MODEL_SERVER"):
        sagemaker_endpoints.add()
    if os.environ.get("PLIMSOLL_CLOUD_TRAINING_SERVER"):
        sagemaker_training.add(expect)
    ministack.app.main()


def expect(condition: bool, sentence: str) -> None:
    if not condition:
        sys.exit(f"{sentence}. Install the versions of requirements.txt, or adapt emulator.py.")


def end_with_parent() -> None:
    """The parent holds our standard input open for as long as it lives, however it ends. Its folder goes with us."""
    folder = os.environ["PLIMSOLL_CLOUD_FOLDER"]
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

    def watch() -> None:
        sys.stdin.buffer.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def write_certificate(certificate_file: Path, key_file: Path) -> None:
    """A certificate for the loopback address, valid for a day; MiniStack's own needs the openssl program."""
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Plimsoll emulated cloud")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    key_file.chmod(0o600)
    # Renamed into place, so that whoever waits for it never reads half of it.
    partial = certificate_file.with_suffix(".partial")
    partial.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    partial.rename(certificate_file)


# --- Lambda -----------------------------------------------------------------------------------------------------------

END_OF_LOG = "\x1eplimsoll-end-of-invocation"

ANSWERS = f"""
function plimsollAnswer(message) {{
  _stderrWrite({json.dumps(END_OF_LOG)} + "\\n");
  _realStdoutWrite(JSON.stringify(message) + "\\n");
}}
function plimsollFault(error) {{
  const errorType = (error && error.name) || "Error";
  const errorMessage = String((error && error.message) || error);
  return {{ status: "ok", fault: {{ errorType, errorMessage, trace: String((error && error.stack) || "").split("\\n") }} }};
}}
"""

WORKER_SCRIPT_CHANGES = [
    ("let handlerFn = null;\n", "let handlerFn = null;\n" + ANSWERS),
    ('_realStdoutWrite(JSON.stringify({ status: "ok", result: res }) + "\\n")', 'plimsollAnswer({ status: "ok", result: res })'),
    (
        '_realStdoutWrite(JSON.stringify({\n            status: "error", error: String(err.message || err),'
        ' trace: err.stack || ""\n          }) + "\\n")',
        "plimsollAnswer(plimsollFault(err))",
    ),
    (
        '_realStdoutWrite(JSON.stringify({\n        status: "error", error: e.message, trace: e.stack\n      }) + "\\n")',
        "plimsollAnswer(plimsollFault(e))",
    ),
]


class HandlerFault(dict):
    """What a handler threw, in the shape that Lambda reports: errorType, errorMessage, trace."""


def repair_lambda_answers() -> None:
    """A handler's error keeps its type and its warm process; its log ends with a mark, not a wait; EMF becomes metrics."""
    from ministack.core import lambda_runtime
    from ministack.services import lambda_svc

    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    for before, after in WORKER_SCRIPT_CHANGES:
        expect(script.count(before) == 1, f"MiniStack's Node worker does not contain {before!r} exactly once")
        script = script.replace(before, after)
    lambda_runtime._NODEJS_WORKER_SCRIPT = script

    worker_invoke = lambda_runtime.Worker.invoke

    def invoke(self, *args, **kwargs):
        response = worker_invoke(self, *args, **kwargs)
        if "fault" in response:
            response["result"] = HandlerFault(response.pop("fault"))
        return response

    lambda_runtime.Worker.invoke = invoke
    lambda_runtime.Worker._drain_stderr_bounded = drain_until_mark

    execute_warm = lambda_svc._execute_function_warm

    def execute(func, event, request_id):
        outcome = execute_warm(func, event, request_id)
        body = outcome.get("body")
        if isinstance(body, HandlerFault):
            log = "\n".join([outcome.get("log", ""), *body["trace"]])
            outcome = {"body": dict(body), "error": True, "log": log}
        report(func, outcome.get("log") or "")
        return outcome

    lambda_svc._execute_function_warm = execute


def drain_until_mark(worker, *_waits, **_named_waits) -> str:
    lines, deadline = [], time.monotonic() + LOG_WAIT_S
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = worker._stderr_queue.get(timeout=left)
        except queue.Empty:
            break
        if line.endswith(END_OF_LOG):
            lines.append(line.removesuffix(END_OF_LOG))
            break
        lines.append(line)
    return "\n".join(line for line in lines if line)


def report(func: dict, log: str) -> None:
    """Prints a function's log for the test's own log, and counts what it says in CloudWatch's embedded metric format."""
    name = (func.get("config") or func).get("FunctionName", "?")
    for line in log.splitlines():
        print(f"[{name}] {line}", flush=True)
        if '"CloudWatchMetrics"' not in line:
            continue
        try:
            count_metrics(json.loads(line[line.index("{") :]))
        except (ValueError, KeyError, TypeError) as problem:
            print(f"[{name}] not a metric: {problem!r}", flush=True)


def count_metrics(document: dict) -> None:
    from ministack.services import cloudwatch

    for directive in document["_aws"]["CloudWatchMetrics"]:
        for dimension_names in directive.get("Dimensions") or [[]]:
            dimensions = {name: str(document[name]) for name in dimension_names}
            for metric in directive["Metrics"]:
                values = document[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    cloudwatch.record_metric(
                        directive["Namespace"], metric["Name"], float(value), metric.get("Unit", "None"), dimensions
                    )


def repair_pace() -> None:
    from ministack.services import eventbridge, lambda_svc, scheduler

    for module, name, seconds in (
        (lambda_svc, "_ESM_IDLE_WAKE_GAP_SECONDS", IDLE_LOOK_GAP_S),
        (scheduler, "_SCHEDULE_TICK_INTERVAL", SCHEDULE_LOOK_EVERY_S),
        (eventbridge, "_SCHEDULER_TICK_INTERVAL", SCHEDULE_LOOK_EVERY_S),
    ):
        expect(hasattr(module, name), f"MiniStack's {module.__name__} has no {name}")
        setattr(module, name, seconds)


# --- EventBridge Scheduler --------------------------------------------------------------------------------------------


def repair_schedules() -> None:
    """They fire only where the test wants it. A schedule's input may name `<aws.scheduler.scheduled-time>`, which Scheduler fills in; MiniStack sends it as it is."""
    from ministack.services import eventbridge, scheduler

    if os.environ["PLIMSOLL_SCHEDULES"] == "0":
        scheduler._tick_schedules = lambda: None
        return
    placeholder = "<aws.scheduler.scheduled-time>"
    invoke_target = eventbridge._invoke_target

    def scheduled_time(schedule: dict, fired_at: float) -> str:
        # A cron expression fires at whole minutes, and is looked at many times within one.
        at = scheduler._at_time_epoch(schedule["ScheduleExpression"]) or fired_at // 60 * 60
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))

    def invoke(target, event, rule, *more, **named):
        if event.get("Source") == "aws.scheduler" and placeholder in (target.get("Input") or ""):
            target = {**target, "Input": target["Input"].replace(placeholder, scheduled_time(rule, event["Time"]))}
        return invoke_target(target, event, rule, *more, **named)

    eventbridge._invoke_target = invoke


# --- DynamoDB ---------------------------------------------------------------------------------------------------------

# The one form of a query that Plimsoll makes: a partition, and a range of sort keys.
KEY_RANGE = re.compile(r"(\w+) = (:\w+) AND (\w+) BETWEEN (:\w+) AND (:\w+)")


def repair_query_pace() -> None:
    """MiniStack reads the condition of a query anew for each item of the partition: more than half of all it did here. What an
    expression consists of is remembered, and keys that are texts are compared without a parser."""
    from ministack.services import dynamodb

    for name in ("_tokenize", "_condition_syntax_error", "_evaluate_condition"):
        expect(hasattr(dynamodb, name), f"MiniStack's DynamoDB has no {name}")
    remembered = functools.lru_cache(maxsize=1_000)
    tokens_of, evaluate_condition = dynamodb._tokenize, dynamodb._evaluate_condition
    known_tokens = remembered(lambda expression: tuple(tokens_of(expression)))
    key_range = remembered(KEY_RANGE.fullmatch)

    def evaluate(expression, item, values, names, slot="ConditionExpression"):
        form = key_range(expression) if slot == "KeyConditionExpression" else None
        if form is not None:
            partition, wanted, sort, low, high = form.groups()
            try:
                return item[partition]["S"] == values[wanted]["S"] and values[low]["S"] <= item[sort]["S"] <= values[high]["S"]
            except KeyError:
                pass
        return evaluate_condition(expression, item, values, names, slot=slot)

    dynamodb._tokenize = lambda expression: list(known_tokens(expression))
    dynamodb._condition_syntax_error = remembered(dynamodb._condition_syntax_error)
    dynamodb._evaluate_condition = evaluate


# --- CloudFormation ---------------------------------------------------------------------------------------------------


def change_resource(resource_type: str, **wrappers) -> None:
    """Wraps a resource type's create, update or delete: each wrapper gets the handler that it replaces."""
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS
    expect(resource_type in handlers, f"MiniStack has no {resource_type}")
    current = handlers[resource_type]
    handlers[resource_type] = {**current, **{verb: wrap(current[verb]) for verb, wrap in wrappers.items()}}


def repair_table_time_to_live() -> None:
    """A table's TimeToLiveSpecification is ignored when it comes from a template."""
    from ministack.services import dynamodb

    def with_time_to_live(create):
        def created(logical_id, properties, stack_name):
            outcome = create(logical_id, properties, stack_name)
            if specification := properties.get("TimeToLiveSpecification"):
                dynamodb._update_ttl(
                    {
                        "TableName": outcome[0],
                        "TimeToLiveSpecification": {
                            "AttributeName": specification.get("AttributeName"),
                            "Enabled": specification.get("Enabled", True) in (True, "true"),
                        },
                    }
                )
            return outcome

        return created

    for resource_type in ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        change_resource(resource_type, create=with_time_to_live)


def repair_http_api_cors() -> None:
    """A template spells AllowOrigins what the service stores as allowOrigins."""
    from ministack.services import apigateway

    def with_cors(create):
        def created(logical_id, properties, stack_name):
            outcome = create(logical_id, properties, stack_name)
            api = apigateway._apis.get(outcome[0]) or {}
            if cors := api.get("corsConfiguration"):
                api["corsConfiguration"] = {key[0].lower() + key[1:]: value for key, value in cors.items()}
            return outcome

        return created

    change_resource("AWS::ApiGatewayV2::Api", create=with_cors)


def repair_secret_reference() -> None:
    """The Ref of a secret is its ARN, while MiniStack answers with its name."""

    def name_of(reference: str) -> str:
        return reference.split(":secret:", 1)[1].rsplit("-", 1)[0] if reference.startswith("arn:") else reference

    def arn_on_create(create):
        def created(logical_id, properties, stack_name):
            _name, attributes = create(logical_id, properties, stack_name)
            return attributes["Arn"], attributes

        return created

    def arn_on_update(update):
        def updated(reference, old, new, stack_name, logical_id=None):
            _name, attributes = update(name_of(reference), old, new, stack_name, logical_id)
            return attributes.get("Arn") or reference, attributes

        return updated

    def by_name(delete):
        return lambda reference, properties: delete(name_of(reference), properties)

    change_resource("AWS::SecretsManager::Secret", create=arn_on_create, update=arn_on_update, delete=by_name)


if __name__ == "__main__":
    main()
