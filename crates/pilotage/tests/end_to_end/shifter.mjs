// A shift in a real browser: from the overview to the cause, to a silence, to a test pilot that runs. Says `repair` when the
// site is to be repaired and waits for an answer; what it does not see it says on standard error.
import { createRequire } from "node:module";
import { once } from "node:events";

const { chromium } = createRequire(import.meta.url)(process.env.PILOTAGE_PLAYWRIGHT + "/playwright-core");
const base = process.env.PAGES_URL;
const browser = await chromium.launch({
  executablePath: process.env.PILOTAGE_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
page.setDefaultTimeout(30000);

await page.goto(base + "/login");
await page.fill("input[name=token]", process.env.PAGES_TOKEN);
await page.click("button.main");
await page.waitForURL(base + "/");

// The red label comes first, with the reason in words.
await reloadUntil(() => /end(ed)? in fault/.test(document.querySelector("#troubles li")?.textContent ?? ""));
await page.click("#troubles li a");
await page.waitForURL("**/alarms/*");
const alarm = page.url();
await page.waitForFunction(() => document.querySelector(".trouble")?.textContent.includes("cvmfs"));

// A failed pilot, and the tail of its log.
await page.click("#examples a");
await page.waitForURL("**/pilots/*");
await reloadUntil(() => [...document.querySelectorAll("pre.log")].some((log) => log.textContent.includes("cvmfs")));

// Another page is open meanwhile; its navigation counts the alarm.
const other = await page.context().newPage();
await other.goto(base + "/jobs");
await other.waitForFunction(() => document.querySelector("#open-alarms .count")?.textContent.endsWith("1"));
await other.waitForFunction(() => document.getElementById("live-state").dataset.state === "live");

// Silence with a comment whose ticket is a link.
await page.goto(alarm);
await page.click("#silence summary");
await page.fill("#silence textarea", "repository is down, #4711");
await page.click("#silence button.main");
await page.waitForSelector('.caution a[href="https://tickets.example/4711"]');

await other.waitForFunction(() => !document.querySelector("#open-alarms .count"));

console.log("repair");
await once(process.stdin, "data");

// A test pilot, and its life on the page.
await page.click('dl.pairs a[href*="/labels/"]');
await page.waitForURL("**/labels/*");
await page.click("#test summary");
await page.click("#test button.main");
await seen(() => document.querySelector('section[aria-labelledby="h-tests"] tbody tr .state')?.textContent === "running");
await browser.close();

async function seen(condition) {
  await page.waitForFunction(condition).catch(async (error) => {
    throw new Error(`${error.message} ${page.url()} shows: ${await page.textContent("main")}`);
  });
}

async function reloadUntil(condition) {
  const end = Date.now() + 60000;
  while (!(await page.evaluate(condition))) {
    if (Date.now() > end) throw new Error(`${page.url()} never shows what it should: ${await page.textContent("main")}`);
    await page.waitForTimeout(250);
    await page.reload();
  }
}
