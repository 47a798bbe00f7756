"""Adapts a built template to the emulator, which reads state machines as JSON only."""

import json
from pathlib import Path

import yaml


def adapt(template: Path) -> Path:
    """Write the emulator's version of a built template beside it. Returns its path."""
    document = yaml.safe_load(template.read_text())
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::StateMachine":
            source = (template.parent / resource["Properties"]["DefinitionUri"]).resolve()
            converted = template.with_name(f"{source.name.split('.')[0]}.asl.json")
            converted.write_text(json.dumps(yaml.safe_load(source.read_text())))
            resource["Properties"]["DefinitionUri"] = converted.name
    adapted = template.with_name("emulator.yaml")
    adapted.write_text(yaml.safe_dump(document, sort_keys=False, width=1000))
    return adapted
