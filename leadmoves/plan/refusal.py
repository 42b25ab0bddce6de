"""How input is refused: all problems at once, each naming its field and saying in plain words what to do.

`Input` is what every model that people fill in derives from. Unknown keys are refused with the nearest known
one (the API itself ignores them, and a misspelt selector once moved a whole list), and what single fields
cannot see (`contradictions`) is told together with what they can.
"""

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.config import JsonDict
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from leadmoves.errors import InvalidInput, Problem

Loc = tuple[int | str, ...]
Contradiction = tuple[Loc, str]
LineOf = Callable[[Loc], int | None]
Model = TypeVar("Model", bound=BaseModel)

_SENTENCES: Mapping[str, str] = {
    "missing": "is missing; add it",
    "string_type": "must be text, not {given}; put it in quotes",
    "bool_type": "must be true or false (no quotes), not {given}",
    "int_type": "must be a whole number, not {given}",
    "greater_than_equal": "must be at least {ge}, not {given}",
    "less_than_equal": "must be at most {le}, not {given}",
    "string_too_short": "must not be blank; leave the key out, or write something",
    "string_too_long": "is too long; at most {max_length} characters",
    "too_short": "is empty; leave the key out, or give at least one",
    "too_long": "is too long; at most {max_length} are allowed",
    "tuple_type": "must be a list, not {given}",
    "literal_error": "must be {expected}, not {given}",
    "time_delta_type": "must be a duration such as PT30M (30 minutes), not {given}",
    "time_delta_parsing": "must be a duration such as PT30M (30 minutes), not {given}",
    "path_type": "must be the path of a file, not {given}",
    "model_type": "must be a mapping of keys to values, not {given}",
}


def optional(title: str, description: str, *examples: object) -> Any:
    """A field that may be left out, as the UI's form shows it."""
    return Field(default=None, title=title, description=description, examples=list(examples) or None)


def _as_a_form(schema: JsonDict) -> None:
    """What Prefect's form makes the best of: fields in our order, and one kind of value each.

    The form sorts by `position`. It draws «this or nothing» as two tabs, and an optional field just as well
    without them: what is left out of the form is left out of the parameters.
    """
    properties = schema.get("properties")
    for position, shown in enumerate(properties.values() if isinstance(properties, dict) else ()):
        if isinstance(shown, dict):
            shown["position"] = position
            _without_nothing(shown)


def _without_nothing(shown: JsonDict) -> None:
    kinds = shown.get("anyOf")
    if shown.get("default", "") is None:
        del shown["default"]
    if isinstance(kinds, list) and {"type": "null"} in kinds:
        [kind] = [each for each in kinds if each != {"type": "null"}]
        if isinstance(kind, dict):
            del shown["anyOf"]
            shown.update({**kind, **shown})
            if kind.get("type") == "boolean":
                shown["enum"] = [True, False]
                del shown["type"]


class Input(BaseModel):
    """What people write: frozen, unknown keys refused, every problem told at once."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_extra=_as_a_form,
    )

    misnamed: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Wrong names that people were seen to use, and the right ones."""

    @classmethod
    def contradictions(cls, given: Mapping[str, Any]) -> Iterator[Contradiction]:  # noqa: ARG003 - for subclasses
        """What single fields cannot see. `given` is `meant`: not yet checked, and never None."""
        yield from ()

    @classmethod
    def meant(cls, given: object) -> dict[str, Any]:
        """What was given and is not None, misspelt keys put right: one wrong key is then told once."""
        if not isinstance(given, Mapping | BaseModel):
            return {}
        pairs = ((cls.right_name(str(key)), value) for key, value in dict(given).items())
        return {key: value for key, value in pairs if value is not None}

    @classmethod
    def right_name(cls, key: str) -> str:
        known = _known(cls)
        if key in known:
            return key
        return cls.misnamed.get(key) or next(iter(get_close_matches(key, known, n=1)), key)

    @model_validator(mode="wrap")
    @classmethod
    def _all_at_once(cls, given: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        across: list[Contradiction] = []
        if isinstance(given, Mapping):
            across = [*_unknown_keys(cls, given), *cls.contradictions(cls.meant(given))]
        refused = [_detail(loc, message, given) for loc, message in across]
        try:
            accepted = read(given)
        except ValidationError as error:
            inside = [each for each in error.errors(include_url=False) if not _told_elsewhere(each)]
            refused = [_detail(each["loc"], _sentence(each), each["input"]) for each in inside] + refused
        if refused:
            raise ValidationError.from_exception_data(str(cls.model_config.get("title", cls.__name__)), refused)
        return accepted


@cache
def _known(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(field.alias or name for name, field in model.model_fields.items()))


def _unknown_keys(model: type[Input], given: Mapping[Any, Any]) -> Iterator[Contradiction]:
    for key in given:
        if key in _known(model) or key in model.model_fields:
            continue
        right = model.right_name(str(key))
        hint = f"did you mean {right}?" if right != key else f"known are {', '.join(_known(model))}"
        yield (str(key),), f"is no known key; {hint}"


def _detail(loc: Loc, message: str, given: object) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError("refused", message), loc=loc, input=given)


def _told_elsewhere(detail: ErrorDetails) -> bool:
    """Unknown keys are told with a hint; a list whose items were refused is not «empty» as well."""
    return detail["type"] in {"extra_forbidden", "invalid_key"} or (
        detail["type"] == "too_short" and bool(detail["input"])
    )


def _sentence(detail: ErrorDetails) -> str:
    """Pydantic's message in our words; one of ours is left as it is."""
    sentence = _SENTENCES.get(detail["type"])
    return sentence.format(given=shown(detail["input"]), **detail.get("ctx", {})) if sentence else detail["msg"]


def shown(given: object) -> str:
    """A value as a message shows it: short, whatever was given."""
    match given:
        case None | bool():
            return {None: "nothing", True: "true", False: "false"}[given]
        case str() | int() | float():
            # 40 characters show a whole id
            return text if len(text := repr(given)) <= 42 else f"{text[:40]}…"  # noqa: PLR2004 - said above
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
    return f"a {type(given).__name__}"


def field_path(loc: Loc) -> str:
    """`("moves", 3, "request", "limit")` as `moves[3].request.limit`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


def problems_of(error: ValidationError, line_of: LineOf | None = None) -> tuple[Problem, ...]:
    """Each of pydantic's errors as a problem, with the line of its key where `line_of` knows it."""
    return tuple(
        Problem(field_path(loc) or error.title, _sentence(each), line_of(loc) if line_of else None)
        for each in error.errors(include_url=False)
        for loc in [each["loc"]]
    )


def checked(model: type[Model], given: object) -> Model:
    """`given` as a `model`, or InvalidInput."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(*problems_of(error)) from None
