// Looks at the overview in a real browser while reporters begin to report. Says `looking`, then `seen` when all factories that
// are named as arguments have come without a reload, marked as reported when they are.
import { base, faults, run, session } from "../../../../server/tests/pages/session.mjs";

async function look(...names) {
  const page = await session(1280, "light");
  page.setDefaultTimeout(60000);
  await page.waitForSelector('#live-state[data-state="live"]');
  await page.evaluate(() => { window.sameDocument = true; });
  console.log("looking");

  await page.waitForFunction((names) => {
    const rows = [...document.querySelectorAll('[aria-labelledby="h-factories"] tbody tr')].map((row) => [...row.cells[0].querySelectorAll("a, .tag")].map((part) => part.textContent).join(" "));
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
  if (faults.length === 0) console.log("seen");
}

await run({ look });
