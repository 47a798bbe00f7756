"""Rules that the template keeps; the emulator would let most of them be broken."""

import ast
import json
import re
from typing import Any

import pytest

from functions.chat.answer_store import LEASE
from functions.chat.pipeline import look_again_seconds
from shared.ai.admission import NO_KEY_LOOK_SECONDS
from shared.config import Settings
from tests.infrastructure.reading import (
    FUNCTION,
    MAPPING,
    QUEUE,
    ROOT,
    STATE_MACHINE,
    Template,
    named_resources,
    read_template,
    written,
)

FUNCTIONS = sorted(read_template().of_type(FUNCTION))
QUEUES = sorted(
    name for name in read_template().of_type(QUEUE) if not name.endswith("DeadLetterQueue")
)

# Types that the emulator of AWS refuses, whatever their properties.
NOT_EMULATED = {
    "AWS::EC2::EIP",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::ElastiCache::ServerlessCache",
    "AWS::RDS::DBProxy",
    "AWS::RDS::DBProxyTargetGroup",
}

# Actions that take no resource, with the reason.
WITHOUT_RESOURCE = {
    "states:SendTaskSuccess": "a task is named by its token alone",
    "states:SendTaskFailure": "a task is named by its token alone",
    "states:SendTaskHeartbeat": "a task is named by its token alone",
    "logs:CreateLogDelivery": "log deliveries belong to the account",
    "logs:GetLogDelivery": "log deliveries belong to the account",
    "logs:UpdateLogDelivery": "log deliveries belong to the account",
    "logs:DeleteLogDelivery": "log deliveries belong to the account",
    "logs:ListLogDeliveries": "log deliveries belong to the account",
    "logs:PutResourcePolicy": "log resource policies belong to the account",
    "logs:DescribeResourcePolicies": "log resource policies belong to the account",
    "logs:DescribeLogGroups": "takes no resource",
}

# Where a `*` may end a name: things that are made after the policy is written.
PARTLY_NAMED = (
    r"\$\{DocumentsBucket\.Arn\}/uploads/\*",
    r".*:execution:\$\{\w+StateMachine\.Name\}:\*",
    r".*:\$\{WebSocketApi\}/live/\*/@connections/\*",
)

# What a setting is good for only together with.
NEEDED_FOR = {
    "DATABASE_SECRET_ARN": ("secretsmanager:GetSecretValue", "/database-"),
    "APPLICATION_SECRET_ARN": ("secretsmanager:GetSecretValue", "/application-"),
    "ENCRYPTION_SECRET_ARN": ("secretsmanager:GetSecretValue", "/encryption-"),
    "GEMINI_SECRET_ARN": ("secretsmanager:GetSecretValue", "/gemini-keys-"),
    "DOCUMENTS_BUCKET": ("s3:", "DocumentsBucket.Arn"),
    "GENERATION_QUEUE_URL": ("sqs:", "GenerationQueue.Arn"),
    "GRADING_QUEUE_URL": ("sqs:", "GradingQueue.Arn"),
    "CHAT_QUEUE_URL": ("sqs:", "ChatQueue.Arn"),
    "TRANSCRIPTION_QUEUE_URL": ("sqs:", "TranscriptionQueue.Arn"),
    "GENERATION_STATE_MACHINE_ARN": ("states:", "GenerationStateMachine"),
    "EVALUATION_STATE_MACHINE_ARN": ("states:", "EvaluationStateMachine"),
}

# Who may read a secret besides the database's, and what for. Nobody else has any.
CALLERS_OF_THE_MODEL = {
    "TranscribePagesFunction",
    "GenerateChunkFunction",
    "GradeBatchFunction",
    "AnswerChatFunction",
}
CHECKS_ACCESS_TOKENS = {
    "AuthFunction",
    "DocumentsFunction",
    "QuestionsFunction",
    "EvaluationFunction",
    "ChatFunction",
    "RealtimeFunction",
    "JobsFunction",
    "AdminFunction",
}
# The statistics of questions tell of the pool too, so that function reads the list of keys.
SHOWS_THE_POOL = {"QuestionsFunction", "AdminFunction"}
READERS = {
    "application": CHECKS_ACCESS_TOKENS,
    "encryption": CALLERS_OF_THE_MODEL | SHOWS_THE_POOL,
    "gemini-keys": CALLERS_OF_THE_MODEL | SHOWS_THE_POOL,
}

each_function = pytest.mark.parametrize("function", FUNCTIONS)
each_queue = pytest.mark.parametrize("queue", QUEUES)


