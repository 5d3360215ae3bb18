"""JSON Schemas for editors: of the three files, in JSON Schema's own words."""

from __future__ import annotations

import json

import pytest

from segmenter.errors import UsageError
from segmenter.project import shapes
from segmenter.project.schema import NAMES, schemas


def test_all_three_files_or_one():
    assert tuple(schemas()) == NAMES
    assert schemas("policy") == schemas()["policy"]
    json.dumps(schemas())


def test_a_misspelt_name_names_the_nearest():
    with pytest.raises(UsageError) as caught:
        schemas("segments")
    assert "`segment`" in (caught.value.problems[0].hint or "")


@pytest.mark.parametrize("name", NAMES)
def test_only_words_of_json_schema(name):
    def words(schema):
        if isinstance(schema, dict):
            for key, value in schema.items():
                yield key
                yield from words(list(value.values()) if key in ("properties", "$defs") else value)
        elif isinstance(schema, list):
            for item in schema:
                yield from words(item)

    assert not {"ge", "gt", "le", "lt", "title"} & set(
        words({k: v for k, v in schemas(name).items() if k != "default"})
    )


def test_every_key_is_in_the_schema():
    assert set(schemas("policy")["properties"]) == set(shapes.PolicyShape.model_fields)
    assert set(schemas("segment")["properties"]) == set(shapes.SegmentShape.model_fields)
    assert schemas("segment")["additionalProperties"] is False
    assert schemas("segment")["required"] == ["name", "purpose"]
    assert schemas("sources")["additionalProperties"] == {"$ref": "#/$defs/FactShape"}, (
        "any other name is a fact table"
    )


def test_what_people_write_is_what_the_schema_says():
    release = schemas("policy")["$defs"]["ReleaseShape"]["properties"]["epsilon"]
    assert release == {"default": 0.5, "exclusiveMinimum": 0, "maximum": 1000, "type": "number"}
    assert schemas("policy")["properties"]["encryption"]["default"] == "on"
    encrypt = schemas("policy")["$defs"]["DestinationShape"]["properties"]["encrypt"]["anyOf"]
    assert {"const": "none", "type": "string"} in encrypt[0].get("anyOf", encrypt)
