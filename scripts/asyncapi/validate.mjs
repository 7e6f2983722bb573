// Whether a document is valid by the official parser of AsyncAPI: node validate.mjs FILE; ends 1 if it is not.
import { readFile } from "node:fs/promises";
import parserPackage from "@asyncapi/parser";

const { Parser } = parserPackage;
const GRAVE = 1;  // 0 is an error, 1 a warning; below are hints to style
const file = process.argv[2];
const { document, diagnostics } = await new Parser().parse(await readFile(file, "utf8"));
const wrong = diagnostics.filter((one) => one.severity <= GRAVE);
for (const one of wrong) console.error(`${file}: ${one.path.join(".")}: ${one.message} (${one.code})`);
if (!document || wrong.length) process.exit(1);
console.log(`${file}: valid, ${document.channels().length} channels, ${document.operations().length} operations`);