@each_function
def test_a_function_is_packaged_under_its_import_path(template: Template, function: str) -> None:
    """Otherwise the files land at the package's root and shadow the standard library."""
    resource = template.resources[function]
    parent, _, name = resource["Properties"]["Handler"].rpartition(".")
    package = resource["Metadata"]["BuildProperties"]["ParentPackages"]
    assert resource["Metadata"]["BuildProperties"]["ParentPackageMode"] == "explicit"
    assert resource["Properties"]["CodeUri"] == package.replace(".", "/") + "/"
    assert parent.startswith(f"{package}.")
    assert name in _names_defined_in(parent)


def test_the_shared_layer_is_packaged_under_its_import_path(template: Template) -> None:
    layer = template.resources["SharedLayer"]
    assert layer["Metadata"]["BuildProperties"] == {
        "ParentPackageMode": "explicit",
        "ParentPackages": "shared",
    }
    assert layer["Properties"]["ContentUri"] == "shared/"


@each_function
def test_every_variable_of_a_function_is_a_setting(template: Template, function: str) -> None:
    settings = {name.upper() for name in Settings.model_fields}
    unknown = template.variables(function).keys() - settings
    assert all(name.startswith("POWERTOOLS_") for name in unknown), unknown


@each_function
def test_a_function_may_use_what_its_variables_name(template: Template, function: str) -> None:
    statements = template.statements(function)
    for variable, (action, resource) in NEEDED_FOR.items():
        allowed = any(
            any(one.startswith(action) for one in statement.actions)
            and any(resource in one for one in statement.resources)
            for statement in statements
        )
        assert (variable in template.variables(function)) == allowed, variable


@pytest.mark.parametrize("secret", READERS)
def test_a_secret_is_readable_where_it_is_needed_and_nowhere_else(
    template: Template, secret: str
) -> None:
    """Who works on strangers' PDFs can't sign tokens; who answers HTTP can't open stored keys."""
    readers = {
        function
        for function in FUNCTIONS
        for statement in template.statements(function)
        if "secretsmanager:GetSecretValue" in statement.actions
        and any(f"/{secret}-" in resource for resource in statement.resources)
    }
    assert readers == READERS[secret]


def test_secrets_are_named_one_by_one(template: Template) -> None:
    for function in FUNCTIONS:
        for statement in template.statements(function):
            if "secretsmanager:GetSecretValue" in statement.actions:
                assert statement.actions == ("secretsmanager:GetSecretValue",)
                names = {resource.rpartition("/")[2] for resource in statement.resources}
                assert names <= {f"{name}-??????" for name in ("database", *READERS)}


@each_function
def test_every_function_has_the_same_settings_of_the_model(
    template: Template, function: str
) -> None:
    """A function without the quotas would take the free tier's for true, also for the others."""
    own = template.resources[function]["Properties"]["Environment"]["Variables"]
    assert not {name for name in own if name.startswith("GEMINI_")} - {"GEMINI_SECRET_ARN"}
    assert {
        "GEMINI_BASE_URL",
        "GEMINI_MODEL",
        "GEMINI_FALLBACK_MODEL",
        "GEMINI_QUOTAS",
        "GEMINI_QUOTA_PROBING",
        "GEMINI_KEYS_ARE_SEPARATE_PROJECTS",
        "GEMINI_USER_DAILY_MICRO_USD",
    } <= template.variables(function).keys()


def test_the_administrators_function_may_read_its_secrets_and_nothing_else(
    template: Template,
) -> None:
    statements = template.statements("AdminFunction")
    assert {action for one in statements for action in one.actions} == {
        "secretsmanager:GetSecretValue"
    }


@each_function
def test_a_function_has_a_role_of_its_own(template: Template, function: str) -> None:
    assert "Role" not in template.resources[function]["Properties"]


def test_every_action_and_resource_is_named(template: Template) -> None:
    for owner in [*FUNCTIONS, *template.of_type(STATE_MACHINE)]:
        for statement in template.statements(owner):
            assert not any("*" in action for action in statement.actions), owner
            for resource in statement.resources:
                if resource == "*":
                    assert set(statement.actions) <= WITHOUT_RESOURCE.keys(), owner
                elif "*" in resource:
                    assert any(re.fullmatch(one, resource) for one in PARTLY_NAMED), resource


