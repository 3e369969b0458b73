// Looks at pages as somebody with a screen reader, a phone or large letters meets them.
//
//   node pages.mjs JOB         JOB: { base, paths, words, topics }
//
// words: a codename whose mailbox has a reply; topics: what to choose in the form, { name: value }.
// axe-core must find nothing, nothing may be wider than the screen, and nothing may be fetched from
// elsewhere. Only here JavaScript is on: for axe, which is put into the page from outside.
import { connect } from "node:net";
import axe from "axe-core";
import { chromium } from "playwright-core";

const WIDTHS = [320, 390, 768, 1280];
const { base, paths, words, topics } = JSON.parse(process.argv[2]);
const browser = await chromium.launch({
	executablePath: "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-sync"],
});
const found = [];
let looks = 0;

// axe is put into every frame, and asks all of them. The progress frame loads itself anew now and then: then once more.
async function violations(page) {
	for (let tries = 0; ; tries++) {
		try {
			for (const frame of page.frames())
				await frame.evaluate(axe.source);
			return (await page.evaluate(() => window.axe.run())).violations;
		} catch (e) {
			if (tries === 8)
				throw e;
			await page.waitForTimeout(500);
		}
	}
}

// The page as it is now, its frames included; must have what it is looked at for.
async function check(page, name, ...must) {
	for (const selector of must)
		if (!await page.$(selector))
			throw new Error(`${name}: no ${selector} on ${page.url()}`);
	looks++;
	for (const width of WIDTHS) {
		await page.setViewportSize({ width, height: 800 });
		const wide = await page.evaluate(() => document.documentElement.scrollWidth);
		if (wide > width)
			found.push(`${name}: ${wide} pixels wide on a screen of ${width}`);
		for (const v of await violations(page))
			found.push(`${name} at ${width}: ${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).join(" ")}`);
	}
}

async function checkAt(page, path, ...must) {
	await page.goto(base + path);
	await check(page, path, ...must);
}

async function frameAt(page, path) {
	for (let tries = 0; tries < 200; tries++) {
		const frame = page.frames().find((f) => f !== page.mainFrame() && new URL(f.url(), base).pathname === path);
		if (frame && await frame.$("h1").catch(() => null))
			return frame;
		await page.waitForTimeout(100);
	}
	throw new Error(`no ${path} in a frame`);
}

// Nothing tells that a frame scrolls: what it says before and after an upload must fit on a phone, in each language.
async function fits(page, token, name) {
	const frame = page.frames().find((f) => f.name() === "progress");
	for (const lang of ["en", "fr"]) {
		await frame.goto(`${base}/progress?t=${token}&f=1&lang=${lang}`);
		for (const width of [320, 390]) {
			await page.setViewportSize({ width, height: 800 });
			const over = await frame.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
			if (over > 0)
				found.push(`${name} in ${lang} at ${width}: ${over} pixels are below the frame's edge`);
		}
	}
}

// A word that is broken over two lines is copied as two words; the last one is seen before anybody scrolls.
async function wordsStandWhole(page) {
	const frame = await frameAt(page, "/receipt");
	for (const width of [296, 366]) { // 320 and 390 with a scroll bar, in the page and in the frame
		await page.setViewportSize({ width, height: 800 });
		const fault = await frame.evaluate(() => {
			const items = [...document.querySelectorAll(".codename li")];
			items.forEach((e) => { e.textContent = "mammogram"; });
			const broken = items.some((e) => e.offsetHeight > 1.8 * parseFloat(getComputedStyle(e).lineHeight));
			const low = Math.max(...items.map((e) => e.getBoundingClientRect().bottom)) > window.innerHeight;
			return `${broken ? "a word is broken " : ""}${low ? "the last word is below the edge" : ""}`;
		});
		if (fault)
			found.push(`the codename in its frame at ${width}: ${fault}`);
	}
}

const send = (page) => page.click("form[target=receipt] button[type=submit]");

