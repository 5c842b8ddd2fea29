// Uses the pages in a real browser, as the task that is asked for says.
import { base, browser, expect, faults, run, session, watch } from "./session.mjs";

const token = process.env.PAGES_TOKEN;

// --- Live: a log line and a change of state within a second.

async function live(job) {
  const page = await session(1280, "light");
  await page.goto(`${base}/jobs/${job}`);
  await page.waitForSelector('#live-state[data-state="live"]');
  await page.waitForFunction(() => document.getElementById("log-note").textContent === "following");
  await page.evaluate(() => { window.sameDocument = true; });
  await seen("write", page, () => document.querySelector("pre.log").textContent.includes("a line <b>now</b>"));
  expect((await page.locator("pre.log b").count()) === 0, "the log was read as markup");
  await page.click("#kill summary");
  await page.keyboard.press("Escape");
  expect(!(await page.locator("#kill").evaluate((box) => box.open)), "Escape leaves the confirmation open");
  await seen("finish", page, () => document.querySelector("h1 .state").textContent === "finished");
  expect(await page.evaluate(() => window.sameDocument), "the page was loaded again");
  expect((await page.locator("pre.log").textContent()).includes("a line <b>now</b>"), "the live update lost the log");
  await ages(page);
}

/** The age of the numbers is counted on, and is what the server says of them. */
async function ages(page) {
  const age = () => page.locator("#counted time").textContent();
  expect(/^(now|\d+ s ago)$/.test(await age()), `the numbers are said to be of ${await age()}`);
  await page.route(page.url(), async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, headers: { "content-type": "text/html", age: "700" } });
  });
  await page.evaluate(() => document.getElementById("live").dispatchEvent(new CustomEvent("refresh")));
  await page.waitForFunction(() => document.querySelector("#counted time").textContent === "11 min ago");
}

// --- A change between the writing of the page and its first connection is seen all the same.

async function late(job) {
  const page = await session(1280, "light");
  let connect;
  const changed = new Promise((go) => { connect = go; });
  await page.route("**/events?*", async (route) => {
    await changed;
    await route.continue();
  });
  await page.goto(`${base}/jobs/${job}`);
  console.log("finish");
  await page.waitForFunction(isFinished, job, { timeout: 10000 });
  connect();
  await page.waitForFunction(() => document.querySelector("h1 .state").textContent === "finished", null, { timeout: 10000 });
}

// --- A page that nobody sees holds no connection, and catches up when it is seen again.

async function hidden(job) {
  const page = await session(1280, "light");
  await page.goto(`${base}/jobs/${job}`);
  await page.waitForSelector('#live-state[data-state="live"]');
  await page.waitForFunction(() => document.getElementById("log-note").textContent === "following");
  const cut = page.waitForEvent("requestfailed", (request) => request.url().includes("/logs/stdout"));
  await show(page, false);
  await cut;
  let asked = 0;
  page.on("request", (request) => { asked += /\/events|\/logs\//.test(request.url()) ? 1 : 0; });
  console.log("hidden");
  await page.waitForFunction(isFinished, job, { timeout: 20000, polling: 100 });
  expect(asked === 0, `a hidden page asked ${asked} times`);
  await show(page, true);
  await page.waitForFunction(() => document.querySelector("h1 .state").textContent === "finished", null, { timeout: 10000 });
  await page.waitForFunction(() => document.querySelector("pre.log").textContent.includes("a line <b>now</b>"), null, { timeout: 10000 });
}

const isFinished = async (id) => (await (await fetch(`/pilotage/v1/jobs/${id}`)).json()).state === "finished";

const show = (page, visible) =>
  page.evaluate((hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event("visibilitychange"));
  }, !visible);

async function seen(signal, page, condition) {
  console.log(signal);
  const began = Date.now();
  await page.waitForFunction(condition, null, { timeout: 10000, polling: 20 });
  const took = Date.now() - began;
  expect(took <= 1000, `'${signal}' was seen after ${took} ms`);
}

// --- Plots: drawn in the colours of light and dark, zoomed by dragging, kept over a live update.

async function plots(paths) {
  for (const scheme of ["light", "dark"]) {
    const page = await session(1280, scheme);
    for (const path of paths) {
      await page.goto(base + path);
      await page.waitForFunction(() => document.querySelectorAll("#plots canvas").length === 2);
      const inks = await page.evaluate(inked);
      expect(inks.every((colours) => colours >= 3), `${path} in ${scheme} draws plots of ${inks} colours`);
      const cut = await page.evaluate(() => [...document.querySelectorAll("#plots figure")].map((figure) => figure.scrollWidth - figure.clientWidth));
      expect(cut.every((over) => over <= 0), `${path} cuts ${cut} px off its plots`);
      expect(await page.evaluate(rises), `${path} in ${scheme} draws nothing of the pilots that run now`);
      expect((await page.locator(".plot-words").textContent()).includes("submitted"), `${path} has no words for its plots`);
      await zoom(page, path);
    }
    await page.context().close();
  }
  const page = await session(1280, "light");
  await page.route("**/pilots/history?*", (route) => route.abort());
  await page.goto(base + paths[0]).catch(() => {});
  await page.waitForFunction(() => document.querySelector(".plot-note")?.textContent.includes("trying again"));
  faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes("ERR_FAILED")));
}

