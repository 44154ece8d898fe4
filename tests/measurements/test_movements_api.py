"""A range of motion is measured of one movement, by a code, a name or a synonym of the list."""

from typing import Any

from tests.ground import Api


def measured(api: Api, **reading: Any) -> Any:
    body = {"phase": "before", "taken_at": "2026-11-02T10:00:00Z", "value": 40, **reading}
    return api.post("/v1/measurements", {"patient_id": api.patient()["id"], **body})


def codes(answer: Any) -> list[str]:
    return [fault["code"] for fault in answer.json()["errors"]]


def test_the_movements_of_the_neck_are_listed(api: Api) -> None:
    listed = [row["code"] for row in api.get("/v1/movements").json()["items"]]
    assert {
        "cervical_flexion",
        "cervical_extension",
        "cervical_lateral_flexion",
        "cervical_rotation",
    } <= set(listed)


def test_a_movement_is_stored_as_its_code(api: Api) -> None:
    answer = measured(api, instrument="rom_active", movement="Neck rotation", side="left")
    assert answer.status_code == 201, answer.text
    assert answer.json()["movement"] == "cervical_rotation"
    session = api.session(
        measurements=[
            {"phase": "before", "instrument": "rom_passive", "movement": "neck flexion", "value": 9}
        ]
    )
    assert session["measurements"][0]["movement"] == "cervical_flexion"


def test_a_range_of_motion_needs_its_movement_and_nothing_else_takes_one(api: Api) -> None:
    assert codes(measured(api, instrument="rom_active")) == ["movement_required"]
    wrong = measured(api, instrument="nprs", value=4, movement="cervical_rotation")
    assert codes(wrong) == ["movement_forbidden"]
    unknown = measured(api, instrument="rom_active", movement="cervical rotaton")
    assert codes(unknown) == ["unknown_movement"]
    assert "cervical_rotation" in unknown.json()["errors"][0]["suggestions"]


def test_an_older_measurement_without_a_movement_is_still_accepted(api: Api) -> None:
    answer = measured(api, instrument="rom_cervical")
    assert (answer.status_code, answer.json()["movement"]) == (201, None)


def progress(api: Api, patient_id: str) -> Any:
    return api.get(f"/v1/patients/{patient_id}/progress").json()["measures"]


def test_two_movements_are_two_measures(api: Api) -> None:
    patient_id = api.patient()["id"]
    for day, values in ((2, {"rotation": 70, "lateral_flexion": 40}), (9, {"rotation": 75})):
        api.session(
            patient_id=patient_id,
            occurred_at=f"2026-03-{day:02}T10:00:00Z",
            measurements=[
                {
                    "phase": "before",
                    "instrument": "rom_active",
                    "movement": f"cervical_{movement}",
                    "side": "left",
                    "value": value,
                }
                for movement, value in values.items()
            ],
        )
    bent, turned = progress(api, patient_id)
    assert (bent["movement"], bent["verdict"]) == ("cervical_lateral_flexion", "insufficient")
    assert (turned["movement"], turned["change"]) == ("cervical_rotation", 5)


def test_a_range_of_motion_of_an_unknown_movement_is_shown_and_compared_with_nothing(
    api: Api,
) -> None:
    patient_id = api.patient()["id"]
    for day, value in ((2, 40), (9, 60), (16, 70)):
        measured = {"phase": "before", "instrument": "rom_cervical", "value": value}
        api.session(
            patient_id=patient_id,
            occurred_at=f"2026-03-{day:02}T10:00:00Z",
            measurements=[measured],
        )
    [shown] = progress(api, patient_id)
    assert [point["value"] for point in shown["points"]] == [40, 60, 70]
    assert shown["verdict"] == "insufficient"
    for name in ("baseline", "best", "trend", "change", "responder"):
        assert shown[name] is None
