// The study list of OHIF, by OHIF's own data source, unmodified, outside of a browser.
//
// Rule: what is sent, and how the answer is read, is OHIF's code. Only what the viewer around it
// would provide (user interface, rendering, sign-on) is replaced by something that does nothing,
// and the few functions by which it takes a value out of DICOM JSON by the same in short.
// It reads {"url", "searches": [[resource, argument], ...]} from its standard input and writes what
// each search came to: {"rows"} or {"status"}.

const { readFileSync } = require("node:fs");
const Module = require("node:module");

const nothing = new Proxy(function () {}, {
  get: (target, name) => {
    if (name === "prototype" || typeof name === "symbol") return target[name];
    return name === "__esModule" ? false : nothing;
  },
  apply: () => nothing,
  construct: () => ({}),
});

const orNothing = (members) =>
  new Proxy(members, { get: (target, name) => target[name] ?? nothing[name] });

const core = orNothing({
  DICOMWeb: {
    getString: (element) => element?.Value?.join("\\"),
    getName: (element) => element?.Value?.[0]?.Alphabetic,
    getModalities: (ofSeries, ofStudy) => ({
      Value: [...new Set([ofSeries, ofStudy].flatMap((element) => element?.Value ?? []))],
    }),
  },
  utils: orNothing({ formatPN: (name) => name }),
  IWebApiDataSource: { create: (source) => source },
  errorHandler: { getHTTPErrorHandler: () => undefined },
});

const EXTENSION = "@ohif/extension-default";
const OF_THE_VIEWER = /^(@ohif|@cornerstonejs|dcmjs|gl-matrix)\b/;
const load = Module._load;
Module._load = (name, ...rest) => {
  if (name === "@ohif/core") return core;
  return OF_THE_VIEWER.test(name) && name !== EXTENSION ? nothing : load(name, ...rest);
};

global.XMLHttpRequest = require("xhr2");
const extension = require(EXTENSION).default;

function dataSource(url) {
  const sources = extension.getDataSourcesModule({ servicesManager: nothing });
  const { createDataSource } = sources.find(({ name }) => name === "dicomweb");
  const source = createDataSource(
    {
      qidoRoot: url,
      wadoRoot: url,
      qidoSupportsIncludeField: true,
      supportsFuzzyMatching: true,
      supportsWildcard: true,
    },
    { services: { userAuthenticationService: { getAuthorizationHeader: () => ({}) } } },
  );
  source.initialize({ params: {}, query: new URLSearchParams() });
  return source;
}

async function outcome(source, resource, argument) {
  try {
    return { rows: await source.query[resource].search(argument) };
  } catch (error) {
    if (error.status === undefined) throw error;
    return { status: error.status };
  }
}

async function main() {
  const { url, searches } = JSON.parse(readFileSync(0, "utf8"));
  const source = dataSource(url);
  const outcomes = [];
  for (const search of searches) outcomes.push(await outcome(source, ...search));
  process.stdout.write(JSON.stringify(outcomes));
}

main();
