// The whole job with openapi-typescript and openapi-fetch, from a new practitioner to an export.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({
  baseUrl: process.env.NEEDLEWORK_URL ?? "",
  headers: { Authorization: `Bearer ${process.env.NEEDLEWORK_KEY}` },
});
const me = done(await client.GET("/v1/me"));
console.log(`I am ${me.client.name}, of ${me.clinic.name}.`);

/** Return the data of an answer; throw if it is a problem. */
function done<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(`Refused: ${JSON.stringify(answer.error)}`);
  return answer.data;
}

// A practitioner, a patient, and what the patient comes for.
const practitioner = done(
  await client.POST("/v1/practitioners", { body: { given_name: "Kim", family_name: "Moreno" } }),
);
const patient = done(
  await client.POST("/v1/patients", {
    body: {
      given_name: "Rae",
      family_name: "Lund",
      identifiers: [{ system: "urn:example:chart", value: "A-1" }],
    },
  }),
);
const episode = done(
  await client.POST("/v1/episodes", {
    body: { patient_id: patient.id, complaint: "Shoulder pain" },
  }),
);

// A session of six needlings, three days ago. It is a draft until it is signed.
const HOUR_MS = 3_600_000;
const visitedAt = Date.now() - 72 * HOUR_MS;
const muscles = [
  ...["infraspinatus", "supraspinatus", "trapezius_upper"],
  ...["levator_scapulae", "teres_minor", "subscapularis"],
];
const needlings = muscles.map((muscle): components["schemas"]["NeedlingBody"] => ({
  muscle,
  side: "left",
  depth_mm: 20,
  grasp: "strong",
  twitches: 3,
  ache: 6,
  release: "partial",
}));
const draft = done(
  await client.POST("/v1/sessions", {
    body: {
      patient_id: patient.id,
      episode_id: episode.id,
      practitioner_id: practitioner.id,
      occurred_at: new Date(visitedAt).toISOString(),
      technique: "gunn_ims",
      measurements: [{ phase: "before", instrument: "nprs", value: 7 }],
      needlings,
      needle_count: { opened: 6, inserted: 6, removed: 6, disposed: 6 },
    },
  }),
);
const session = done(
  await client.POST("/v1/sessions/{id}/sign", {
    params: { path: { id: draft.id }, header: { "If-Match": `"${draft.version}"` } },
  }),
);
assert.notEqual(session.signed_at, null);

// What the patient reports after one day and after two.
for (const { hours, soreness } of [
  { hours: 24, soreness: 5 },
  { hours: 48, soreness: 2 },
]) {
  done(
    await client.POST("/v1/sessions/{session_id}/follow-ups", {
      params: { path: { session_id: session.id } },
      body: { reported_at: new Date(visitedAt + hours * HOUR_MS).toISOString(), soreness },
    }),
  );
}

// A red flag raises an alert, which somebody answers. The session keeps its version.
done(
  await client.POST("/v1/sessions/{session_id}/follow-ups", {
    params: { path: { session_id: session.id } },
    body: {
      reported_at: new Date(visitedAt + 50 * HOUR_MS).toISOString(),
      soreness: 1,
      red_flags: ["fainting"],
    },
  }),
);
const [alert] = done(
  await client.GET("/v1/alerts", { params: { query: { patient_id: patient.id, status: "open" } } }),
).items;
assert(alert !== undefined);
const acknowledged = done(
  await client.POST("/v1/alerts/{id}/acknowledge", {
    params: { path: { id: alert.id } },
    body: { action: "called", note: "Had skipped breakfast. Feels well." },
  }),
);
assert.equal(acknowledged.status, "acknowledged");

// Nobody asked the patient by message: they gave no consent to that.
const asks = done(
  await client.GET("/v1/asks", { params: { query: { patient_id: patient.id } } }),
);
assert.deepEqual(asks.items, []);

// What has changed so far.
const progress = done(
  await client.GET("/v1/patients/{patient_id}/progress", {
    params: { path: { patient_id: patient.id } },
  }),
);
assert.equal(progress.dose.needlings, muscles.length);
assert.deepEqual(progress.measures.map((measure) => measure.latest?.value), [7]);
assert.deepEqual(progress.soreness.sessions.map((one) => one.peak), [5]);

// A signed session is amended; the earlier version stays readable.
const amended = done(
  await client.POST("/v1/sessions/{id}/amend", {
    params: { path: { id: session.id }, header: { "If-Match": `"${session.version}"` } },
    body: {
      reason: "A note on paper was left out.",
      kind: "addendum",
      changes: { note: "Home exercises shown." },
    },
  }),
);
assert.equal(amended.note, "Home exercises shown.");

// The feed of changes, page by page. Keep the last cursor, and continue from it later.
const operations: string[] = [];
for (let after: string | null = "0"; after !== null; ) {
  const page: components["schemas"]["ChangesView"] = done(
    await client.GET("/v1/changes", { params: { query: { after, limit: 5 } } }),
  );
  for (const change of page.items) {
    if (change.resource_id === session.id) operations.push(change.operation);
  }
  after = page.next_cursor;
}
assert.deepEqual(operations, ["sessions.create", "sessions.sign", "sessions.amend"]);

// Import a file of records, and export a table.
const rows = ["Ode", "Uma"].map((given_name) => JSON.stringify({ type: "patient", given_name }));
const imported = done(
  await client.POST("/v1/imports", {
    body: rows.join("\n"),
    bodySerializer: (file) => file,
    headers: { "Content-Type": "application/x-ndjson" },
  }),
);
assert.deepEqual([imported.created, imported.rejected], [2, 0]);
const table = done(
  await client.GET("/v1/exports/{dataset}.{format}", {
    params: { path: { dataset: "needlings", format: "csv" } },
    parseAs: "text",
  }),
);
assert.equal(table.trimEnd().split("\n").length, 1 + muscles.length);
console.log("Done.");
