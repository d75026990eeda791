"""What pydantic finds wrong with a request or a setting, as a sentence for the person who sent it.

Its own messages speak of inputs and types; none of them leaves by this door. Our validators raise ValueError with
what follows the field's name: "must …", "may …".
"""

from collections.abc import Mapping
from typing import Any

_KINDS = {
    "missing": "is missing.",
    "extra_forbidden": "is not known here. Check its spelling.",
    "string_type": "must be text, in quotes.",
    "string_unicode": "has a character that is none. Type it again.",
    "bool_type": "must be true or false.",
    "bool_parsing": "must be true or false.",
    "int_type": "must be a whole number.",
    "int_parsing": "must be a whole number.",
    "int_from_float": "must be a whole number.",
    "float_type": "must be a number.",
    "float_parsing": "must be a number.",
    "list_type": "must be a list.",
    "dict_type": "must be an object with fields.",
    "model_type": "must be an object with fields.",
    "model_attributes_type": "must be an object with fields.",
    "string_too_long": "may have up to {max_length} characters. Shorten it.",
    "string_too_short": "needs {min_length} characters or more.",
    "too_long": "may have up to {max_length} entries. Leave some out.",
    "greater_than_equal": "must be {ge} or more.",
    "less_than_equal": "must be {le} or less.",
    "literal_error": "must be one of these: {expected}.",
    "value_error": "{error}.",
}
_OTHERWISE = "cannot be used in this form. Look up how it is written and send it again."


def sentence_of(field: str, fault: Mapping[str, Any]) -> str:
    """`fault` is one of pydantic's errors; `field` is how the sentence begins."""
    told = _KINDS.get(fault["type"], _OTHERWISE)
    given = {name: str(value) for name, value in fault.get("ctx", {}).items()}
    if "expected" in given:
        given["expected"] = given["expected"].replace("'", "").replace(" or ", ", ")
    return f"{field} {told.format_map(given)}"
