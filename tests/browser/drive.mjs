// node drive.mjs CHROMIUM PLAYER.html PICTURE.html WIDGET.html: press every control, report what happened as JSON.

import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";

const [program, player, picture, widget] = process.argv.slice(2);
const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const browser = await chromium.launch({ executablePath: program, args });
const seen = { errors: [], requests: [] };

async function open(path) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  page.on("console", message => message.type() === "error" && seen.errors.push(message.text()));
  page.on("pageerror", error => seen.errors.push(String(error)));
  page.on("request", request => /^(file|data|blob):/.test(request.url()) || seen.requests.push(request.url()));
  await page.goto(pathToFileURL(path).href);
  return page;
}

const text = (page, selector) => page.locator(selector).first().evaluate(e => e.innerText ?? e.textContent);
const now = async page => Number((await text(page, ".count")).split("/")[0]);
const press = (page, what) => page.locator(`[data-do=${what}]`).click();

async function drivePlayer() {
  const page = await open(player), found = {};
  const steps = Number((await text(page, ".count")).split("/")[1]);
  const titles = [await text(page, "h3")];
  for (let i = 1; i < steps; i++) {
    await press(page, "next");
    titles.push(await text(page, "h3"));
  }
  found.titles = titles;
  found.end = await now(page);
  await press(page, "next");
  found.beyond = await now(page);
  found.grads = await page.$$eval(".node", nodes => Object.fromEntries(nodes.map(n => [n.dataset.v, n.querySelector(".grad")?.textContent ?? null])));
  found.values = await page.$$eval(".node", nodes => Object.fromEntries(nodes.map(n => [n.dataset.v, n.querySelector(".value")?.textContent])));
  const back = [await text(page, "h3")];
  for (let i = 1; i < steps; i++) {
    await press(page, "back");
    back.push(await text(page, "h3"));
  }
  found.back = back.reverse();
  found.blank = await page.$$eval(".grad", all => all.map(t => t.textContent).join(""));
  await press(page, "last");
  found.last = await now(page);
  await press(page, "first");
  found.first = await now(page);
  await press(page, "turn");
  found.turn = await text(page, ".phase");
  await page.locator("input[type=range]").fill("2");
  found.slider = await now(page);
  await page.locator(".chainrule-player").focus();
  const keys = [];
  for (const key of ["End", "ArrowLeft", "Home", "ArrowRight", "b"]) {
    await page.keyboard.press(key);
    keys.push(await now(page));
  }
  found.keys = keys;
  await page.locator("select").selectOption("350");
  await page.locator(".chainrule-player").focus();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press(" ");
  found.playing = await text(page, "[data-do=play]");
  await page.waitForFunction(() => document.querySelector("[data-do=play]").textContent.includes("play"));
  found.played = await now(page);
  await press(page, "play"); // from the end it starts anew
  found.anew = await now(page);
  await press(page, "play");
  found.paused = await text(page, "[data-do=play]");
  found.fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  found.inputs = await page.locator("input[type=text]").count();
  await page.close();
  return found;
}

async function drivePicture() {
  const page = await open(picture), found = {};
  const boxes = () => page.locator(".node").count();
  found.whole = await boxes();
  await page.locator(".open").first().click();
  found.inside = await boxes();
  found.crumbs = await page.locator("nav button").allInnerTexts();
  await page.locator("nav button").first().click();
  found.again = await boxes();
  await page.locator(".open").first().focus();
  await page.keyboard.press("Enter");
  found.byKey = await boxes();
  await page.close();
  return found;
}

async function driveWidget() {
  const page = await open(widget), found = {};
  found.before = await text(page, ".node .value");
  const field = page.locator(".leaves input").first();
  found.field = await field.inputValue();
  await field.fill("0.5");
  await field.press("Enter");
  found.sent = await page.evaluate(() => globalThis.sent);
  found.after = await text(page, ".node .value");
  found.error = await text(page, ".error");
  await page.close();
  return found;
}

const found = { player: await drivePlayer(), picture: await drivePicture(), widget: await driveWidget(), ...seen };
await browser.close();
console.log(JSON.stringify(found));
