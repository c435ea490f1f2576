"""Models as JSON schemas, in the dialect of OpenAPI 3.1."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

Json = dict[str, Any]
Where = Literal["path", "query", "header"]

_REF: Final = "#/components/schemas/"


class _Schemas(GenerateJsonSchema):
    """Without titles that repeat names, null as one more type, and whatever is answered always there."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        return {name: value for name, value in super().model_schema(schema).items() if name != "title"}

    def field_is_required(self, field: Any, total: bool) -> bool:
        return self.mode == "serialization" or super().field_is_required(field, total)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = super().default_schema(schema)
        if self.mode == "serialization" or inner.get("default") is None:
            inner.pop("default", None)
        return inner

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        found = super().dict_schema(schema)
        # Where names have a pattern, others are refused.
        return {**found, "additionalProperties": False} if "patternProperties" in found else found

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        if not isinstance(inner.get("type"), str) or "const" in inner:
            return super().nullable_schema(schema)
        values = {"enum": [*inner["enum"], None]} if "enum" in inner else {}
        return {**inner, "type": [inner["type"], "null"], **values}


def components(models: Iterable[tuple[type[BaseModel], JsonSchemaMode]]) -> dict[str, Json]:
    """The schemas of these models and of all that they consist of, by name.

    Raises ValueError for models of one name, and for one that is another when it is taken than when it is given.
    """
    _, schemas = models_json_schema(
        list(dict.fromkeys(models)), ref_template=_REF + "{model}", schema_generator=_Schemas
    )
    found: dict[str, Json] = schemas["$defs"]
    if ambiguous := sorted(name for name in found if not name.isalnum()):
        raise ValueError(f"give these models names of their own: {', '.join(ambiguous)}")
    return found


def reference(model: type[BaseModel]) -> Json:
    """Where the schema of a model is."""
    return {"$ref": _REF + model.__name__}


def parameters(where: Where, model: type[BaseModel] | None) -> list[Json]:
    """The fields of a model as parameters; each is one value, so null is what is left out."""
    if model is None:
        return []
    schema = model.model_json_schema(schema_generator=_Schemas)
    required = schema.get("required", ())
    return [_parameter(where, name, field, name in required) for name, field in schema["properties"].items()]


def _parameter(where: Where, name: str, field: Json, required: bool) -> Json:
    own: Json = {key: field[key] for key in ("description", "allowEmptyValue") if key in field}
    schema = {key: value for key, value in field.items() if key not in (*own, "examples")}
    if isinstance(schema.get("type"), list):
        schema["type"] = schema["type"][0]
    if "enum" in schema:
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    shown = {"example": field["examples"][0]} if "examples" in field else {}
    return {"name": name, "in": where, "required": required, **own, "schema": schema, **shown}


def example(schema: Json, known: Mapping[str, Json], name: str = "") -> Any:
    """A value that fits the schema of `name`, made of the examples of its parts. Raises LookupError without one."""
    match schema:
        case {"$ref": str(target)}:
            model = target.removeprefix(_REF)
            return example(known[model], known, model)
        case {"examples": [first, *_]} | {"const": first} | {"enum": [first, *_]} | {"default": first}:
            return first
        case {"anyOf": [first, *_]}:
            return example(first, known, name)
        case {"properties": dict(fields)}:
            return {field: example(inner, known, f"{name}.{field}") for field, inner in fields.items()}
        case {"items": items}:
            return [example(items, known, name)]
        case {"type": "null"}:
            return None
        case _:
            raise LookupError(f"there is no example of {name}")
