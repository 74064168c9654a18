// SPDX-License-Identifier: Apache-2.0
// What people do with the console's pages, in Chromium. Told on its input by `run`: address, one-time code, password.
import { createHmac } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const told = JSON.parse(readFileSync(0, "utf-8"));
const require = createRequire(join(told.web, "package.json"));
const { chromium } = require("playwright-core");
const axeText = readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");
const kFlags = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const kRules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const kWait = 20_000; // ms
const kTriageKeysMax = 25; // keys for ten violations

let failures = 0;
function check(what, holds, words = "") {
  if (!holds) failures += 1;
  if (!holds || told.verbose) console.log(`${holds ? "ok  " : "FAIL"} ${what}${!holds && words ? `: ${words}` : ""}`);
}
async function until(what, holds) {
  const end = Date.now() + kWait;
  let last;
  while (!(last = await holds())) {
    if (Date.now() > end) return check(what, false, "waited too long");
    await new Promise((go) => setTimeout(go, 50));
  }
  check(what, true);
  return last;
}

function totp(secret) {
  const bits = [...secret].map((one) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(step).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const browser = await chromium.launchPersistentContext(told.profile, {
  executablePath: "/usr/bin/chromium",
  args: kFlags,
  ignoreHTTPSErrors: true, // the appliance's own certificate
  viewport: { width: 1280, height: 800 },
  locale: "en-GB",
});
const page = browser.pages()[0] ?? (await browser.newPage());
page.setDefaultTimeout(kWait);

// Everything that the content security policy keeps out, on every page from its first line on.
const kept = [];
await page.exposeFunction("tellKept", (what) => kept.push(what));
await page.addInitScript(() =>
  document.addEventListener("securitypolicyviolation", (event) =>
    window.tellKept(`${location.pathname}: ${event.effectiveDirective} ${event.blockedURI} ${event.sample}`),
  ),
);
const thrown = [];
page.on("pageerror", (error) => thrown.push(error.message));

const heading = (name) => page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
const button = (name) => page.getByRole("button", { name, exact: true });
const type = (label, text) => page.getByLabel(label).first().fill(text);
const state = (id) => browser.request.get(`${told.base}/api/v1/violations/${id}`).then((answer) => answer.json());
const rows = () => page.locator("[data-violation]");

async function secondStep() {
  const secret = await page.locator("[data-secret]").getAttribute("data-secret");
  await type("Code", totp(secret));
  await button("Verify").click();
}

async function signIn(name) {
  await page.goto(`${told.base}/`);
  await heading("Sign in");
  await type("Name", name);
  await type("Password", told.password);
  await button("Sign in").click();
  await heading("Second step");
  await secondStep();
  await heading("Overview");
}

async function signOut() {
  await page.locator("header button", { hasText: /^(ada|olga|theo)$/ }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await heading("Sign in");
}

async function accessible(where) {
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => Promise.race([one.finished, new Promise((go) => setTimeout(go, 2000))]))));
  await page.evaluate(axeText);
  const found = await page.evaluate(
    async (rules) =>
      (await window.axe.run(document, { resultTypes: ["violations"], runOnly: rules })).violations.map(
        (one) => `${one.id}: ${one.nodes.slice(0, 2).map((node) => `${node.target.join(" ")} (${node.any[0]?.message ?? ""})`).join("; ")}`,
      ),
    kRules,
  );
  check(`${where}: axe finds nothing`, found.length === 0, found.join("\n     "));
}