// The half of an upload, and then no more of it: the progress page while it comes, and afterwards.
async function onTheWay(page) {
	await page.goto(base + "/?lang=en");
	const token = await page.$eval("input[name=token]", (e) => e.value);
	const at = new URL(base);
	const line = connect(at.port, at.hostname);
	line.on("error", () => {});
	line.write(`POST /submit?t=${token}&f=1 HTTP/1.1\r\nHost: ${at.host}\r\nContent-Type: multipart/form-data; boundary=x\r\n` +
		`Content-Length: 8000000\r\n\r\n--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n${token}\r\n` +
		"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n");
	line.write("m".repeat(4000000));
	const path = `/progress?t=${token}`;
	for (const must of ["progress", "main:not(:has(progress)) strong"]) {
		for (let tries = 0; !await page.$(must); tries++) {
			if (tries > 200)
				throw new Error(`no ${must} on ${path}: ${await page.innerText("body")}`);
			await page.waitForTimeout(100);
			await page.goto(base + path);
		}
		for (const more of ["", "&f=1", "&lang=fr"])
			await checkAt(page, path + more, must);
		line.destroy();
	}
}

// From the form to the receipt, over a fault in the frame; returns the form's token.
async function drop(page) {
	await page.goto(base + "/?lang=en");
	const token = await page.$eval("input[name=token]", (e) => e.value);
	await fits(page, token, "the progress before");
	await send(page);
	await frameAt(page, "/submit");
	await check(page, "/ with a fault in its frame");
	await page.fill("textarea[name=message]", "for the receipt");
	for (const [name, value] of Object.entries(topics))
		await page.selectOption(`select[name=topic-${name}]`, value);
	await send(page);
	await frameAt(page, "/receipt");
	await check(page, "/ with its receipt");
	await fits(page, token, "the progress afterwards");
	await wordsStandWhole(page);
	for (const path of ["/receipt", "/receipt?f=1", "/receipt?lang=fr"])
		await checkAt(page, path, ".codename");
	for (const lang of ["en", "fr"]) {
		await checkAt(page, `/progress?t=${token}&lang=${lang}`, "a[href^='/receipt']");
		await checkAt(page, `/mailbox?lang=${lang}`, "form[action^='/sign-out']");
	}
	return token;
}

async function signIn(page, lang, codename) {
	await page.goto(`${base}/sign-in?lang=${lang}`);
	await page.fill("input[name=codename]", codename);
	await page.click("main form button");
	await page.waitForLoadState();
}

async function visit(page, lang) {
	await signIn(page, lang, words.slice(1).join(" "));
	await check(page, `/sign-in with seven words, ${lang}`, "#fault");
	await signIn(page, lang, "zzzz " + words.slice(1).join(" "));
	await check(page, `/sign-in with a typo, ${lang}`, "#fault");
	await signIn(page, lang, words.join(" "));
	await check(page, `/mailbox with a reply, ${lang}`, ".letter");
	await page.click("summary");
	await check(page, `/mailbox about to delete, ${lang}`, "details[open]");
	await page.fill("textarea[name=message]", "an answer");
	await send(page);
	await frameAt(page, "/receipt");
	await check(page, `/mailbox with a receipt in its frame, ${lang}`);
	await checkAt(page, `/receipt?lang=${lang}`, "a[href^='/mailbox']");
	if (await page.$(".codename"))
		throw new Error("whoever is signed in sees the codename again");
	const cookies = await page.context().cookies();
	await page.goto(`${base}/mailbox?lang=${lang}`);
	await page.click("form[action^='/sign-out'] button");
	await page.waitForLoadState();
	await check(page, `signed out, ${lang}`, "main a.button");
	// What a browser shows that has kept its cookie: nothing of anybody's.
	await page.context().addCookies(cookies);
	await checkAt(page, `/receipt?lang=${lang}`, "h1");
	if (await page.$(".codename, a[href^='/mailbox']"))
		throw new Error("the receipt of somebody who has signed out leads to the mailbox");
}

try {
	const page = await browser.newPage();
	page.on("request", (r) => r.url().startsWith(base) || found.push(`fetches ${r.url()}`));
	page.on("console", (m) => m.type() === "error" && !/status of [45]/.test(m.text()) && found.push(m.text()));
	for (const path of paths)
		await checkAt(page, path);
	await onTheWay(page);
	await drop(page);
	for (const lang of ["en", "fr"])
		await visit(page, lang);
} finally {
	await browser.close();
}
for (const line of found)
	console.log(line);
console.log(`${looks} pages at ${WIDTHS.length} widths`);
process.exit(found.length ? 1 : 0);
