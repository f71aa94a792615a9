// Every endpoint of `services/table.rs` through the SDK against the emulator: what it does, who may not, what is no
// parameter, what leads nowhere, and without a token. Rows are in `rows/`; what can be derived is (`endpoints.mjs`).
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "../lib/until.mjs";
import { CASES, ENDPOINTS, filled, isGated, isRefusedHere, leading, nowhere, WRONG } from "./endpoints.mjs";
import accounts from "./rows/accounts.mjs";
import contacts from "./rows/contacts.mjs";
import files from "./rows/files.mjs";
import groups from "./rows/groups.mjs";
import handed from "./rows/handed.mjs";
import own from "./rows/own.mjs";
import phones from "./rows/phones.mjs";
import { Cast, refusal, World } from "./stage.mjs";

/**
 * A row, all but `params` optional:
 * `as`: who calls, "owner" or else "nobody" where no token is needed; `setup(s)`: adds to the cast; `params(s)`; `check(answer, s)`:
 * reads back what the call did; `refused`: `{role: code}`, or a list of `{as, params, before, after, code or sees}`,
 * or "nobody" when strangers may as well; `unknown`: for each parameter that leads somewhere a code, or what the
 * answer has to be; `bad`: values that only the server can refuse, or `[value, code]`; `missing`: the emulator says 404.
 */
const ROWS = { ...accounts, ...contacts, ...files, ...groups, ...handed, ...own, ...phones };

const coverage = new Map(ENDPOINTS.map(({ name }) => [name, {}]));
const values = async (given, s) => (typeof given === "function" ? given(s) : (given ?? {}));

function print() {
  const wide = Math.max(...ENDPOINTS.map(({ name }) => name.length)) + 2;
  const line = (name, cells) => name.padEnd(wide) + cells.map((cell) => String(cell).padEnd(17)).join("");
  console.log(line("endpoint", CASES));
  for (const [name, cells] of coverage)
    console.log(
      line(
        name,
        CASES.map((one) => cells[one] ?? "-"),
      ),
    );
  const count = (word) => [...coverage.values()].flatMap(Object.values).filter((cell) => cell === word).length;
  const tested = coverage.size * CASES.length - count("n/a");
  console.log(
    `${coverage.size} endpoints, ${coverage.size * CASES.length} cells: ${tested} tested, ${count("n/a")} n/a`,
  );
}