/** A page in light and dark, and at 320 and 360 px. `ready`: what has to be there before it is looked at. */
async function look(name, path, ready = "table") {
  await page.goto(told.base + path);
  await page.locator(ready).first().waitFor();
  await lookHere(name);
}
async function lookHere(name) {
  await page.locator("[aria-busy=true]").first().waitFor({ state: "detached" });
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await accessible(`${name}, ${colorScheme}`);
    if (told.shots) await page.screenshot({ path: join(told.shots, `${name}-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: "light" });
  for (const width of [320, 360]) {
    await page.setViewportSize({ width, height: 800 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    check(`${name} fits ${width} px`, wide <= width, `${wide} px`);
  }
  if (told.shots && name === "violations") await page.screenshot({ path: join(told.shots, "violations-360px.png") });
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function firstStart() {
  await page.goto(`${told.base}/`);
  await heading("First start");
  await accessible("first start");
  if (told.shots) await page.screenshot({ path: join(told.shots, "first-start-light.png") });
  await type("One-time code", "aaaa-aaaa-aaaa-aaaa");
  await type("Name", "ada");
  await type("Password", told.password);
  await button("Make the account").click();
  await page.getByText("This one-time code is not right").waitFor();
  check("a wrong one-time code is refused in words", true);
  await type("One-time code", told.code);
  await button("Make the account").click();
  await heading("Second step");
  await secondStep();
  await heading("Overview");
  check("the first account is in", true);
}

async function administrator() {
  for (const [name, role] of [["olga", "senior-officer"], ["theo", "technician"]]) {
    await page.goto(`${told.base}/accounts`);
    await button("New account").click();
    await page.locator("#account-name").fill(name);
    await page.locator("#account-role").selectOption(role);
    await page.locator("#account-password").fill(told.password);
    await button("Make the account").click();
    await page.locator("td", { hasText: new RegExp(`^${name}$`) }).waitFor();
  }
  await look("accounts", "/accounts");
  await look("account", "/account");
  await button("New token").click();
  await type("What it is for", "nightly");
  await page.getByLabel("overview", { exact: true }).check();
  await accessible("a new token");
  await button("Make the token").click();
  const token = await page.getByLabel("The token").last().inputValue();
  check("a token is shown", token.startsWith("weir-"), token.slice(0, 10));
  await button("I have kept it").click();
  await page.locator("td", { hasText: /^nightly$/ }).waitFor();
  await look("audit", "/audit");
  await page.goto(`${told.base}/violations`);
  await page.locator("[data-state=forbidden]").waitFor();
  check("an administrator is told that the queue is not theirs", true);
}

async function officerLooks() {
  await look("overview", "/overview", ".chart canvas");
  await look("violations", "/violations", "[data-violation]");
  await look("flows", "/flows", "[data-flow]");
  await look("clients", "/clients");
  await look("software", "/software");
  await look("system", "/system");
  await page.goto(`${told.base}/violations?q=nothing.like.this`);
  await page.locator("[data-state=none]").waitFor();
  await page.goto(`${told.base}/violations?q=stat:new`);
  await page.getByText("There is no key “stat”").waitFor();
  check("a filter that finds nothing, and one that cannot be understood, say so", true);
}

/** Ten violations by keys alone, then all of it taken back. */
async function officerTriages() {
  await page.goto(`${told.base}/violations?q=severity:high,critical`);
  await rows().nth(9).waitFor();
  const ids = (await rows().evaluateAll((all) => all.map((row) => Number(row.dataset.violation)))).slice(0, 10);
  let keys = 0;
  const press = async (key) => {
    keys += 1;
    await page.keyboard.press(key);
  };
  for (let one = 0; one < 10; one += 1) {
    await press("x");
    if (one < 9) await press("j");
  }
  await page.getByText("10 selected").waitFor();
  await press("e");
  await page.getByText(/^10 violations ·/).waitFor();
  await press("Enter");
  await page.getByText("10 violations decided").waitFor();
  check(`ten violations take ${keys} keys`, keys <= kTriageKeysMax);
  check("they are decided on the appliance", (await Promise.all(ids.map(state))).every((one) => one.state === "confirmed"));
  await page.keyboard.press("u");
  await until("and taken back by u", async () => (await Promise.all(ids.map(state))).every((one) => one.state === "new"));
  await page.keyboard.press("a");
  await until("a assigns the row at the keys", async () =>
    (await Promise.all(ids.map(state))).some((one) => one.assignee === "olga"));
  await page.keyboard.press("?");
  await page.getByText("Select all, or none").waitFor();
  await accessible("keys");
  await page.keyboard.press("Escape");
}

async function officerOpens() {
  await page.goto(`${told.base}/violations`);
  await rows().first().waitFor();
  const id = Number(await rows().first().getAttribute("data-violation"));
  await page.keyboard.press("Enter");
  await page.locator(`[data-panel="${id}"] .story p`).first().waitFor();
  check("a violation opens by Enter, with its story", true);
  const kNote = '<img src=x onerror="document.title=1"> & "quotes"';
  await page.locator("#note").fill(kNote);
  await button("Keep note").click();
  await page.locator(".history blockquote", { hasText: "onerror" }).waitFor();
  check("a note is text, whatever it says", (await page.locator(".history blockquote").last().innerText()) === kNote);
  await look("violation", `/violations?open=${id}`, ".story p");
  await button("Reveal…").click();
  await page.locator("#reveal-reason").fill("asked for by the works council");
  await button("Show who it is").click();
  const who = await page.locator("[data-revealed]").getAttribute("data-revealed");
  check("who it is is told for a reason", /10\.9\.0\.\d/.test(who ?? ""), who);
  await button("Close").last().click();
  await page.locator(`[data-panel="${id}"] .plain a`).first().click();
  await page.locator("[data-explained] .path li").first().waitFor();
  check("its flow is explained rule by rule", true);
  await look("flow", page.url().slice(told.base.length), "[data-explained] .path li");
}

/** A dialog as it is, in light and dark, and at 320 px. */
async function lookAtDialog(name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await accessible(`${name}, ${colorScheme}`);
    if (told.shots) await page.screenshot({ path: join(told.shots, `${name}-${colorScheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 320, height: 800 });
  const wide = await page.locator("[role=dialog]").evaluate((one) => [one.scrollWidth, one.clientWidth]);
  check(`${name} fits 320 px`, wide[0] <= wide[1] && wide[1] <= 320, wide.join(" of "));
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** One decision about all that a filter matches, taken back as one. */
async function officerDecidesAll() {
  const all = () => browser.request.get(`${told.base}/api/v1/violations/matching?rule=no-games`).then((one) => one.json());
  const before = await all();
  await page.goto(`${told.base}/violations?q=rule:no-games`);
  await button("Decide all that match…").click();
  const shown = Number(await page.locator("[data-matching]").getAttribute("data-matching"));
  check("a decision about all says how many they are", shown === before.violations.length && shown > 10, `${shown}`);
  await lookAtDialog("violations-matching");
  await page.getByRole("radio", { name: "False positive" }).check();
  await button(`Decide ${shown} violations`).click();
  await page.getByText(`${shown} violations decided`).waitFor();
  check("all of them are decided", (await all()).violations.every((one) => one.state === "false_positive"));
  await button("Undo").click();
  const states = (found) => found.violations.map((one) => `${one.id} ${one.state}`).sort().join();
  await until("and taken back as they were", async () => states(await all()) === states(before));
}

async function officerExcepts() {
  const { violations } = await (await browser.request.get(`${told.base}/api/v1/violations?rule=no-games`)).json();
  const { id, subject } = violations[0];
  await page.goto(`${told.base}/violations?open=${id}`);
  await button("Make an exception…").click();
  await page.locator("#exception-domain").fill("");
  await page.locator("#exception-reason").fill("case 4711");
  await button("Show what it will match").click();
  await page.locator("[data-trial] [data-change='no longer blocked']").waitFor();
  check("an exception shows beforehand what it lets pass", Number(await page.locator("[data-trial]").getAttribute("data-trial")) > 0);
  await lookAtDialog("exception-new");
  await button("Make the exception").click();
  await page.locator("[role=dialog]").waitFor({ state: "detached" });
  await until("the violation names it", async () => (await state(id)).exception === `violation-${id}`);
  const { exceptions } = await (await browser.request.get(`${told.base}/api/v1/exceptions`)).json();
  check("and it is for its subject, who is not named", exceptions[0]?.for === `client ${subject}`, JSON.stringify(exceptions[0]));
  await look("exceptions", "/exceptions", "[data-exception]");
  await button(`Remove violation-${id}`).click();
  await page.locator("#exception-remove-reason").fill("the case is closed");
  await page.locator("[role=dialog] button[type=submit]").click();
  await page.locator(`[data-exception="violation-${id}"]`, { hasText: "Removed" }).waitFor();
  check("removed it stays in the list, with who and why", (await page.getByText("the case is closed").count()) > 0);
}

async function officerExports() {
  await page.goto(`${told.base}/violations`);
  const id = Number(await rows().first().getAttribute("data-violation"));
  await page.goto(`${told.base}/violations?open=${id}`);
  await button("Export evidence…").click();
  await lookAtDialog("violation-export");
  await page.locator("#export-reason").fill("asked for by the court");
  const [download] = await Promise.all([page.waitForEvent("download"), button("Export").click()]);
  const bytes = readFileSync(await download.path());
  check("a bundle is with the downloads", download.suggestedFilename() === `violation-${id}.tar` && bytes.includes("manifest.sig"), `${bytes.length}`);
  await page.locator("[data-exported] li").first().waitFor();
  check("and what is not in it is said", true);
  await button("Close").last().click();
}

async function officerReports() {
  await page.goto(`${told.base}/reports`);
  await page.locator("#report-kind").selectOption("daily");
  await page.locator("#report-from").fill(new Date(Date.now() - 3_600_000).toISOString().slice(0, 10));
  await button("Make").click();
  await page.locator("[data-report] tbody tr").first().waitFor();
  await lookHere("reports");
  const [pdf] = await Promise.all([page.waitForEvent("download"), button("Download as PDF").click()]);
  check("a report is downloaded as PDF", readFileSync(await pdf.path()).subarray(0, 5).toString() === "%PDF-", pdf.suggestedFilename());
  const [table] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: / as CSV$/ }).first().click()]);
  check("and a table of it as CSV", table.suggestedFilename().endsWith(".csv") && readFileSync(await table.path(), "utf-8").includes(","), table.suggestedFilename());
}

