// Looks at pages as everybody who reads them would: narrow and wide, light and dark, with and without scripts.
import { readFileSync } from "node:fs";
import { axe, base, browser, expect, run, session } from "./session.mjs";

const AXE = readFileSync(axe, "utf8");
const SCHEMES = ["light", "dark"];
const WIDTHS = [320, 1920];

/** Every page at every width, in light and dark, has no fault that axe knows and is no wider than its window. */
async function everywhere(...paths) {
  const page = await session(WIDTHS[0], SCHEMES[0]);
  for (const path of paths) {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(base + path);
      await page.evaluate(AXE);
      for (const scheme of SCHEMES) await lookAt(page, path, width, scheme);
    }
  }
  await page.goto(base + "/login");
  await page.evaluate(AXE);
  await lookAt(page, "/login", WIDTHS[1], "light");
}

async function lookAt(page, path, width, scheme) {
  await page.emulateMedia({ colorScheme: scheme });
  const place = `${path} at ${width} px in ${scheme}`;
  const found = await page.evaluate(async (colours) => {
    const root = document.documentElement;
    // What is told apart by colour alone was told in the other scheme already.
    const { violations } = await axe.run(document, { resultTypes: ["violations"], ...(colours && { runOnly: ["color-contrast"] }) });
    const told = violations.map(({ id, help, nodes }) => `${id}, ${help}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
    return { told, overflow: root.scrollWidth - root.clientWidth, headings: document.querySelectorAll("h1").length };
  }, scheme !== SCHEMES[0]);
  expect(found.overflow <= 0, `${place} is ${found.overflow} px wider than its window`);
  expect(found.headings === 1, `${place} has ${found.headings} main headings`);
  for (const violation of found.told) expect(false, `${place}: ${violation}`);
}

/** Pages are no wider than their window, plots are drawn, and nothing is said on the console. */
async function fitting(...paths) {
  const page = await session(WIDTHS[0], "light");
  for (const path of paths) {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await page.goto(base + path);
      await page.waitForFunction(() => [...document.querySelectorAll("#plots")].every((box) => box.querySelectorAll("canvas").length === 2));
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(over <= 0, `${path} is ${over} px wider than ${width} px`);
    }
  }
}

/** The pages of a listing lead through all its rows, each of them once: `PATH ROWS`. */
async function through(...listings) {
  const page = await session(1280, "light");
  for (const listing of listings) {
    const [path, rows] = listing.split(" ");
    const seen = [];
    await page.goto(base + path);
    for (;;) {
      seen.push(...(await page.locator("tbody tr td:first-child a").evaluateAll((links) => links.map((link) => link.textContent))));
      const older = page.locator('nav.pager a[rel="next"]');
      if ((await older.count()) === 0 || seen.length > Number(rows)) break;
      const before = page.url();
      await Promise.all([page.waitForURL((url) => url.href !== before), older.click()]);
    }
    expect(seen.length === Number(rows) && new Set(seen).size === seen.length, `${path} leads through ${seen.length} rows, ${new Set(seen).size} different ones, not ${rows}`);
    expect(seen.every((id, at) => at === 0 || Number(id) < Number(seen[at - 1])), `${path} is not in its order`);
  }
}

/** The form of a listing, filled in as a person would, leads to the rows that the interface gives for it, page by page, and
 * every page can be kept: `PATH FIELDS STATE`, where the fields are JSON and the state is a tab to choose at last. */
async function filtered(path, asked, state) {
  const fields = JSON.parse(asked);
  const [page, kept] = [await session(1280, "light"), await session(1280, "light")];
  await page.goto(base + path);
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`#filters [name=${name}]`);
    if ((await field.evaluate((field) => field.tagName)) === "SELECT") await field.selectOption(value);
    else await field.fill(value);
  }
  await page.click("#filters button");
  await page.waitForURL((url) => url.searchParams.size === Object.keys(fields).length);
  await page.click(`nav.tabs a:has(.state:text-is("${state}"))`);
  await page.waitForURL((url) => url.searchParams.get("state") === state);
  for (const [name, value] of Object.entries(fields)) {
    expect((await page.locator(`#filters [name=${name}]`).inputValue()) === value, `${page.url()} forgets ${name} in its form`);
  }
  const wanted = await page.evaluate(rowsOf, [path, { ...fields, state }]);
  const shown = [];
  for (;;) {
    const here = await rowsShown(page);
    shown.push(...here);
    await kept.goto(page.url());
    expect(String(await rowsShown(kept)) === String(here), `${page.url()} shows others when it is opened again`);
    const older = page.locator('nav.pager a[rel="next"], #rows.empty a:text-is("Look further back")');
    if ((await older.count()) === 0 || shown.length > wanted.length) break;
    const before = page.url();
    await Promise.all([page.waitForURL((url) => url.href !== before), older.click()]);
  }
  expect(wanted.length > 0 && String(shown) === String(wanted), `${path} with ${asked}, ${state} shows ${shown.length} rows, not ${wanted.length}`);
  const count = Number((await page.locator("nav.tabs a[aria-current] b").allTextContents()).join().replaceAll(/\D/g, "") || wanted.length);
  expect(count === wanted.length, `${page.url()} counts ${count} of ${wanted.length}`);
  await page.click("#filters a:text-is('Clear')");
  await page.waitForURL(base + path);
}

// --- Tables sorted by the heads of their columns, without scripts too: numbers from the largest on, then the other way.

async function sorted(...tables) {
  for (const javaScriptEnabled of [true, false]) {
    const [page, kept] = [await session(1280, "light"), await session(1280, "light", { javaScriptEnabled })];
    for (const table of tables) {
      const [path, name] = table.split(" ");
      await page.goto(base + path);
      for (const [order, sign] of [["descending", 1], ["ascending", -1]]) {
        const before = page.url();
        await Promise.all([page.waitForURL((url) => url.href !== before), page.click(`th a.sort:text-is("${name}")`)]);
        for (const one of [page, kept]) {
          if (one === kept) await kept.goto(page.url());
          expect((await one.locator(`th[aria-sort="${order}"]`).textContent()).startsWith(name), `${one.url()} does not say that it is ${order}`);
          const numbers = await one.locator(`td[data-label="${name}"]`).evaluateAll((cells) => cells.map((cell) => Number(cell.textContent.replaceAll(/\D/g, ""))));
          const asked = numbers.toSorted((a, b) => sign * (b - a));
          expect(new Set(numbers).size > 1 && String(numbers) === String(asked), `${one.url()} shows ${numbers}`);
        }
      }
    }
    await page.context().close();
    await kept.context().close();
  }
}

const rowsShown = (page) => page.locator("#rows tbody tr td:first-child a").evaluateAll((links) => links.map((link) => link.textContent));

/** The ids of all that the interface gives, a few at a time. */
async function rowsOf([path, asked]) {
  const ids = [];
  for (let cursor; ; ) {
    const query = new URLSearchParams({ ...asked, limit: 1000, ...(cursor && { cursor }) });
    const answer = await (await fetch(`/pilotage/v1${path}?${query}`)).json();
    ids.push(...answer[path.slice(1)].map(({ id }) => String(id)));
    if (!(cursor = answer.next)) return ids;
  }
}

/** What a page holds is there without a script: headings, rows, links, forms. Only plots and live updates are not. */
async function scriptless(...paths) {
  const [plain, scripted] = [await session(1280, "light", { javaScriptEnabled: false }), await session(1280, "light")];
  for (const path of paths) {
    await plain.goto(base + path);
    await scripted.goto(base + path);
    const [without, having] = [await plain.evaluate(contentOf), await scripted.evaluate(contentOf)];
    for (const what of having) expect(without.includes(what), `${path} has without scripts no ${what}`);
    expect(having.length > 1, `${path} has hardly any content`);
    const plots = await plain.locator("#plots").count();
    expect(plots === 0 || (await plain.locator("#plots").textContent()).includes("need a script"), `${path} does not say why it has no plots`);
  }
}

function contentOf() {
  const words = (element) => element.textContent.trim().replace(/\s+/g, " ");
  const main = document.querySelector("main");
  const told = (selector, say) => [...main.querySelectorAll(selector)].filter((e) => !e.closest("#plots")).map(say);
  return [
    ...told("h1, h2, h3, th, summary, button", (e) => `${e.tagName} ${words(e)}`),
    // Parts of the time of a plot begin and end at minutes, which go on between two looks.
    ...told("a[href]", (e) => `link ${e.getAttribute("href").replace(/=[-0-9T]+(%3A\d\d){2}Z/g, "=")}`),
    ...told("form", (e) => `form ${e.getAttribute("action")}`),
    ...told("table", (e) => `table of ${e.rows.length} rows`),
  ];
}

await run({ everywhere, fitting, through, filtered, sorted, scriptless });
