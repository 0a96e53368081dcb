import type { Client } from 'pg';

/** Waits as long as the session that asked for it is there, or until `letGo`. */
const WAIT = `PERFORM set_config('lock_timeout', '0', true);
      PERFORM pg_advisory_xact_lock(4711)`;

/**
 * Lets the service write down that a run is where `reached` says, a condition on its row, and nothing behind it in the
 * same attempt: the moment between the two lasts until it is met, on the slowest machine.
 */
export async function holdRunAt(session: Client, reached: string): Promise<void> {
  await session.query(`
    SELECT pg_advisory_lock(4711);
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      ${WAIT} FROM (SELECT old.*) run WHERE old.attempt = new.attempt AND (${reached});
      RETURN new;
    END $$;
    CREATE TRIGGER hold BEFORE UPDATE ON millrace.runs FOR EACH ROW EXECUTE FUNCTION hold()`);
}

/** Keeps the row with this id from coming into a table that the service is about to make. */
export async function holdRowOf(session: Client, table: string, id: number): Promise<void> {
  await session.query(`
    SELECT pg_advisory_lock(4711);
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      ${WAIT};
      RETURN new;
    END $$;
    CREATE FUNCTION hold_row() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
      IF to_regclass('public.${table}') IS NOT NULL THEN
        CREATE OR REPLACE TRIGGER hold BEFORE INSERT ON public.${table} FOR EACH ROW
          WHEN (new.id = ${id}) EXECUTE FUNCTION hold();
      END IF;
    END $$;
    CREATE EVENT TRIGGER hold_row ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION hold_row()`);
}

/** Ends what the sessions of a dead service still wait to do, and only then holds nothing any more. */
export async function letGo(session: Client): Promise<void> {
  const others = 'FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
  while ((await session.query(`SELECT pg_terminate_backend(pid, 10000) ${others}`)).rowCount !== 0);
  await session.query(`
    DROP EVENT TRIGGER IF EXISTS hold_row;
    DROP FUNCTION IF EXISTS hold_row(), hold() CASCADE;
    SELECT pg_advisory_unlock_all()`);
}
