// Unpacks into TMPDIR all that the package has: chromium, and libraries that a bare system lacks.
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { inflate } from "@sparticuz/chromium";

const build = dirname(fileURLToPath(import.meta.resolve("@sparticuz/chromium")));
const packed = join(build, "..", "bin");
await Promise.all((await readdir(packed)).map((file) => inflate(join(packed, file))));
