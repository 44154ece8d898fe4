// The whole job with @hey-api/openapi-ts, from a new practitioner to an export.
import assert from "node:assert/strict";
import { client } from "./client/client.gen.js";
import * as needlework from "./client/index.js";

client.setConfig({
  baseUrl: process.env.NEEDLEWORK_URL ?? "",
  auth: process.env.NEEDLEWORK_KEY ?? "",
});
const throwOnError = true; // A problem becomes an exception.
const { data: me } = await needlework.meRead({ throwOnError });
console.log(`I am ${me.client.name}, of ${me.clinic.name}.`);

// A practitioner, a patient, and what the patient comes for.
const { data: practitioner } = await needlework.practitionersCreate({
  throwOnError,
  body: { given_name: "Kim", family_name: "Moreno" },
});
const { data: patient } = await needlework.patientsCreate({
  throwOnError,
  body: {
    given_name: "Rae",
    family_name: "Lund",
    identifiers: [{ system: "urn:example:chart", value: "A-1" }],
  },
});
const { data: episode } = await needlework.episodesCreate({
  throwOnError,
  body: { patient_id: patient.id, complaint: "Shoulder pain" },
});

// A session of six needlings, three days ago. It is a draft until it is signed.
const HOUR_MS = 3_600_000;
const visitedAt = Date.now() - 72 * HOUR_MS;
const muscles = [
  ...["infraspinatus", "supraspinatus", "trapezius_upper"],
  ...["levator_scapulae", "teres_minor", "subscapularis"],
];
const needlings = muscles.map((muscle): needlework.NeedlingBody => ({
  muscle,
  side: "left",
  depth_mm: 20,
  grasp: "strong",
  twitches: 3,
  ache: 6,
  release: "partial",
}));
const { data: draft } = await needlework.sessionsCreate({
  throwOnError,
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
});
const { data: session } = await needlework.sessionsSign({
  throwOnError,
  path: { id: draft.id },
  headers: { "If-Match": `"${draft.version}"` },
});
assert.notEqual(session.signed_at, null);

// What the patient reports after one day and after two.
for (const { hours, soreness } of [
  { hours: 24, soreness: 5 },
  { hours: 48, soreness: 2 },
]) {
  await needlework.followUpsCreate({
    throwOnError,
    path: { session_id: session.id },
    body: { reported_at: new Date(visitedAt + hours * HOUR_MS).toISOString(), soreness },
  });
}

// A red flag raises an alert, which somebody answers. The session keeps its version.
await needlework.followUpsCreate({
  throwOnError,
  path: { session_id: session.id },
  body: {
    reported_at: new Date(visitedAt + 50 * HOUR_MS).toISOString(),
    soreness: 1,
    red_flags: ["fainting"],
  },
});
const { data: raised } = await needlework.alertsList({
  throwOnError,
  query: { patient_id: patient.id, status: "open" },
});
const [alert] = raised.items;
assert(alert !== undefined);
const { data: acknowledged } = await needlework.alertsAcknowledge({
  throwOnError,
  path: { id: alert.id },
  body: { action: "called", note: "Had skipped breakfast. Feels well." },
});
assert.equal(acknowledged.status, "acknowledged");

// Nobody asked the patient by message: they gave no consent to that.
const { data: asks } = await needlework.asksList({
  throwOnError,
  query: { patient_id: patient.id },
});
assert.deepEqual(asks.items, []);

// What has changed so far.
const { data: progress } = await needlework.progressRead({
  throwOnError,
  path: { patient_id: patient.id },
});
assert.equal(progress.dose.needlings, muscles.length);
assert.deepEqual(progress.measures.map((measure) => measure.latest?.value), [7]);
assert.deepEqual(progress.soreness.sessions.map((one) => one.peak), [5]);

// A signed session is amended; the earlier version stays readable.
const { data: amended } = await needlework.sessionsAmend({
  throwOnError,
  path: { id: session.id },
  headers: { "If-Match": `"${session.version}"` },
  body: {
    reason: "A note on paper was left out.",
    kind: "addendum",
    changes: { note: "Home exercises shown." },
  },
});
assert.equal(amended.note, "Home exercises shown.");

// The feed of changes, page by page. Keep the last cursor, and continue from it later.
const operations: string[] = [];
for (let after: string | null = "0"; after !== null; ) {
  const page: { data: needlework.ChangesView } = await needlework.changesList({
    throwOnError,
    query: { after, limit: 5 },
  });
  for (const change of page.data.items) {
    if (change.resource_id === session.id) operations.push(change.operation);
  }
  after = page.data.next_cursor;
}
assert.deepEqual(operations, ["sessions.create", "sessions.sign", "sessions.amend"]);

// Import a file of records, and export a table.
const rows = ["Ode", "Uma"].map((given_name) => JSON.stringify({ type: "patient", given_name }));
const { data: imported } = await needlework.importsCreate({
  throwOnError,
  body: new Blob([rows.join("\n")]),
});
assert.deepEqual([imported.created, imported.rejected], [2, 0]);
const { data: table } = await needlework.exportsRead({
  throwOnError,
  path: { dataset: "needlings", format: "csv" },
});
assert.equal(table.trimEnd().split("\n").length, 1 + muscles.length);
console.log("Done.");
