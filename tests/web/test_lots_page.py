"""The page of needle lots: who got one that is recalled, in whatever way it is written."""

from tests.ground import Api
from tests.recall.test_recall import needled
from tests.web.console import Desk, words


def test_a_recalled_lot_leads_to_its_patients_and_a_mistyped_one_to_the_lot(
    desk: Desk, api: Api
) -> None:
    id_ = api.patient(given_name="Ana", family_name="Lopez", phone="+1 604 555 0100")["id"]
    needled(api, "L-77/B", patient_id=id_)
    needled(api, "Q1")
    start = words(desk.get("/console/lots").text)
    assert "Lots in use L-77/B Q1" in start
    found = words(desk.get("/console/lots?lot=Lot+l77b").text)
    for said in ("Counted as this lot: L-77/B", "Lopez, Ana", "+1 604 555 0100", "4 needles"):
        assert said in found, said
    empty = words(desk.get("/console/lots?lot=L78B").text)
    assert "Look whether one of these was meant: L-77/B" in empty
    assert "Lopez" not in empty
