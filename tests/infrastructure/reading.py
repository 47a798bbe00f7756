"""Reads template.yaml and the state machines; intrinsic functions become `{"Ref": …}` etc."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
Resource = dict[str, Any]

FUNCTION = "AWS::Serverless::Function"
STATE_MACHINE = "AWS::Serverless::StateMachine"
QUEUE = "AWS::SQS::Queue"
MAPPING = "AWS::Lambda::EventSourceMapping"


class _CloudFormationLoader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def _construct(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if name == "Fn::GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_CloudFormationLoader.add_multi_constructor("!", _construct)


@dataclass(frozen=True)
class Statement:
    """One statement of the policy of a function or a state machine."""

    owner: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """The parsed template."""

    document: dict[str, Any]

    @property
    def resources(self) -> dict[str, Resource]:
        return dict(self.document["Resources"])

    def of_type(self, kind: str) -> dict[str, Resource]:
        return {name: one for name, one in self.resources.items() if one["Type"] == kind}

    def timeout(self, function: str) -> int:
        """Seconds."""
        own = self.resources[function]["Properties"].get("Timeout")
        return int(own or self.document["Globals"]["Function"]["Timeout"])

    def variables(self, function: str) -> dict[str, Any]:
        """The function's own environment variables and the common ones."""
        own = self.resources[function]["Properties"]["Environment"]["Variables"]
        return {**self.document["Globals"]["Function"]["Environment"]["Variables"], **own}

    def statements(self, owner: str) -> list[Statement]:
        """What a function or a state machine may do."""
        found = []
        for policy in self.resources[owner]["Properties"]["Policies"]:
            for statement in policy["Statement"]:
                actions = _as_list(statement["Action"])
                resources = tuple(written(one) for one in _as_list(statement["Resource"]))
                found.append(Statement(owner, tuple(actions), resources))
        return found

    def may(self, owner: str, action: str, resource: str) -> bool:
        """Whether a statement allows exactly this action on exactly this resource."""
        return any(
            action in statement.actions and resource in statement.resources
            for statement in self.statements(owner)
        )


@lru_cache
def read_template() -> Template:
    return Template(yaml.load((ROOT / "template.yaml").read_text(), _CloudFormationLoader))  # noqa: S506


def read_state_machine(resource: Resource) -> dict[str, Any]:
    """The definition that a state machine of the template names."""
    return dict(yaml.safe_load((ROOT / resource["Properties"]["DefinitionUri"]).read_text()))


def written(value: Any) -> str:
    """An intrinsic function in a short form that can be compared: `Queue.Arn`, `Machine`, text."""
    if isinstance(value, dict):
        ((kind, argument),) = value.items()
        if kind == "Fn::GetAtt":
            return ".".join(argument)
        if kind in ("Ref", "Fn::Sub"):
            return str(argument)
        return json.dumps(value)
    return str(value)


def named_resources(value: Any) -> set[str]:
    """Every resource or parameter that a value refers to."""
    if isinstance(value, list):
        return set().union(*map(named_resources, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    found: set[str] = set()
    for kind, argument in value.items():
        if kind == "Ref":
            found.add(argument)
        elif kind == "Fn::GetAtt":
            found.add(argument[0])
        elif kind == "Fn::Sub":
            text = argument if isinstance(argument, str) else argument[0]
            found.update(name.split(".")[0] for name in re.findall(r"\$\{([^!}]+)\}", text))
        else:
            found |= named_resources(argument)
    return found


def machines_of(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A definition and, within it, the ones of its maps."""
    yield definition
    for state in definition["States"].values():
        if "ItemProcessor" in state:
            yield from machines_of(state["ItemProcessor"])


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
