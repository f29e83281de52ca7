// node notebook.mjs CHROMIUM URL CELLS LEAF VALUE SHOT: run a notebook in Jupyter, use what it shows, report as JSON.

import { chromium } from "playwright-core";

const [program, url, cells, leaf, value, shot] = process.argv.slice(2);
const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const patience = 60_000;
const found = { errors: [], outside: [] };
const local = address => /^(data|blob|about):/.test(address) || ["127.0.0.1", "localhost"].includes(new URL(address).hostname);
const browser = await chromium.launch({ executablePath: program, args });
const page = await browser.newPage({ viewport: { width: 1300, height: 1600 } });
page.setDefaultTimeout(patience);
// Jupyter's program is at /static/, a widget's module at a blob: what comes from Jupyter alone is not ours to mend
const ours = text => /blob:/.test(text) || !/\/static\//.test(text);
const failed = text => ours(text) && found.errors.push(text);
page.on("console", message => message.type() === "error" && failed(`${message.text()} (${message.location().url})`));
page.on("pageerror", error => failed(error.stack ?? String(error)));
page.on("request", request => local(request.url()) || found.outside.push(request.url()));
page.on("websocket", socket => local(socket.url()) || found.outside.push(socket.url()));

try {
  await page.goto(url);
  await page.locator(".jp-Notebook .jp-Cell").nth(Number(cells) - 1).waitFor();
  await page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").waitFor();
  await page.waitForFunction(async () => {
    const kernels = await (await fetch("/api/kernels")).json();
    return kernels.some(kernel => kernel.connections > 0 && kernel.execution_state === "idle");
  });
  await runAll();
  await drive();
} catch (error) {
  await page.screenshot({ path: shot });
  console.error(await page.locator("body").innerText().catch(String), JSON.stringify(found));
  throw error;
} finally {
  await browser.close();
}
console.log(JSON.stringify(found));

// Until the page itself has heard of its kernel, the command runs nothing: then the first cell's prompt stays [ ].
async function runAll() {
  const begun = page.locator(".jp-InputPrompt", { hasText: /\[[\d*]+\]/ }).first();
  for (const end = Date.now() + patience; Date.now() < end; ) {
    await page.getByRole("menuitem", { name: "Run", exact: true }).click();
    await page.getByRole("menuitem", { name: "Run All Cells", exact: true }).click();
    if (await begun.waitFor({ timeout: 3000 }).then(() => true, () => false)) return;
  }
  throw new Error("no cell was run");
}

async function drive() {
  const image = page.locator(".jp-OutputArea img[src^='data:image/svg']");
  await image.waitFor();
  found.image = await image.evaluate(async e => (await e.decode(), [e.naturalWidth, e.naturalHeight]));

  const picture = page.locator(".chainrule-page");
  await picture.locator(".open").first().waitFor();
  found.boxes = await picture.locator(".node").count();
  await picture.locator(".open").first().click();
  await picture.locator("nav button").nth(1).waitFor(); // the kernel drew the inside
  found.inside = await picture.locator(".node").count();
  await picture.locator("nav button").first().click();
  found.again = await picture.locator(".node").count();
  await picture.locator(".open").first().focus();
  await page.keyboard.press("Enter");
  found.byKey = await picture.locator(".node").count();

  const player = page.locator(".chainrule-player");
  await player.locator(".count").waitFor();
  const now = async () => Number((await player.locator(".count").innerText()).split("/")[0]);
  const press = what => player.locator(`[data-do=${what}]`).click();
  const at = [];
  for (const what of ["next", "next", "back", "turn", "first", "last"]) {
    await press(what);
    at.push(await now());
  }
  found.pressed = at;
  await player.locator("input[type=range]").fill("3");
  found.slider = await now();
  await player.focus();
  found.keys = [];
  for (const key of ["End", "ArrowLeft", "Home", "ArrowRight", "b"]) {
    await page.keyboard.press(key);
    found.keys.push(await now());
  }
  await press("last");
  found.before = await nodes(player);

  const field = player.locator("label", { hasText: `${leaf} =` }).locator("input");
  const text = player.locator(`.node:has(.title:text-is("${leaf}")) .value`);
  const old = await text.textContent();
  await field.fill("no number");
  await field.press("Enter");
  await player.locator(".error:not(:empty)").waitFor();
  found.error = await player.locator(".error").innerText();
  await field.click();
  await field.press("Control+a");
  await page.keyboard.type(value); // Jupyter has a meaning of its own for digits, outside a field
  await page.keyboard.press("Enter");
  await page.waitForFunction(
    ([name, was]) => [...document.querySelectorAll(".chainrule-player .node")]
      .some(n => n.querySelector(".title")?.textContent === name && ![was, "?"].includes(n.querySelector(".value")?.textContent)),
    [leaf, old],
  );
  await press("last");
  found.after = await nodes(player);
  found.cured = await player.locator(".error").innerText();
  found.cells = await page.locator(".jp-Notebook .jp-Cell").count();
  await page.screenshot({ path: shot });
}

function nodes(player) {
  return player.locator(".node").evaluateAll(all => Object.fromEntries(all.map(n =>
    [n.querySelector(".title")?.textContent || n.dataset.v, [n.querySelector(".value")?.textContent, n.querySelector(".grad")?.textContent ?? null]])));
}