async function technicianEdits() {
  const editor = page.locator("[data-editor=policy] .cm-content");
  await look("policy", "/policy", "[data-check=ok]");
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("  - {rule: no-new, match: {domian: mail.example}, then: block}\n");
  await page.locator("[data-check=bad]").waitFor();
  check("a mistake is marked in its place", (await page.locator("[data-editor=policy] .cm-lintRange-error").count()) > 0);
  check("and cannot be committed", await button("Commit…").isDisabled());
  await accessible("policy with a mistake");
  if (told.shots) await page.screenshot({ path: join(told.shots, "policy-mistake-light.png") });
  await page.locator("[data-mistakes=errors] button").first().click();
  for (let one = 0; one < "domian".length; one += 1) await page.keyboard.press("Delete");
  await page.keyboard.type("domain");
  await page.locator("[data-check=ok]").waitFor();
  check("the list of mistakes leads to the place, where it is mended", true);
  await button("Compare").click();
  await page.locator("td", { hasText: "no-new" }).first().waitFor();
  await page.locator("[data-editor=compare] .cm-content").first().waitFor();
  await accessible("differences");
  if (told.shots) await page.screenshot({ path: join(told.shots, "policy-differences-light.png") });
  await button("What-if").click();
  await button("Find out").click();
  await page.locator("[data-job=done]").waitFor();
  check("what-if has judged the flows that were recorded", Number(await page.locator("[data-whatif]").getAttribute("data-whatif")) > 0);
  await lookHere("policy-whatif");
  await button("Commit…").click();
  await page.locator("#commit-message").fill("no new.example any more");
  await button("Commit").click();
  await page.locator("[data-pending] .countdown").waitFor();
  check("nobody else is said to have changed it", (await page.getByText("Meanwhile somebody").count()) === 0);
  await accessible("policy on trial");
  if (told.shots) await page.screenshot({ path: join(told.shots, "policy-trial-light.png") });
  await button("Confirm: keep it").click();
  await page.locator("[data-pending]").waitFor({ state: "detached" });
  const now = await (await browser.request.get(`${told.base}/api/v1/policy`)).json();
  check("the policy is in force and confirmed", now.text.includes("no-new") && now.pending === null, JSON.stringify(now.pending));
  await look("policy-history", "/policy?tab=history", "[data-revision]");
  await button("Roll back…").first().click();
  await page.locator("#rollback-reason").fill("not agreed");
  await page.locator("[role=dialog] button[type=submit]").click();
  await until("three actions roll back", async () =>
    !(await (await browser.request.get(`${told.base}/api/v1/policy`)).json()).text.includes("no-new"));
}

