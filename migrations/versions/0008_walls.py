"""Row-level security: PostgreSQL itself keeps each clinic to its own rows.

Revision 0008, after 0007. SQLite has no roles, and nothing to change.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = (
    *("access_tokens", "adverse_events", "clients", "clinics", "consents", "devices"),
    *("emergencies", "episodes", "findings", "follow_ups", "identities", "ledger_checkpoints"),
    *("ledger_entries", "ledger_heads", "ledger_tiles", "legal_holds", "measurements"),
    *("needlings", "owners"),
    *("patient_identifiers", "patients", "practitioner_identifiers", "practitioners"),
    *("refresh_tokens", "retention_policies", "screenings", "session_measurements", "sessions"),
    *("stored_answers", "used_assertions"),
)
# Tables that are read before the clinic of a request, or of a background job, is known.
FOUND_FIRST = ("clients", "clinics", "ledger_heads")
# On a connection that was in a clinic before, the setting is '' and not null.
CLINIC = "nullif(current_setting('app.clinic', true), '')::uuid"

# The application's role may not analyze tables that it doesn't own, and row-level security hides
# their statistics from it.
ANALYZE_NEW = """
CREATE FUNCTION analyze_new_tables() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
  found regclass;
BEGIN
  FOR found IN
    SELECT oid FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::text::regnamespace
      AND pg_relation_size(oid) > 0
      AND CASE
        WHEN row_security_active(oid) THEN reltuples <= 0
        ELSE NOT EXISTS (
          SELECT FROM pg_stats WHERE schemaname = current_schema() AND tablename = relname
        )
      END
  LOOP
    EXECUTE format('ANALYZE (SKIP_LOCKED) %s', found);
  END LOOP;
END
$$
"""


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute(ANALYZE_NEW)
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_clinic ON {table} USING (clinic_id = {CLINIC})")
    for table in FOUND_FIRST:
        op.execute(f"CREATE POLICY no_clinic ON {table} FOR SELECT USING ({CLINIC} IS NULL)")


def downgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    for table in FOUND_FIRST:
        op.execute(f"DROP POLICY no_clinic ON {table}")
    for table in TABLES:
        op.execute(f"DROP POLICY own_clinic ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY")
    op.execute("DROP FUNCTION analyze_new_tables()")
