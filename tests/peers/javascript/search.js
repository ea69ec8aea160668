// Searches by the JavaScript dicomweb-client, unmodified, as a program that imports it would.
//
// Rule: nothing is decided here. It reads {"url", "calls": [[method, options], ...]} from its
// standard input and writes what each call came to: {"rows"} or {"status", "body"}.

const { readFileSync } = require("node:fs");

// The client is made for browsers; Node.js has everything it needs but this.
global.XMLHttpRequest = require("xhr2");
const { api } = require("dicomweb-client");

async function outcome(client, method, options) {
  try {
    return { rows: await client[method](options) };
  } catch (error) {
    if (error.status === undefined) throw error;
    return { status: error.status, body: error.response };
  }
}

async function main() {
  const { url, calls } = JSON.parse(readFileSync(0, "utf8"));
  const client = new api.DICOMwebClient({ url });
  const outcomes = [];
  for (const [method, options] of calls) outcomes.push(await outcome(client, method, options));
  process.stdout.write(JSON.stringify(outcomes));
}

main();
