// Looks at the overview in a real browser while reporters begin to report. Says `looking`, then `seen` when all factories that
// are named as arguments have come without a reload, marked as reported when they are.
import { createRequire } from "node:module";

const { chromium } = createRequire(import.meta.url)(process.env.PILOTAGE_PLAYWRIGHT + "/playwright-core");
const base = process.env.PAGES_URL;
const browser = await chromium.launch({
  executablePath: process.env.PILOTAGE_CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
});
const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
page.setDefaultTimeout(60000);
const faults = [];
page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
page.on("pageerror", (error) => faults.push(String(error)));

await page.goto(base + "/login");
await page.fill("input[name=token]", process.env.PAGES_TOKEN);
await page.click("button.main");
await page.waitForURL(base + "/");
await page.waitForSelector('#live-state[data-state="live"]');
await page.evaluate(() => { window.sameDocument = true; });
console.log("looking");

const names = process.argv.slice(2);
await page.waitForFunction((names) => {
  const rows = [...document.querySelectorAll('[aria-labelledby="h-factories"] tbody tr')].map((row) => row.cells[0].textContent.trim());
  return names.every((name) => rows.includes(`${name} reported`)) && rows.some((row) => !row.endsWith("reported"));
}, names);
if (!(await page.evaluate(() => window.sameDocument))) faults.push("the overview was loaded again");

// From each factory to a pilot of it, by the links of the pages.
for (const name of names) {
  await page.goto(base + "/");
  await page.click(`[aria-labelledby="h-factories"] a:text-is("${name}")`);
  await page.waitForSelector("h1 .tag:text-is('reported')");
  if (await page.locator("#actions").count()) faults.push(`${page.url()} has buttons that cannot work`);
  await page.click('[aria-labelledby="h-labels"] tbody a[href*="/labels/"]');
  await page.waitForSelector("h1 .tag:text-is('reported')");
  if (await page.locator("#actions").count()) faults.push(`${page.url()} has buttons that cannot work`);
  await page.click('[aria-labelledby="h-latest"] tbody a[href^="/pilots/"]');
  await page.waitForSelector("h1 .tag:text-is('reported')");
  if (/announced/i.test(await page.textContent("main"))) faults.push(`${page.url()} says announced`);
}
await browser.close();
if (faults.length > 0) {
  console.log(faults.join("; "));
  process.exit(1);
}
console.log("seen");
