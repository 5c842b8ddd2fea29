// Takes pictures of pages: `screenshots.mjs take FOLDER PICTURE...`, each picture `NAME WIDTH SCHEME PATH`; with `whole` down to
// the end of each page.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { base, expect, run, session } from "./session.mjs";

/** Quality of WebP: text has no visible faults, and a page takes a tenth of what PNG takes. */
const QUALITY = 75;
/** The longest picture; what is further down is more of the same. */
const HEIGHT_MAX = 1280;

/** The same of whole pages. */
const WHOLE_MAX = 8000;
/** What browsers say of pages that tell why there is nothing to see. */
const PROBLEMS = ["400 (Bad Request)", "403 (Forbidden)", "404 (Not Found)", "422 (Unprocessable Entity)"];

const take = (folder, ...pictures) => pictured(folder, HEIGHT_MAX, pictures);
const whole = (folder, ...pictures) => pictured(folder, WHOLE_MAX, pictures);

async function pictured(folder, heightMax, pictures) {
  const pages = new Map();
  for (const picture of pictures) {
    const [name, width, scheme, path] = picture.split(" ");
    const [kind, here] = [width + scheme, Number(width)];
    if (!pages.has(kind)) pages.set(kind, await session(here, scheme, {}, PROBLEMS));
    const page = pages.get(kind);
    // Nothing is pointed at.
    await page.mouse.move(0, 0);
    await page.setViewportSize({ width: here, height: 640 });
    await page.goto(base + path);
    await page.waitForFunction(() => [...document.querySelectorAll("#plots")].every((box) => box.querySelectorAll("canvas").length === 2));
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    const devtools = await page.context().newCDPSession(page);
    const clip = { x: 0, y: 0, width: here, height: Math.min(height, heightMax), scale: 1 };
    await page.evaluate(() => document.activeElement.blur());
    const { data } = await devtools.send("Page.captureScreenshot", { format: "webp", quality: QUALITY, captureBeyondViewport: true, clip });
    expect(data.length > 2000, `${name} is a blank picture`);
    writeFileSync(join(folder, name + ".webp"), Buffer.from(data, "base64"));
    await devtools.detach();
  }
}

await run({ take, whole });
