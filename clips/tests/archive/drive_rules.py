"""Checks requests against the description of Drive v3 in the client library, and makes partial answers."""

import json
import re
from dataclasses import dataclass

from clips.archive.drive.http import description
from clips.tests.archive.drive_store import DriveError

_DOCUMENT = description()
_SCHEMAS = _DOCUMENT["schemas"]


@dataclass(frozen=True)
class Method:
    name: str
    spec: dict
    is_upload: bool
    path_fields: dict[str, str]


def _routes() -> list[tuple[str, re.Pattern, str, dict, bool]]:
    routes = []
    for resource, methods in _DOCUMENT["resources"].items():
        for name, spec in methods.get("methods", {}).items():
            paths = [(f"/{_DOCUMENT['servicePath']}{spec['path']}", False)]
            if "mediaUpload" in spec:
                paths.append((spec["mediaUpload"]["protocols"]["simple"]["path"], True))
            for path, is_upload in paths:
                pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
                routes.append((spec["httpMethod"], pattern, f"{resource}.{name}", spec, is_upload))
    return sorted(routes, key=lambda route: "(?P<" in route[1].pattern)  # files/generateIds before files/{fileId}


_ROUTES = _routes()


def method_for(verb: str, path: str) -> Method:
    """Return the method of a request; DriveError 404 if the description has none."""
    for wanted, pattern, name, spec, is_upload in _ROUTES:
        if wanted == verb and (found := pattern.fullmatch(path)):
            return Method(name, spec, is_upload, found.groupdict())
    raise DriveError(404, "notFound", f"There is no {verb} {path}.")


def check_query(method: Method, query: dict[str, str]) -> None:
    """Refuse parameters or values that the description does not allow."""
    known = _DOCUMENT["parameters"] | method.spec.get("parameters", {})
    for name, value in query.items():
        rule = known.get(name)
        if rule is None or rule.get("location") == "path" or (name == "uploadType" and not method.is_upload):
            raise DriveError(400, "invalidParameter", f"Unknown parameter {name}.")
        if rule.get("deprecated"):
            raise DriveError(400, "invalidParameter", f"{name} is deprecated: nothing new should use it.")
        if rule["type"] == "boolean" and value not in {"true", "false"}:
            raise DriveError(400, "invalidParameter", f"{name} is true or false, not {value}.")
        if rule["type"] == "integer" and not (
            value.isdigit() and int(rule.get("minimum", 0)) <= int(value) <= int(rule.get("maximum", 2**31))
        ):
            raise DriveError(400, "invalidParameter", f"{name} cannot be {value}.")
        if "enum" in rule and value not in rule["enum"]:
            raise DriveError(400, "invalidParameter", f"{name} cannot be {value}.")
    missing = [name for name, rule in known.items() if rule.get("required") and name not in query]
    if missing and set(missing) - set(method.path_fields):
        raise DriveError(400, "required", f"Missing: {missing}.")


def check_body(method: Method, data: bytes) -> dict:
    """Return the body if the description's schema allows it; DriveError otherwise."""
    schema = method.spec.get("request", {}).get("$ref")
    if schema is None:
        if data:
            raise DriveError(400, "parseError", "This method has no body.")
        return {}
    try:
        body = json.loads(data or b"{}")
    except ValueError as error:
        raise DriveError(400, "parseError", "The body is not JSON.") from error
    for name, value in body.items():
        rule = _SCHEMAS[schema]["properties"].get(name)
        if rule is None:
            raise DriveError(400, "invalid", f"{schema} has no {name}.")
        if rule.get("readOnly") or "Output only" in rule.get("description", ""):
            raise DriveError(403, "fieldNotWritable", f"{name} is Drive's to write.")
        kinds = {"string": str, "boolean": bool, "array": list, "object": dict, "integer": int}
        if not isinstance(value, kinds.get(rule.get("type", "object"), dict)):
            raise DriveError(400, "invalid", f"{name} is a {rule.get('type')}.")
    return body


def partial(answer: dict, fields: str | None, schema: str, default: tuple[str, ...]) -> dict:
    """Return the part of an answer that ``fields`` asks for; DriveError for a name outside the schema."""
    wanted = _parse(fields) if fields else {name: {} for name in default}
    return _pick(answer, wanted, _SCHEMAS[schema])


def _parse(fields: str) -> dict:
    found, stack, name = {}, [], ""
    level = found
    for sign in f"{fields},":
        if sign in ",()":
            if name:
                level[name] = {}
            if sign == "(":
                stack.append(level)
                level = level[name]
            elif sign == ")":
                level = stack.pop()
            name = ""
        else:
            name += sign
    if stack:
        raise DriveError(400, "invalidParameter", f"Invalid field selection {fields}")
    return found


def _pick(answer: dict, wanted: dict, schema: dict) -> dict:
    properties = schema.get("properties", {})
    if unknown := set(wanted) - set(properties):
        raise DriveError(400, "invalidParameter", f"Invalid field selection {sorted(unknown)[0]}")
    picked = {}
    for name, inner in wanted.items():
        if name not in answer:
            continue
        value, rule = answer[name], properties[name]
        rule = rule.get("items", rule)
        rule = _SCHEMAS.get(rule.get("$ref"), rule)
        if inner and isinstance(value, list):
            value = [_pick(each, inner, rule) for each in value]
        elif inner:
            value = _pick(value, inner, rule)
        picked[name] = value
    return picked
