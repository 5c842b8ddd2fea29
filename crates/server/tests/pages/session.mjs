// A browser, and pages of it that say what goes wrong in them.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const tools = process.env.PILOTAGE_PLAYWRIGHT;
const { chromium } = require(tools + "/playwright-core");
const token = process.env.PAGES_TOKEN;

/** What is wrong so far. */
export const faults = [];
export const base = process.env.PAGES_URL;
/** The file of axe-core, which checks that everybody can use a page. */
export const axe = require.resolve(tools + "/axe-core");
/** Ports on which browsers visit no page unless they are told to; a server of a test may be given any of them. */
const restricted = [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080];
export const browser = await chromium.launch({
  executablePath: process.env.PILOTAGE_CHROMIUM,
  args: [`--explicitly-allowed-ports=${restricted}`, "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
});

export function expect(condition, fault) {
  if (!condition) faults.push(fault);
}

export function watch(page, allowed = []) {
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !allowed.some((part) => text.includes(part))) faults.push(`${page.url()}: ${text}`);
  });
  page.on("pageerror", (error) => faults.push(`${page.url()}: ${error}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith("data:")) faults.push(`${page.url()} asks ${request.url()}`);
  });
}

/** A page of a browser of its own, logged in; what is `allowed` on its console is no fault. */
export async function session(width, colorScheme, more = {}, allowed = ["404 (Not Found)"]) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, ...more });
  const page = await context.newPage();
  watch(page, allowed);
  await page.goto(base + "/login");
  await page.fill("input[name=token]", token);
  await page.click("button.main");
  await page.waitForURL(base + "/");
  return page;
}

/** Runs the task that was asked for, then says what is wrong on standard output and ends with 1 if anything is. */
export async function run(tasks) {
  const [, , task, ...rest] = process.argv;
  try {
    await tasks[task](...rest);
  } catch (error) {
    faults.push(String(error.stack));
  }
  await browser.close();
  if (faults.length > 0) {
    console.log([...new Set(faults)].join("\n"));
    process.exit(1);
  }
}
