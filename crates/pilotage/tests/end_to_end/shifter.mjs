// A shift in a real browser, with the mouse or with keys alone: from the overview to the cause, to a silence, to a test pilot
// that runs. Says `repair` when the site is to be repaired and waits for an answer.
import { once } from "node:events";
import { base, browser, expect, run, session, watch } from "../../../server/tests/pages/session.mjs";

/** The most stops on the way to something: more than the longest of these pages has. */
const STOPS_MAX = 300;

const mouse = {
  begin: () => session(1280, "light"),
  press: (page, selector) => page.click(selector),
  fill: (page, selector, text) => page.fill(selector, text),
};

const keys = {
  begin: logInByKeys,
  press: async (page, selector) => {
    await tabTo(page, selector);
    await page.keyboard.press("Enter");
  },
  fill: async (page, selector, text) => {
    await tabTo(page, selector);
    await page.keyboard.type(text);
  },
};

async function shift(hand) {
  const page = await hand.begin();

  // The red label comes first, with the reason in words.
  await reloadUntil(page, () => /end(ed)? in fault/.test(document.querySelector("#troubles li")?.textContent ?? ""));
  await hand.press(page, "#troubles li a");
  await page.waitForURL("**/alarms/*");
  const alarm = new URL(page.url()).pathname;
  await page.waitForFunction(() => document.querySelector(".trouble")?.textContent.includes("cvmfs"));

  // A failed pilot, and the tail of its log.
  await hand.press(page, "#examples a");
  await page.waitForURL("**/pilots/*");
  await reloadUntil(page, () => [...document.querySelectorAll("pre.log")].some((log) => log.textContent.includes("cvmfs")));

  // Another page is open meanwhile; its navigation counts the alarm.
  const other = await page.context().newPage();
  watch(other);
  await other.goto(base + "/jobs");
  await other.waitForFunction(() => document.querySelector("#open-alarms .count")?.textContent.endsWith("1"));
  await other.waitForFunction(() => document.getElementById("live-state").dataset.state === "live");

  // Silence with a comment whose ticket is a link.
  await hand.press(page, '.nav a[href="/alarms"]');
  await page.waitForURL("**/alarms");
  await hand.press(page, `main a[href="${alarm}"]`);
  await page.waitForURL("**" + alarm);
  await hand.press(page, "#silence summary");
  await hand.fill(page, "#silence textarea", "repository is down, #4711");
  await hand.press(page, "#silence button.main");
  await page.waitForSelector('.caution a[href="https://tickets.example/4711"]');
  await other.waitForFunction(() => !document.querySelector("#open-alarms .count"));

  console.log("repair");
  await once(process.stdin, "data");

  // A test pilot, and its life on the page.
  await hand.press(page, 'dl.pairs a[href*="/labels/"]');
  await page.waitForURL("**/labels/*");
  await hand.press(page, "#test summary");
  await hand.press(page, "#test button.main");
  await seen(page, () => document.querySelector('section[aria-labelledby="h-tests"] tbody tr .state')?.textContent === "running");
}

/** Logs in, and finds that the first stop leads past the navigation and that all stops lead round. */
async function logInByKeys() {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  watch(page);
  await page.goto(base + "/login");
  await page.keyboard.type(process.env.PAGES_TOKEN);
  await page.keyboard.press("Enter");
  await page.waitForURL(base + "/");
  await tabTo(page, ".skip");
  await tabTo(page, ".brand");
  await tabTo(page, ".skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement.closest("main") !== null), "the skip link leads past nothing");
  return page;
}

/** Goes on from stop to stop, each of which can be seen, until this one. */
async function tabTo(page, selector) {
  await page.waitForSelector(selector);
  for (let stop = 0; stop < STOPS_MAX; stop++) {
    await page.keyboard.press("Tab");
    // A live update may move the page under the focus for a frame.
    await page.waitForFunction(isSeen, null, { timeout: 5000 }).catch(async () => {
      const name = await page.evaluate(() => document.activeElement.outerHTML.slice(0, 120));
      expect(false, `${page.url()}: nobody sees that the focus is on ${name}`);
    });
    if (await page.evaluate((selector) => document.activeElement === document.querySelector(selector), selector)) return;
  }
  throw new Error(`${page.url()}: keys do not lead to ${selector}`);
}

/** Whether the focus is in the window and outlined. Past the last stop it is nowhere. */
function isSeen() {
  const here = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(here);
  const { top, bottom, width } = here.getBoundingClientRect();
  const isOutlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  return here === document.body || (isOutlined && width > 0 && bottom > 0 && top < innerHeight);
}

async function seen(page, condition) {
  await page.waitForFunction(condition).catch(async (error) => {
    throw new Error(`${error.message} ${page.url()} shows: ${await page.textContent("main")}`);
  });
}

async function reloadUntil(page, condition) {
  const end = Date.now() + 60000;
  while (!(await page.evaluate(condition))) {
    if (Date.now() > end) throw new Error(`${page.url()} never shows what it should: ${await page.textContent("main")}`);
    await page.waitForTimeout(250);
    await page.reload();
  }
}

await run({ mouse: () => shift(mouse), keys: () => shift(keys) });