@each_function
def test_a_function_keeps_its_logs_for_a_while(template: Template, function: str) -> None:
    (group,) = named_resources(template.resources[function]["Properties"]["LoggingConfig"])
    properties = template.resources[group]["Properties"]
    assert properties["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    name = written(template.resources[function]["Properties"]["FunctionName"])
    assert written(properties["LogGroupName"]) == f"/aws/lambda/{name}"


def test_no_function_outlives_the_gateway_that_waits_for_it(template: Template) -> None:
    for name, integration in template.of_type("AWS::ApiGatewayV2::Integration").items():
        (function,) = named_resources(integration["Properties"]["IntegrationUri"]) & set(FUNCTIONS)
        assert template.timeout(function) < 30, name


@each_queue
def test_a_message_stays_hidden_six_times_as_long_as_its_function_may_run(
    template: Template, queue: str
) -> None:
    properties = template.resources[queue]["Properties"]
    assert properties["VisibilityTimeout"] >= 6 * template.timeout(_consumer(template, queue))


def test_a_chat_message_sent_again_outlasts_the_lease_of_a_dead_worker(template: Template) -> None:
    most = template.resources["ChatQueue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"]
    waits = [look_again_seconds(attempt) for attempt in range(1, most)]
    assert sum(waits) > LEASE.total_seconds() + 1


@pytest.mark.parametrize("queue", ["GenerationQueue", "TranscriptionQueue", "GradingQueue"])
def test_a_message_that_only_waits_is_no_dead_letter_before_the_deadline(
    template: Template, queue: str
) -> None:
    """Where no key works it comes back every few seconds. An evaluation's longest deadline is
    behind a state machine, which sends a message anew."""
    settings = Settings()
    longest = max(settings.generation_deadline_seconds, settings.transcription_deadline_seconds)
    longest = max(longest, settings.evaluation_deadline_seconds)
    most = template.resources[queue]["Properties"]["RedrivePolicy"]["maxReceiveCount"]
    assert most * NO_KEY_LOOK_SECONDS > 2 * longest


@each_queue
def test_a_queue_gives_up_messages_where_somebody_is_told(template: Template, queue: str) -> None:
    redrive = template.resources[queue]["Properties"]["RedrivePolicy"]
    (dead_letters,) = named_resources(redrive["deadLetterTargetArn"])
    own = template.resources[queue]["Properties"]["MessageRetentionPeriod"]
    assert template.resources[dead_letters]["Properties"]["MessageRetentionPeriod"] > own
    assert redrive["maxReceiveCount"] >= 4
    alarms = [
        alarm["Properties"]
        for alarm in template.of_type("AWS::CloudWatch::Alarm").values()
        if dead_letters in named_resources(alarm["Properties"]["Dimensions"])
    ]
    (alarm,) = alarms
    assert alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert alarm["Threshold"] == 1
    assert alarm["AlarmActions"]


@each_queue
def test_a_worker_fails_single_messages_and_leaves_room_for_others(
    template: Template, queue: str
) -> None:
    mapping = _mapping(template, queue)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "MaximumConcurrency" in mapping["ScalingConfig"]


@each_queue
def test_a_worker_may_take_messages_and_hide_them(template: Template, queue: str) -> None:
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        assert template.may(_consumer(template, queue), f"sqs:{action}", f"{queue}.Arn")
    assert template.may(_consumer(template, queue), "sqs:ChangeMessageVisibility", f"{queue}.Arn")


def test_the_emulated_part_has_only_what_is_emulated(resources: dict[str, Any]) -> None:
    for name, resource in resources.items():
        if resource["Type"] in NOT_EMULATED:
            assert resource.get("Condition") == "IsAws", name


def test_what_exists_on_aws_only_is_named_there_only(template: Template) -> None:
    """A reference to a resource whose condition is false would fail the local deployment."""
    only_aws = {
        name
        for name, resource in template.resources.items()
        if resource.get("Condition") in ("IsAws", "IsProduction")
    }
    for name, resource in template.resources.items():
        if "Condition" not in resource:
            unconditional = _without_conditional_parts(resource["Properties"])
            assert not named_resources(unconditional) & only_aws, name


def test_the_api_may_call_every_function_it_routes_to(template: Template) -> None:
    permitted = {
        written(one["Properties"]["FunctionName"])
        for one in template.of_type("AWS::Lambda::Permission").values()
        if one["Properties"]["Principal"] == "apigateway.amazonaws.com"
    }
    routed = set()
    for one in template.of_type("AWS::ApiGatewayV2::Integration").values():
        routed |= named_resources(one["Properties"]["IntegrationUri"]) & set(FUNCTIONS)
    assert permitted == routed


def test_every_permission_names_who_may_call(template: Template) -> None:
    for name, permission in template.of_type("AWS::Lambda::Permission").items():
        assert "SourceArn" in permission["Properties"], name


def test_every_documented_path_is_routed(template: Template) -> None:
    document = json.loads((ROOT / "functions" / "gateway" / "openapi.json").read_text())
    patterns = [
        _route_pattern(route["Properties"]["RouteKey"])
        for route in template.of_type("AWS::ApiGatewayV2::Route").values()
    ]
    for path, operations in document["paths"].items():
        for method in operations:
            call = f"{method.upper()} {path}"
            assert any(re.fullmatch(pattern, call) for pattern in patterns), call


@pytest.mark.parametrize("function", ["RegradeFunction", "SweepJobsFunction"])
def test_a_sweep_runs_once_a_minute_and_ends_before_the_next(
    template: Template, function: str
) -> None:
    (event,) = template.resources[function]["Properties"]["Events"].values()
    assert event == {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)"}}
    assert template.timeout(function) < 60


def test_regrading_may_read_the_database_and_start_evaluations_and_nothing_else(
    template: Template,
) -> None:
    allowed = {
        (action, resource)
        for statement in template.statements("RegradeFunction")
        for action in statement.actions
        for resource in statement.resources
    }
    secret = next(one for action, one in allowed if action == "secretsmanager:GetSecretValue")
    assert secret.endswith("/database-??????")
    assert allowed == {
        ("secretsmanager:GetSecretValue", secret),
        ("states:StartExecution", "EvaluationStateMachine"),
        ("sqs:SendMessage", "GradingQueue.Arn"),
    }


@pytest.mark.parametrize(
    "function",
    ["AuthFunction", "DocumentsFunction", "ReadDocumentFunction", "SweepJobsFunction"],
)
def test_who_deletes_uploads_may_do_so(template: Template, function: str) -> None:
    deletable = {
        resource
        for statement in template.statements(function)
        if "s3:DeleteObject" in statement.actions
        for resource in statement.resources
    }
    assert deletable == {"${DocumentsBucket.Arn}/uploads/*"}
    variables = template.resources[function]["Properties"]["Environment"]["Variables"]
    assert variables["DOCUMENTS_BUCKET"] == {"Ref": "DocumentsBucket"}


def test_the_bucket_is_private_and_tells_of_uploads_alone(resources: dict[str, Any]) -> None:
    properties = resources["DocumentsBucket"]["Properties"]
    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert "BucketEncryption" in properties
    (notification,) = properties["NotificationConfiguration"]["QueueConfigurations"]
    assert notification["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "uploads/"}]
    assert resources["DocumentsBucket"]["DependsOn"] == "UploadsQueuePolicy"


def test_only_the_bucket_may_fill_the_uploads_queue(resources: dict[str, Any]) -> None:
    (statement,) = resources["UploadsQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    (source,) = statement["Condition"]["ArnEquals"].values()
    bucket = written(resources["DocumentsBucket"]["Properties"]["BucketName"])
    assert written(source).endswith(f":::{bucket}")


def test_secrets_are_made_by_aws_and_never_written_down(template: Template) -> None:
    for name, secret in template.of_type("AWS::SecretsManager::Secret").items():
        assert "GenerateSecretString" in secret["Properties"], name
        assert "SecretString" not in secret["Properties"], name


def _names_defined_in(module: str) -> set[str]:
    path = ROOT / f"{module.replace('.', '/')}.py"
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def _mapping(template: Template, queue: str) -> dict[str, Any]:
    (found,) = (
        one["Properties"]
        for one in template.of_type(MAPPING).values()
        if written(one["Properties"]["EventSourceArn"]) == f"{queue}.Arn"
    )
    return dict(found)


def _consumer(template: Template, queue: str) -> str:
    return written(_mapping(template, queue)["FunctionName"])


def _without_conditional_parts(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_conditional_parts(one) for key, one in value.items() if key != "Fn::If"
        }
    if isinstance(value, list):
        return [_without_conditional_parts(one) for one in value]
    return value


def _route_pattern(key: str) -> str:
    method, _, path = key.partition(" ")
    if not path:
        return re.escape(key)
    pattern = re.sub(r"\\\{\w+\\\+\\\}", ".+", re.escape(path))
    return ("[A-Z]+" if method == "ANY" else method) + " " + pattern
