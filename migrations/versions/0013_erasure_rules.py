"""An erasure that the retention rules don't allow is refused inside the database.

Revision 0013, after 0012.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Whether the newest erasure of a patient, after this entry, is within the rules: the clinic has a
# retention policy, no legal hold is on the record, and the last change of any of the patient's
# records lies as many years before the erasure as the policy says. Days are in UTC. The program
# also counts a child's years from the age of majority: the patient's birth date is gone by then.
IS_DUE = """
CREATE FUNCTION erasure_is_due(the_clinic uuid, the_patient uuid, the_number bigint)
RETURNS boolean LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
BEGIN
  RETURN EXISTS (
    SELECT FROM ledger_entries AS erasure
    JOIN retention_policies AS policy ON policy.clinic_id = erasure.clinic_id
    WHERE erasure.clinic_id = the_clinic AND erasure.patient_id = the_patient
      AND erasure.operation = 'patients.erase' AND erasure.number > the_number
      AND NOT EXISTS (
        SELECT FROM legal_holds AS hold
        WHERE hold.clinic_id = the_clinic AND hold.patient_id = the_patient
      )
      AND NOT EXISTS (
        SELECT FROM ledger_entries AS contact
        WHERE contact.clinic_id = the_clinic AND contact.patient_id = the_patient
          AND contact.kind = 'change' AND contact.operation <> 'patients.erase'
          AND contact.number < erasure.number
          AND (contact.at AT TIME ZONE 'UTC')::date
            > (erasure.at AT TIME ZONE 'UTC')::date - make_interval(years => policy.years)
      )
  );
END
$$
"""
# Runs with its owner's rights. Only the owner may call it.
ERASE = """
CREATE OR REPLACE FUNCTION erase_ledger_bodies(the_clinic uuid, the_patient uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  the_erasure bigint;
  blanked bigint;
BEGIN
  SELECT max(number) INTO the_erasure FROM ledger_entries
  WHERE clinic_id = the_clinic AND patient_id = the_patient AND operation = 'patients.erase';
  IF the_erasure IS NULL OR NOT erasure_is_due(the_clinic, the_patient, the_erasure - 1) THEN
    RAISE EXCEPTION 'the retention rules don''t allow this erasure'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  UPDATE ledger_entries SET body = NULL, salt = NULL
  WHERE clinic_id = the_clinic AND patient_id = the_patient AND body IS NOT NULL
    AND number < the_erasure;
  GET DIAGNOSTICS blanked = ROW_COUNT;
  RETURN blanked;
END
$$
"""
EARLIER_ERASE = """
CREATE OR REPLACE FUNCTION erase_ledger_bodies(the_clinic uuid, the_patient uuid) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  WITH blanked AS (
    UPDATE ledger_entries SET body = NULL, salt = NULL
    WHERE clinic_id = the_clinic AND patient_id = the_patient AND body IS NOT NULL
      AND number < (
        SELECT max(number) FROM ledger_entries
        WHERE clinic_id = the_clinic AND patient_id = the_patient
          AND operation = 'patients.erase'
      )
    RETURNING 1
  )
  SELECT count(*) FROM blanked
$$
"""
REFUSE = """
CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'ledger_entries' THEN
    IF NEW.body IS NULL AND NEW.salt IS NULL
      AND to_jsonb(NEW) - 'body' - 'salt' = to_jsonb(OLD) - 'body' - 'salt'
      AND {erasure}
    THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$
"""
DUE = "erasure_is_due(OLD.clinic_id, OLD.patient_id, OLD.number)"
EARLIER_ERASURE = """EXISTS (
        SELECT FROM ledger_entries AS erasure
        WHERE erasure.clinic_id = OLD.clinic_id AND erasure.patient_id = OLD.patient_id
          AND erasure.operation = 'patients.erase' AND erasure.number > OLD.number
      )"""

SQLITE_TRIGGER = """
CREATE TRIGGER ledger_entries_refuse_update BEFORE update ON ledger_entries
WHEN NOT (
  NEW.body IS NULL AND NEW.salt IS NULL AND {same}
  AND EXISTS (
    SELECT 1 FROM ledger_entries AS erasure{rules}
  )
)
BEGIN
  SELECT RAISE(ABORT, 'the ledger is append-only');
END
"""
EARLIER_SQLITE_RULES = """
    WHERE erasure.clinic_id = OLD.clinic_id AND erasure.patient_id = OLD.patient_id
      AND erasure.operation = 'patients.erase' AND erasure.number > OLD.number"""
# The 29th of February is counted both ways: from the contact and from the erasure.
SQLITE_RULES = f"""
    JOIN retention_policies AS policy ON policy.clinic_id = erasure.clinic_id
    {EARLIER_SQLITE_RULES.strip()}
      AND NOT EXISTS (
        SELECT 1 FROM legal_holds AS hold
        WHERE hold.clinic_id = OLD.clinic_id AND hold.patient_id = OLD.patient_id
      )
      AND NOT EXISTS (
        SELECT 1 FROM ledger_entries AS contact
        WHERE contact.clinic_id = OLD.clinic_id AND contact.patient_id = OLD.patient_id
          AND contact.kind = 'change' AND contact.operation <> 'patients.erase'
          AND contact.number < erasure.number
          AND (
            date(contact.at, '+' || policy.years || ' years') > date(erasure.at)
            OR date(contact.at) > date(erasure.at, '-' || policy.years || ' years')
          )
      )"""  # noqa: S608 - texts of this file
KEPT = (
    *("clinic_id", "number", "kind", "operation", "at", "actor", "client", "request_id"),
    *("resource", "resource_id", "patient_id", "version", "reason", "body_digest", "leaf"),
)


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(IS_DUE)
        op.execute(ERASE)
        op.execute(REFUSE.format(erasure=DUE))
    else:
        replace_sqlite_trigger(SQLITE_RULES)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(REFUSE.format(erasure=EARLIER_ERASURE))
        # An owner to whom row-level security applies can't plan the function's query here.
        op.execute("SET LOCAL check_function_bodies = off")
        op.execute(EARLIER_ERASE)
        op.execute("DROP FUNCTION erasure_is_due(uuid, uuid, bigint)")
    else:
        replace_sqlite_trigger(EARLIER_SQLITE_RULES)


def replace_sqlite_trigger(rules: str) -> None:
    same = " AND ".join(f"NEW.{name} IS OLD.{name}" for name in KEPT)
    op.execute("DROP TRIGGER ledger_entries_refuse_update")
    op.execute(SQLITE_TRIGGER.format(same=same, rules=rules))
