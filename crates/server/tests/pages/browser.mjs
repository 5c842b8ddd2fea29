// Looks at the pages in a real browser. Says what is wrong on standard output and ends with 1.
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";

const { chromium } = createRequire(import.meta.url)(process.env.PILOTAGE_PLAYWRIGHT + "/playwright-core");
const base = process.env.PAGES_URL;
const token = process.env.PAGES_TOKEN;
const [, , task, ...rest] = process.argv;
const faults = [];

const browser = await chromium.launch({
  executablePath: process.env.PILOTAGE_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
});

function expect(condition, fault) {
  if (!condition) faults.push(fault);
}

function watch(page, allowed = []) {
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !allowed.some((part) => text.includes(part))) faults.push(`${page.url()}: ${text}`);
  });
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith("data:")) faults.push(`${page.url()} asks ${request.url()}`);
  });
}

async function logIn(page) {
  await page.goto(base + "/login");
  await page.fill("input[name=token]", token);
  await page.click("button.main");
  await page.waitForURL(base + "/");
}

async function session(width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  watch(page, ["404 (Not Found)"]);
  await logIn(page);
  return page;
}

// --- Every page at every width, in light and dark.

async function look(paths) {
  for (const width of [320, 1920]) {
    for (const scheme of ["light", "dark"]) {
      const page = await session(width, scheme);
      for (const path of ["/login", ...paths]) await lookAt(page, path, width);
      await page.context().close();
    }
  }
}

async function lookAt(page, path, width) {
  await page.goto(base + path);
  const found = await page.evaluate(() => {
    const root = document.documentElement;
    const luminance = (color) => {
      const [r, g, b] = color.match(/[\d.]+/g).map(Number).map((c) => ((c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
      for (let e = element; e; e = e.parentElement) {
        const color = getComputedStyle(e).backgroundColor;
        if (!/, 0\)$|transparent/.test(color)) return color;
      }
      return getComputedStyle(document.body).backgroundColor;
    };
    const dim = [];
    for (const element of document.querySelectorAll("body *")) {
      const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
      if (!own || element.closest(".visually-hidden, .skip") || !element.checkVisibility()) continue;
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((x, y) => y - x);
      if ((a + 0.05) / (b + 0.05) < 4.5) dim.push(`${element.tagName}.${element.className} ${element.textContent.slice(0, 20)}`);
    }
    const nameless = [...document.querySelectorAll("a, button, input:not([type=hidden]), select")].filter(
      (e) => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length),
    );
    return {
      overflow: root.scrollWidth - root.clientWidth,
      headings: document.querySelectorAll("h1").length,
      dim: dim.slice(0, 5),
      nameless: nameless.map((e) => e.outerHTML.slice(0, 80)),
    };
  });
  expect(found.overflow <= 0, `${path} is ${found.overflow} px wider than ${width} px`);
  expect(found.headings === 1, `${path} has ${found.headings} main headings`);
  expect(found.dim.length === 0, `${path} at ${width} px has text of low contrast: ${found.dim.join("; ")}`);
  expect(found.nameless.length === 0, `${path} has controls without a name: ${found.nameless}`);
}

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

// --- A picture, such as that of the README, of any server: PAGES_URL=... PAGES_TOKEN=... node browser.mjs screenshot FILE.

async function screenshot(file) {
  mkdirSync(dirname(file), { recursive: true });
  const page = await session(Number(process.env.PAGES_WIDTH ?? 1280), process.env.PAGES_SCHEME ?? "light");
  await page.goto(base + (process.env.PAGES_PATH ?? "/"));
  await page.waitForSelector('#live-state[data-state="live"]');
  await page.screenshot({ path: file, fullPage: true });
}

try {
  if (task === "look") await look(rest);
  if (task === "live") await live(rest[0]);
  if (task === "late") await late(rest[0]);
  if (task === "hidden") await hidden(rest[0]);
  if (task === "plots") await plots(rest);
  if (task === "keyboard") await keyboard(rest[0]);
  if (task === "screenshot") await screenshot(rest[0]);
} catch (error) {
  faults.push(String(error.stack));
}
await browser.close();
if (faults.length > 0) {
  console.log([...new Set(faults)].join("\n"));
  process.exit(1);
}
