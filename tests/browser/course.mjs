// node course.mjs CHROMIUM URL PLAN SHOTS: work through a lesson in JupyterLab as a learner does, report as JSON.
// PLAN is a JSON file: exercise, marker (a text of its stub), wrong, right.  SHOTS is a folder for pictures.

import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const [program, url, planFile, shots] = process.argv.slice(2);
const plan = JSON.parse(readFileSync(planFile, "utf8"));
const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const patience = 60_000;
const found = { errors: [], outside: [] };
const local = address => /^(data|blob|about):/.test(address) || ["127.0.0.1", "localhost"].includes(new URL(address).hostname);
const browser = await chromium.launch({ executablePath: program, args });
const page = await browser.newPage({ viewport: { width: 1300, height: 1000 }, colorScheme: "light" });
page.setDefaultTimeout(patience);
page.on("pageerror", error => found.errors.push(error.stack ?? String(error)));
page.on("request", request => local(request.url()) || found.outside.push(request.url()));
page.on("websocket", socket => local(socket.url()) || found.outside.push(socket.url()));

try {
  await page.goto(url);
  const cells = page.locator(".jp-Notebook .jp-Cell");
  await cells.first().waitFor();
  await page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").waitFor();
  found.title = await page.locator(".jp-Notebook h1").first().innerText();
  found.dialogs = await page.locator(".jp-Dialog").count();
  found.light = await page.locator("body[data-jp-theme-light=true]").count() === 1;
  await runAll();
  found.raised = await page.locator(".jp-OutputArea [data-mime-type*=error]").count();
  found.pictures = await page.locator(".jp-OutputArea :is(svg, img)").count();
  found.untouched = await page.locator(".chainrule-verdict").evaluateAll(all => all.map(e => e.innerText));

  await answer(plan.wrong);
  found.wrong = await verdict(":not(.passed)", "The mistake");
  await page.locator(".chainrule-verdict", { hasText: "The mistake" }).getByText("Hint 1").click();
  await page.screenshot({ path: `${shots}/failed.png` });
  await answer(plan.right);
  found.right = await verdict(".passed", "right");
  await page.screenshot({ path: `${shots}/passed.png` });

  await page.emulateMedia({ colorScheme: "dark" }); // evening: the system turns dark, the course with it
  await page.locator("body[data-jp-theme-light=false]").waitFor({ state: "attached" });
  found.dark = await page.locator(".chainrule-verdict.passed").evaluate(e => getComputedStyle(e).backgroundColor);
  await page.screenshot({ path: `${shots}/dark.png` });

  await page.keyboard.press("Control+s");
  await page.locator(".jp-mod-current:not(.jp-mod-dirty)").first().waitFor();
  found.toasts = await page.locator(".Toastify__toast").allInnerTexts();
} catch (error) {
  await page.screenshot({ path: `${shots}/broken.png` });
  console.error(await page.locator("body").innerText().catch(String), JSON.stringify(found));
  throw error;
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));

// The command runs nothing until the page has heard of its kernel: then the first prompt stays [ ].
async function runAll() {
  const begun = page.locator(".jp-InputPrompt", { hasText: /\[[\d*]+\]/ }).first();
  const last = page.locator(".jp-CodeCell").last().locator(".jp-InputPrompt", { hasText: /\[\d+\]/ });
  for (const end = Date.now() + patience; Date.now() < end; ) {
    await page.getByRole("menuitem", { name: "Run", exact: true }).click();
    await page.getByRole("menuitem", { name: "Run All Cells", exact: true }).click();
    if (await begun.waitFor({ timeout: 3000 }).then(() => true, () => false)) {
      return last.waitFor();
    }
  }
  throw new Error("no cell was run");
}

// Replace what is in the exercise's cell, run it and the check below it.
async function answer(code) {
  const cell = page.locator(".jp-CodeCell", { hasText: plan.marker }).first();
  await cell.scrollIntoViewIfNeeded();
  await cell.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(code);
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.press("Shift+Enter");
}

async function verdict(kind, text) {
  const shown = page.locator(`.chainrule-verdict${kind}`, { hasText: plan.exercise }).filter({ hasText: text });
  await shown.waitFor();
  await shown.scrollIntoViewIfNeeded();
  return shown.innerText();
}
