"""Many people have one name, which is enough for a practitioner as for a patient."""

import pytest

from tests.ground import Api

ONE_NAME = [{"given_name": "Suharto"}, {"family_name": "Suharto"}]


@pytest.mark.parametrize("name", ONE_NAME)
def test_one_name_is_enough(api: Api, name: dict[str, str]) -> None:
    made = api.create("/v1/practitioners", **name)
    assert [made["given_name"], made["family_name"]].count(None) == 1
    assert api.get(f"/v1/practitioners/{made['id']}").json() == {
        key: value for key, value in made.items() if key != "ended"
    }
    changed = api.change(made, "/v1/practitioners", given_name="Haji", family_name="Suharto")
    both = api.change(changed, "/v1/practitioners", family_name=None)
    assert (both["given_name"], both["family_name"]) == ("Haji", None)


def test_no_name_is_refused(api: Api) -> None:
    made = api.create("/v1/practitioners", given_name="Suharto")
    path, tag = f"/v1/practitioners/{made['id']}", {"If-Match": '"1"'}
    for answer in (
        api.post("/v1/practitioners", {}),
        api("PATCH", path, json={"given_name": None}, headers=tag),
    ):
        assert answer.status_code == 422
        [fault] = answer.json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/family_name", "name_missing")
