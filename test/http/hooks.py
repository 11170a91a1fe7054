"""What neither JSON Schema nor OpenAPI can say about requests to a Flow; docs/http.md says it."""

import json

import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode

# A DataRequestProto: empty, with a request id, and with a document.
schemathesis.openapi.media_type(
    "application/x-protobuf",
    strategies.sampled_from([b"", bytes.fromhex("0a030a0161"), bytes.fromhex("22070a050a030a0161")]),
)

TENSORS = ("tensor", "embedding")
FLOATS = ("weight", "offset", "location")


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = dict(case.headers or {})
    # a GET whose only answer is a stream needs the header accept
    answers = case.operation.definition.raw["responses"].get("200", {}).get("content", {})
    if list(answers) == ["text/event-stream"]:
        headers["Accept"] = "text/event-stream"
    # few requests are answered within a millisecond
    allowed = str(headers.get("millrace-timeout", ""))
    if allowed.isdigit() and int(allowed) < 60_000:
        headers["millrace-timeout"] = "60000"
    case.headers = headers
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    if isinstance(case.body, dict):
        case.body = request(case.body)
    query = dict(case.query or {})
    for name in TENSORS:
        if isinstance(query.get(name), str):
            query[name] = json.dumps(regular(json.loads(query[name])))
    if "targetExecutor" in query:
        query["targetExecutor"] = ".*"
    case.query = query


def request(body):
    """A request that fits the schema, so that it also fits what the schema does not say."""
    given = {**body}
    if isinstance(given.get("targetExecutor"), str):
        given["targetExecutor"] = ".*"
    data = given.get("data")
    if isinstance(data, dict) and isinstance(data.get("docs"), list):
        given["data"] = {**data, "docs": [document(each) for each in data["docs"]]}
    elif isinstance(data, list):
        given["data"] = [document(each) for each in data]
    elif isinstance(data, dict):
        given["data"] = document(data)
    return given


def document(given):
    fixed = {**given}
    for name in TENSORS:
        if name in fixed:
            fixed[name] = regular(fixed[name])
    for name in FLOATS:
        if name in fixed:
            fixed[name] = within_float(fixed[name])
    for name in ("scores", "evaluations"):
        if isinstance(fixed.get(name), dict):
            fixed[name] = {each: score(value) for each, value in fixed[name].items()}
    for name in ("chunks", "matches"):
        if isinstance(fixed.get(name), list):
            fixed[name] = [document(each) for each in fixed[name]]
    return fixed


def score(given):
    return {**given, "value": within_float(given["value"])} if given and "value" in given else given


def regular(tensor):
    """Lists of a tensor have equal lengths on each level."""
    if not isinstance(tensor, list):
        return tensor
    return [each for each in flat(tensor)]


def flat(tensor):
    for each in tensor:
        if isinstance(each, list):
            yield from flat(each)
        else:
            yield each


def within_float(value):
    """Numbers of a document but those of tensors and tags have 32 bits: larger ones become infinities, 1e999 in JSON."""
    if isinstance(value, list):
        return [within_float(each) for each in value]
    if isinstance(value, (int, float)) and abs(value) > 3.4e38:
        return 1.0
    return value