describe("the HTTP API", () => {
  let world;
  let document;
  before(async () => {
    world = await World.open();
    document = await (await fetch(`${world.emulator.url}/admin/api/openapi`)).json();
  });
  after(() => world.close());

  test("every endpoint has a row, and every row an endpoint", () => {
    const callable = ENDPOINTS.filter((endpoint) => !isRefusedHere(endpoint)).map(({ name }) => name);
    assert.deepEqual(Object.keys(ROWS).sort(), callable.sort());
    assert.ok(ENDPOINTS.length > 150);
  });

  for (const endpoint of ENDPOINTS) {
    describe(endpoint.name, () => contract(endpoint, coverage.get(endpoint.name)));
  }

  test("every cell of the table is filled", () => {
    print();
    const empty = [...coverage].flatMap(([name, cells]) =>
      CASES.filter((one) => cells[one] === undefined).map((one) => `${name} ${one}`),
    );
    assert.deepEqual(empty, []);
  });

  function contract(endpoint, cells) {
    const row = ROWS[endpoint.name] ?? {};
    const { name } = endpoint;
    after(() => world.dismiss());

    /** Runs a case and notes it. */
    const run = (one, word, body) =>
      test(one, async () => {
        await body();
        cells[one] = word;
      });

    if (isRefusedHere(endpoint)) {
      for (const one of CASES) cells[one] = "n/a";
      return run("happy", "Unsupported", () =>
        assert.rejects(world.nobody.api(name, {}), { code: "Unsupported", domain: "argument" }),
      );
    }

    const usual = row.as ?? (endpoint.access === "user" ? "owner" : "nobody");
    async function stage() {
      const s = await Cast.of(world);
      if (endpoint.params.some(({ name }) => name === "group_id")) s.group = await s.newGroup();
      return Object.assign(s, await row.setup?.(s));
    }
    const call = (s, who, params) => (typeof who === "string" ? s[who] : who).api(name, params);

    const refused = refusals(row, usual);
    if (refused.length === 0) {
      assert.ok(!isGated(endpoint), `${name}: who may not?`);
      cells.refused = "n/a";
    } else {
      run("refused", row.refused === "nobody" ? "nobody" : "yes", async () => {
        for (const { as = usual, params, before, after, code, sees } of refused) {
          const s = await stage();
          await before?.(s);
          try {
            const asked = call(s, typeof as === "function" ? as(s) : as, {
              ...(await values(row.params, s)),
              ...(await values(params, s)),
            });
            if (code === undefined) await sees(await asked, s);
            else await refusal(`${name} as ${as}`, asked, code);
          } finally {
            await after?.(s);
          }
        }
      });
    }

    const unknown = row.unknown ?? {};
    assert.deepEqual(
      leading(endpoint).filter((param) => !(param in unknown)),
      [],
      `${name}: leads nowhere?`,
    );
    if (Object.keys(unknown).length === 0) cells.unknown = "n/a";
    else {
      run("unknown", "yes", async () => {
        for (const [param, expected] of Object.entries(unknown)) {
          const s = await stage();
          const value = nowhere(endpoint.params.find(({ name }) => name === param));
          const asked = call(s, usual, { ...(await values(row.params, s)), [param]: value });
          if (typeof expected === "function") await expected(await asked, s);
          else await refusal(`${name} ${param}`, asked, expected);
        }
      });
    }

    run("parameter", "yes", async () => {
      const s = await stage();
      const params = await values(row.params, s);
      const invalid = (given, param) =>
        assert.rejects(call(s, usual, given), ({ code, message }) => {
          assert.deepEqual([code, message.includes(`\`${param}\``)], ["ArgumentInvalid", true], `${param}: ${message}`);
          return true;
        });
      await invalid({ ...params, odd: 1 }, "odd");
      for (const { name, kind, required } of endpoint.params) {
        if (required && kind !== "key") await invalid({ ...params, [name]: undefined }, name);
        for (const value of WRONG[kind]) await invalid({ ...params, [name]: value }, name);
      }
      for (const [param, value] of serverSide(endpoint, row)) {
        const [given, code] = Array.isArray(value) ? value : [value, 10002];
        await refusal(`${name} ${param}`, call(s, usual, { ...params, [param]: given }), code);
      }
    });

    if (endpoint.access !== "user") cells.unauthenticated = "n/a";
    else {
      run("unauthenticated", "yes", async () => {
        const given = filled(endpoint);
        await assert.rejects(world.nobody.api(name, given), { code: "UserNotLogin" });
        // A token that has died, and nothing to get another one with.
        const { name: username, password, id } = await world.person();
        const { token } = await world.nobody.api("tokenUser", { name: username, password });
        const client = world.client();
        await client.login({ userId: id, token });
        // The last that a login asks for by itself.
        await until("the own card", () => client.roster.get(id));
        await world.emulator.faults({ match: { user: id }, action: "expire_token" });
        await assert.rejects(client.api(name, given), { code: "InvalidToken" });
        await client.close();
      });
    }

    run("happy", row.missing ? "404" : "yes", async () => {
      const s = await stage();
      const asked = call(s, usual, await values(row.params, s));
      if (row.missing) return assert.rejects(asked, { code: "Unsupported", domain: "http" });
      const answer = await asked;
      assert.ok(row.check, `${name}: what does it do?`);
      await row.check(answer, s);
    });
  }

  /** What the emulator's own document says of texts, and what the row says. */
  function* serverSide({ method, path, params }, { bad = {}, missing }) {
    yield* Object.entries(bad);
    const operation = document.paths[path]?.[method.toLowerCase()];
    if (missing || !operation) return;
    const schemas = {
      ...Object.fromEntries(operation.parameters.map(({ name, schema }) => [name, schema])),
      ...operation.requestBody?.content["application/json"].schema.properties,
    };
    for (const { name, required } of params) {
      const { minLength, maxLength, type } = schemas[name] ?? {};
      if (required && minLength === 1) yield [name, ""];
      if (type === "string" && maxLength) yield [name, "1".repeat(maxLength + 1)];
    }
  }
});

/** The forms of a row's `refused` as a list. */
function refusals({ refused = [] }, usual) {
  if (refused === "nobody") {
    assert.notEqual(usual, "stranger");
    return [{ as: "stranger", sees: () => {} }];
  }
  return Array.isArray(refused) ? refused : Object.entries(refused).map(([as, code]) => ({ as, code }));
}
