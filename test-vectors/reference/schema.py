"""As much of JSON Schema (draft 2020-12) as schema.json uses, so that --check needs no package.

A keyword it does not know is an error: the schema can't say more than is checked.

Reference: https://json-schema.org/draft/2020-12/json-schema-validation
"""

import re

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
ANNOTATIONS = {"$schema", "$defs", "title", "description"}


def first_fault(schema, value, root, path=""):
    """Where and why `value` does not fit, or None."""
    if isinstance(schema, bool):
        return None if schema else f"{path}: not allowed here"
    for keyword, argument in schema.items():
        if keyword not in ANNOTATIONS:
            fault = KEYWORDS[keyword](argument, value, root, path, schema)
            if fault:
                return fault
    return None


def _ref(target, value, root, path, _):
    return first_fault(root["$defs"][target.removeprefix("#/$defs/")], value, root, path)


def _type(name, value, _root, path, _):
    if name == "integer":
        fits = isinstance(value, int) and not isinstance(value, bool)
    else:
        fits = isinstance(value, TYPES[name])
    return None if fits else f"{path}: not of type {name}"


def _const(wanted, value, _root, path, _):
    return None if value == wanted else f"{path}: not {wanted!r}"


def _enum(allowed, value, _root, path, _):
    return None if value in allowed else f"{path}: none of {allowed}"


def _minimum(bound, value, _root, path, _):
    return f"{path}: below {bound}" if isinstance(value, int) and value < bound else None


def _pattern(pattern, value, _root, path, _):
    fits = not isinstance(value, str) or re.search(pattern, value)
    return None if fits else f"{path}: does not match {pattern}"


def _required(names, value, _root, path, _):
    missing = [name for name in names if isinstance(value, dict) and name not in value]
    return f"{path}: no {missing[0]}" if missing else None


def _properties(properties, value, root, path, _):
    names = [name for name in properties if isinstance(value, dict) and name in value]
    return _first(first_fault(properties[name], value[name], root, f"{path}/{name}") for name in names)


def _additional_properties(schema, value, root, path, parent):
    names = [name for name in value if name not in parent.get("properties", {})] if isinstance(value, dict) else []
    return _first(first_fault(schema, value[name], root, f"{path}/{name}") for name in names)


def _items(schema, value, root, path, _):
    entries = value if isinstance(value, list) else []
    return _first(first_fault(schema, entry, root, f"{path}/{index}") for index, entry in enumerate(entries))


def _min_items(count, value, _root, path, _):
    return f"{path}: fewer than {count}" if isinstance(value, list) and len(value) < count else None


def _all_of(schemas, value, root, path, _):
    return _first(first_fault(schema, value, root, path) for schema in schemas)


def _any_of(schemas, value, root, path, _):
    faults = [first_fault(schema, value, root, path) for schema in schemas]
    return deepest(faults) if all(faults) else None


def _one_of(schemas, value, root, path, _):
    faults = [first_fault(schema, value, root, path) for schema in schemas]
    if all(faults):
        return deepest(faults)
    return None if faults.count(None) == 1 else f"{path}: fits more than one alternative"


def _if(condition, value, root, path, parent):
    branch = "else" if first_fault(condition, value, root, path) else "then"
    return first_fault(parent.get(branch, True), value, root, path)


def _first(faults):
    return next((fault for fault in faults if fault), None)


def deepest(faults):
    """Of the alternatives that fail, the one that got furthest is the one that was meant; `op` only selects."""
    return max(
        faults, key=lambda fault: (not fault.partition(":")[0].endswith("/op"), fault.partition(":")[0].count("/"))
    )


KEYWORDS = {
    "$ref": _ref,
    "type": _type,
    "const": _const,
    "enum": _enum,
    "minimum": _minimum,
    "pattern": _pattern,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional_properties,
    "items": _items,
    "minItems": _min_items,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "if": _if,
    "then": lambda *_: None,
    "else": lambda *_: None,
}