async function french() {
  await page.locator("header button", { hasText: "theo" }).click();
  await page.getByRole("menuitem", { name: "Français" }).click();
  await page.goto(`${told.base}/system`);
  await heading("Système");
  check("the pages speak French", (await page.locator("html").getAttribute("lang")) === "fr");
}

/** Makes sure that what is kept out would have been seen. */
async function control() {
  check("the content security policy kept nothing out", kept.length === 0, [...new Set(kept)].slice(0, 5).join("\n     "));
  await page.evaluate(() => document.head.append(document.createElement("style")));
  await page.evaluate(() => {
    document.querySelector("head > style").textContent = "h1 { color: red }";
  });
  await until("while it does keep out a style of its own", async () => kept.length > 0);
  check("no script failed", thrown.length === 0, thrown.slice(0, 3).join("\n     "));
}

const kSteps = [
  firstStart, administrator, signOut, () => signIn("olga"), officerLooks, officerTriages, officerOpens,
  officerDecidesAll, officerExcepts, officerExports, officerReports, signOut,
  () => signIn("theo"), technicianEdits, french, control,
];
if (told.shots) mkdirSync(told.shots, { recursive: true });
try {
  for (const one of kSteps) {
    const begun = Date.now();
    await one();
    if (told.verbose) console.log(`     ${one.name || "sign in"}: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  }
} catch (error) {
  check(`at ${page.url()}`, false, `${error.message.slice(0, 600)}\n${(error.stack ?? "").split("\n").filter((line) => line.includes("drive.mjs")).slice(0, 2).join("\n")}`);
  await page.screenshot({ path: "/tmp/weir-pages-failed.png" }).catch(() => undefined);
}
await browser.close();
process.exit(failures === 0 ? 0 : 1);