/** How many colours cover something of each canvas. */
function inked() {
  return [...document.querySelectorAll("#plots canvas")].map((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const seen = new Set();
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    return seen.size;
  });
}

/** The line of pilots on nodes leaves the ground: also a pilot of the last span is seen. */
function rises() {
  const canvas = document.querySelector("#plots canvas");
  const brush = document.createElement("canvas").getContext("2d");
  brush.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--running-fill");
  brush.fillRect(0, 0, 1, 1);
  const wanted = brush.getImageData(0, 0, 1, 1).data;
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const rows = new Set();
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 150 && [0, 1, 2].every((c) => Math.abs(data[i + c] - wanted[c]) < 30)) rows.add(Math.floor(i / 4 / width));
  }
  return Math.max(...rows) - Math.min(...rows) > 8;
}

/** A part that is dragged over is in the address, is told by shorter spans, stays over updates, and leads back. */
async function zoom(page, path) {
  const before = page.url();
  const whole = await page.evaluate(() => document.querySelector("#plots canvas").toDataURL());
  const finer = page.waitForResponse((answer) => /pilots\/history\?.*from=/.test(answer.url()));
  await drag(page, 0.5, 0.8);
  await page.waitForURL(/[?&]from=[^&]+&until=/);
  const zoomed = page.url();
  const { history } = await (await finer).json();
  const shown = (await page.locator(".plot-words").first().textContent()).startsWith("From ");
  if (!shown) await page.waitForFunction(() => document.querySelector(".plot-words").textContent.startsWith("From "));
  await page.waitForFunction((was) => document.querySelector("#plots canvas")?.toDataURL() !== was, whole);
  const [from, until] = ["from", "until"].map((key) => Date.parse(new URL(zoomed).searchParams.get(key)) / 1000);
  const { start, span_s } = history;
  expect(start[0] <= from && start[0] > from - span_s && start.at(-1) <= until, `${path} shows ${start[0]} to ${start.at(-1)}, not ${from} to ${until}`);
  await update(page);
  expect(page.url() === zoomed && (await page.locator(".plot-words").first().textContent()).startsWith("From "), `${path} forgets its zoom at a live update`);
  expect((await page.locator("#plots canvas").count()) === 2, `${path} loses its plots at a live update`);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll("#plots canvas").length === 2);
  expect((await page.locator(".plot-words").first().textContent()).startsWith("From "), `${path} forgets its zoom when it is loaded again`);
  await page.goBack();
  await page.waitForFunction(() => document.querySelector(".plot-words").textContent.startsWith("In the last"));
  expect(page.url() === before, `${path}: back leads to ${page.url()}`);
  await page.goForward();
  await page.waitForFunction(() => document.querySelector(".plot-words").textContent.startsWith("From "));
  await page.locator("#plots .u-over").first().dblclick({ position: { x: 90, y: 60 } });
  await page.waitForFunction(() => document.querySelector(".plot-words").textContent.startsWith("In the last"));
  expect(page.url() === before, `${path}: a double click leads to ${page.url()}`);
}

async function drag(page, from, to) {
  const plot = page.locator("#plots .u-over").first();
  await plot.scrollIntoViewIfNeeded();
  const over = await plot.boundingBox();
  await page.mouse.move(over.x + over.width * from, over.y + 60);
  await page.mouse.down();
  await page.mouse.move(over.x + over.width * to, over.y + 60, { steps: 4 });
  await page.mouse.up();
}

async function update(page) {
  const updated = page.waitForResponse((answer) => answer.request().headers()["hx-request"] === "true");
  await page.evaluate(() => document.getElementById("live").dispatchEvent(new CustomEvent("refresh")));
  await updated;
  await page.waitForFunction(() => !document.querySelector(".htmx-request, .htmx-settling"));
}

