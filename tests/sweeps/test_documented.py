"""What an operation answers is what the document says."""

import pytest

from tests.ground import Api
from tests.sweeps.document import Documented, document, operations, undocumented
from tests.sweeps.world import World


def test_every_operation_grants_its_example_and_answers_as_documented(api: Api) -> None:
    world = World(api)
    wrong = {}
    for operation in operations():
        answer = world.request(operation).by(api)
        fault = undocumented(operation, answer)
        if fault or not answer.is_success:
            wrong[operation.name] = fault or answer.text
    assert wrong == {}


def test_every_operation_declares_exactly_one_scope() -> None:
    assert [o.name for o in operations() if len(o.scopes) != 1] == []


def test_names_of_operations_are_unique() -> None:
    names = [operation.name for operation in operations()]
    assert len(set(names)) == len(names)


def test_every_json_body_has_an_example() -> None:
    bare = {
        operation.body_model
        for operation in operations()
        if operation.body_model and operation.body_model != "MergePatch"
        if not document()["components"]["schemas"][operation.body_model].get("examples")
    }
    assert bare == set()


@pytest.mark.parametrize("operation", operations(), ids=lambda o: o.name)
def test_every_operation_says_what_it_does(operation: Documented) -> None:
    assert operation.said["summary"]
    assert operation.said["description"]
    assert all(answer["description"] for answer in operation.said["responses"].values())
