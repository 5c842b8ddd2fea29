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

async function zoom(page, path) {
  const whole = await page.evaluate(() => document.querySelector("#plots canvas").toDataURL());
  const plot = page.locator("#plots .u-over").first();
  await plot.scrollIntoViewIfNeeded();
  const over = await plot.boundingBox();
  await page.mouse.move(over.x + over.width * 0.5, over.y + 60);
  await page.mouse.down();
  await page.mouse.move(over.x + over.width * 0.8, over.y + 60, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction((was) => document.querySelector("#plots canvas").toDataURL() !== was, whole);
  const updated = page.waitForResponse((answer) => answer.request().headers()["hx-request"] === "true");
  await page.evaluate(() => document.getElementById("live").dispatchEvent(new CustomEvent("refresh")));
  await updated;
  expect((await page.locator("#plots canvas").count()) === 2, `${path} loses its plots at a live update`);
  await page.mouse.dblclick(over.x + over.width * 0.5, over.y + 60);
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

await run({ live, late, hidden, plots: (...paths) => plots(paths), administration, keyboard });
