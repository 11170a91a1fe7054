"""What neither JSON Schema nor OpenAPI can say about requests to a Flow; docs/http.md says it."""

import json

import schemathesis
from hypothesis import strategies
from schemathesis import GenerationMode

# A DataRequestProto: empty, with a request id, and with a document, which has what typed endpoints need.
DOCUMENT = "22180a160a140a01618a010e0a0c0a057469746c6512031a0162"
schemathesis.openapi.media_type(
    "application/x-protobuf",
    strategies.sampled_from([b"", bytes.fromhex("0a030a0161"), bytes.fromhex(DOCUMENT)]),
)

TENSORS = ("tensor", "embedding")
FLOATS = ("weight", "offset", "location")


views = {"is_v2": False}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Makes a request of the view for DocArray v2 differ from others only by what the view says of its body."""
    components = raw_schema["components"]
    views["is_v2"] = "DocArray" in components["parameters"]
    if not views["is_v2"]:
        return
    for path in raw_schema["paths"].values():
        for operation in path.values():
            # without the header `docarray: v2` a request is one of the other view, and no error: so all requests have it
            parameters = operation.get("parameters", [])
            operation["parameters"] = [each for each in parameters if not each["$ref"].endswith("/DocArray")]
            # protobuf has no schema that says which parameters an endpoint needs
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
            if "parameters" in components["schemas"].get(body, {}).get("required", []):
                del content["application/x-protobuf"]


@schemathesis.hook
def before_call(context, case, kwargs):
    headers = dict(case.headers or {})
    if views["is_v2"]:
        headers["docarray"] = "v2"
    # a GET whose only answer is a stream needs the header accept
    answers = case.operation.definition.raw["responses"].get("200", {}).get("content", {})
    if list(answers) == ["text/event-stream"]:
        headers["Accept"] = "text/event-stream"
    # few requests are answered within a millisecond
    allowed = str(headers.get("millrace-timeout", ""))
    if allowed.isdigit() and int(allowed) < 60_000:
        headers["millrace-timeout"] = "60000"
    case.headers = headers
    if views["is_v2"] and isinstance(case.body, dict):
        case.body = typed(case.body)
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


def typed(body):
    """A request, also one that does not fit the schema, whose documents reach the typed Executor that refuses them."""
    given = {**body}
    header = given.get("header")
    if isinstance(header, dict) and isinstance(header.get("targetExecutor"), str):
        given["header"] = {**header, "targetExecutor": ".*"}
    if isinstance(given.get("data"), list):
        given["data"] = [with_numbers(each) for each in given["data"]]
    elif "data" in given:
        given["data"] = with_numbers(given["data"])
    return given


def with_numbers(document):
    if not isinstance(document, dict) or "embedding" not in document:
        return document
    return {**document, "embedding": numbers(document["embedding"])}


def numbers(tensor):
    """True and false among numbers are 1 and 0, but alone they are a tensor of booleans: no schema of elements says that."""
    if not isinstance(tensor, list) or all(isinstance(each, bool) for each in tensor):
        return tensor
    return [int(each) if isinstance(each, bool) else each for each in tensor]


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
    elements = list(flat(tensor))
    return within_float(elements) if views["is_v2"] else elements


def flat(tensor):
    for each in tensor:
        if isinstance(each, list):
            yield from flat(each)
        else:
            yield each


def within_float(value):
    """Numbers of a document but those of tensors and tags have 32 bits, and those of a tensor of float32: larger ones become infinities, 1e999 in JSON."""
    if isinstance(value, list):
        return [within_float(each) for each in value]
    if isinstance(value, (int, float)) and abs(value) > 3.4e38:
        return 1.0
    return value