// --- Plots beside each other: chosen in the form, by keys where it is quicker; named, dashed, in the address, kept.

async function compare(path, other) {
  for (const [width, scheme] of [[1280, "light"], [320, "dark"]]) {
    const page = await session(width, scheme);
    await page.goto(base + path);
    await page.waitForFunction(() => document.querySelectorAll("#plots canvas").length === 2);
    const alone = await page.evaluate(inked);
    await page.selectOption("#compare select", { label: "a week earlier" });
    await page.fill("#compare input[name=with]", other.slice(0, 3));
    await page.waitForFunction((name) => [...document.querySelectorAll("#others option")].some((option) => option.value.endsWith(name)), other);
    await page.fill("#compare input[name=with]", other);
    await page.keyboard.press("Enter");
    await page.waitForURL(/before=week&with=/);
    const asked = page.url();
    await page.waitForFunction(() => document.querySelectorAll("#plots .u-legend .u-label").length === 6 + 9 + 2);
    const legend = await page.locator("#plots .u-label").allTextContents();
    for (const label of ["On nodes, a week earlier", `Done, ${other}`]) expect(legend.includes(label), `${asked} has no line ${label}: ${legend}`);
    const words = await page.locator(".plot-words").allTextContents();
    expect(words.some((line) => line.startsWith("A week earlier: ")) && words.some((line) => line.startsWith(`${other} in the same time: `)), `${asked} says ${words}`);
    const inks = await page.evaluate(inked);
    expect(inks.every((colours, i) => colours >= alone[i]), `${asked} draws plots of ${inks} colours, ${alone} before`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(over <= 0, `${asked} is ${over} px wider than ${width} px`);
    await drag(page, 0.3, 0.7);
    await page.waitForURL(/from=/);
    await page.waitForFunction(() => document.querySelector(".plot-words").textContent.startsWith("From "));
    expect(page.url().includes("before=week&with="), `${page.url()} forgets what lies beside`);
    await page.selectOption("#compare select", { label: "a day earlier" });
    await page.click("#compare button");
    await page.waitForURL(/before=day&with=.*from=/);
    await page.click("text=Compare no more");
    await page.waitForURL((url) => url.search.includes("from=") && !/before|with/.test(url.search));
    await page.goto(`${base}${path}?with=nowhere-at-all`);
    expect((await page.locator('.plot-words[role="alert"]').textContent()).includes("nowhere-at-all"), "an unknown name is not told");
    await page.context().close();
  }
}

// --- Administration: a silence is ended without scripts, a token is revoked on a telephone.

async function administration(token) {
  const plain = await session(1280, "light", { javaScriptEnabled: false });
  await plain.goto(base + "/admin");
  await plain.click('button[aria-label="End silence 1"]');
  await plain.waitForURL(base + "/admin#silences");
  expect((await plain.locator('button[aria-label^="End silence"]').count()) === 0, "the silence is still in force");
  const page = await session(360, "dark");
  await page.goto(base + "/admin");
  const revoke = page.locator(`#revoke-${token}`);
  await revoke.locator("summary").click();
  const { x, width } = await revoke.locator("form").boundingBox();
  expect(x >= 0 && x + width <= 360, `the question is ${width} px wide at ${x}`);
  await page.keyboard.press("Escape");
  expect(!(await revoke.evaluate((box) => box.open)), "Escape leaves the question open");
  await revoke.locator("summary").click();
  await revoke.locator("button.danger").click();
  await page.waitForURL(base + "/admin#tokens");
  expect((await revoke.count()) === 0, "the token is still there");
}

// --- The keyboard alone.

async function keyboard(job) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  watch(page);
  await page.goto(base + "/jobs");
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
  await page.waitForURL(base + "/jobs");
  await page.keyboard.press("Tab");
  expect((await focused(page)) === "Skip to content", "the first stop is not the skip link");
  await page.keyboard.press("/");
  await page.keyboard.type(job);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${base}/jobs/${job}`);
  await tabTo(page, "Kill…");
  await page.keyboard.press("Enter");
  await tabTo(page, `Kill job ${job}`);
  expect(await outlined(page), "the focus cannot be seen");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("h1 .state").textContent === "cancelled");
}

const focused = (page) => page.evaluate(() => document.activeElement.textContent.trim());
const outlined = (page) => page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none");

async function tabTo(page, text) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    if ((await focused(page)) === text) return;
  }
  faults.push(`the keyboard does not reach '${text}'`);
}

await run({ live, late, hidden, plots: (...paths) => plots(paths), compare, administration, keyboard });
