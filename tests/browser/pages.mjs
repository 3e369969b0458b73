// Looks at pages as somebody with a screen reader, a phone or large letters meets them.
//
//   node pages.mjs URL PATH...
//
// axe-core must find nothing, nothing may be wider than the screen, and nothing may be fetched from
// elsewhere. Only here JavaScript is on: for axe, which is put into the page from outside.
import axe from "axe-core";
import { chromium } from "playwright-core";

const WIDTHS = [320, 390, 768, 1280];
const [base, ...paths] = process.argv.slice(2);
const browser = await chromium.launch({
	executablePath: "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-sync"],
});
const found = [];

async function check(page, path) {
	await page.evaluate(axe.source);
	for (const width of WIDTHS) {
		await page.setViewportSize({ width, height: 800 });
		const wide = await page.evaluate(() => document.documentElement.scrollWidth);
		if (wide > width)
			found.push(`${path}: ${wide} pixels wide on a screen of ${width}`);
		const { violations } = await page.evaluate(() => window.axe.run());
		for (const v of violations)
			found.push(`${path} at ${width}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).join(" ")}`);
	}
}

try {
	const page = await browser.newPage();
	page.on("request", (r) => r.url().startsWith(base) || found.push(`fetches ${r.url()}`));
	page.on("console", (m) => m.type() === "error" && !/status of [45]/.test(m.text()) && found.push(m.text()));
	for (const path of paths) {
		await page.goto(base + path);
		await check(page, path);
	}
	await page.goto(base + "/");
	await page.fill("textarea[name=message]", "for the receipt");
	await page.click("button[type=submit]");
	for (let tries = 0; !page.frames().some((f) => f.url().includes("/receipt")); tries++) {
		if (tries > 200)
			throw new Error("no receipt in its frame");
		await page.waitForTimeout(100);
	}
	// Each of them also as a page of its own, which it is without frames.
	for (const path of ["/receipt", "/receipt?f=1", "/receipt?lang=fr", "/mailbox", "/mailbox?lang=fr"]) {
		await page.goto(base + path);
		await check(page, path);
	}
} finally {
	await browser.close();
}
for (const line of found)
	console.log(line);
console.log(`${paths.length + 5} pages at ${WIDTHS.length} widths`);
process.exit(found.length ? 1 : 0);
