// The form for somebody with a keyboard only, large letters, forced colours, or a browser without frames.
//
//   node access.mjs URL
//
// Chromium, without JavaScript. Prints what is wrong; exit status 1 if anything is.
import { chromium } from "playwright-core";

const base = process.argv[2];
const found = [];
const browser = await chromium.launch({
	executablePath: "/usr/bin/chromium",
	args: ["--headless", "--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-sync"],
});

async function visit(options, look) {
	const context = await browser.newContext({ javaScriptEnabled: false, ...options });
	try {
		const page = await context.newPage();
		await look(page, context);
	} finally {
		await context.close();
	}
}

async function receiptIn(context) {
	for (let tries = 0; tries < 300; tries++) {
		for (const page of context.pages())
			for (const frame of page.frames())
				if (frame.url().includes("/receipt") && await frame.$(".codename"))
					return frame;
		await new Promise((done) => setTimeout(done, 100));
	}
	throw new Error("no receipt with a codename within 30 s");
}

const focused = (page) => page.$eval(":focus", (e) => e.getAttribute("name") || e.getAttribute("href") || e.localName);

// From the top with Tab alone: everything is reached, in the order in which it is read, and visibly.
async function keyboard(page, context) {
	await page.goto(base + "/?lang=en");
	const order = [];
	for (let n = 0; order.at(-1) !== "button" && n < 30; n++) {
		await page.keyboard.press("Tab");
		order.push(await focused(page));
		const outline = await page.$eval(":focus", (e) => getComputedStyle(e).outlineStyle);
		if (outline === "none")
			found.push(`the focus on ${order.at(-1)} can't be seen`);
		if (order.at(-1) === "inbox")
			await page.keyboard.press("ArrowDown");
		if (order.at(-1) === "message")
			await page.keyboard.type("with the keyboard");
	}
	const expected = "#main / /?lang=fr /sign-in?lang=en /how?lang=en#limits inbox message file file file button";
	if (order.join(" ").replace("/?lang=en", "/") !== expected)
		found.push(`Tab goes to ${order.join(" ")}, not ${expected}`);
	await page.keyboard.press("Enter");
	const receipt = await receiptIn(context);
	// On into the receipt: its way to the mailbox.
	for (let n = 0; n < 20; n++) {
		await page.keyboard.press("Tab");
		const at = await receipt.$(":focus");
		if (at && (await at.getAttribute("href") ?? "").startsWith("/mailbox")) {
			await page.keyboard.press("Enter");
			await page.waitForURL("**/mailbox*");
			return;
		}
	}
	found.push("Tab doesn't reach the mailbox from the receipt");
}

// 200 % is half as many pixels for the page; 400 % of 1280 pixels is 320.
async function zoom(page) {
	for (const path of ["/", "/?lang=fr", "/how?lang=fr", "/sign-in?lang=fr", "/fingerprints?lang=fr", "/nowhere?lang=fr"]) {
		await page.goto(base + path);
		for (const [width, letters] of [[640, 100], [320, 100], [640, 200], [390, 200]]) {
			await page.setViewportSize({ width, height: 700 });
			const wide = await page.$eval("html", (e, size) => {
				e.style.fontSize = `${size}%`;
				return e.scrollWidth;
			}, letters);
			if (wide > width)
				found.push(`${path}: ${wide} pixels wide on a screen of ${width} with letters of ${letters} %`);
		}
	}
}

// Backgrounds go; edges must stay.
async function forced(page) {
	await page.goto(base + "/");
	for (const selector of ["button", "textarea", "select", "input[type=file]", "iframe.progress", "iframe.receipt"]) {
		const [style, width, edge, ground] = await page.$eval(selector, (e) => {
			const s = getComputedStyle(e);
			return [s.borderTopStyle, parseFloat(s.borderTopWidth), s.borderTopColor, getComputedStyle(document.body).backgroundColor];
		});
		if (style === "none" || width < 1 || edge === ground)
			found.push(`in forced colours ${selector} has no edge: ${style} ${width} ${edge} on ${ground}`);
	}
	if (process.env.SEALSLOT_SHOTS)
		await page.screenshot({ path: `${process.env.SEALSLOT_SHOTS}/forced.png`, fullPage: true });
}

// The form's target isn't there: the receipt comes as a page of its own.
async function frameless(page, context) {
	await page.route(`${base}/`, async (route) => {
		const answer = await route.fetch();
		const body = (await answer.text()).replace(/<iframe.*?<\/iframe>/gs, "");
		await route.fulfill({ response: answer, body });
	});
	await page.goto(base + "/");
	if (page.frames().length !== 1)
		throw new Error("there are frames still");
	await page.fill("textarea[name=message]", "without frames");
	await page.focus("button[type=submit]");
	await page.keyboard.press("Enter");
	const receipt = await receiptIn(context);
	if (receipt.parentFrame() !== null)
		found.push("the receipt stands in a frame");
}

async function frameWith(page, selector) {
	for (let tries = 0; tries < 300; tries++) {
		for (const frame of page.frames()) {
			const found = await frame.$(selector).catch(() => null);
			if (found)
				return found;
		}
		await new Promise((done) => setTimeout(done, 100));
	}
	throw new Error(`no ${selector} within 30 s`);
}

// A reload leads back to the codename; a session that ended while somebody wrote costs none of what was written.
async function nothingLost(page, context) {
	const send = "form[target=receipt] button", text = "textarea[name=message]", letter = "what took long to write";
	await page.goto(base + "/?lang=en");
	await page.fill(text, "first");
	await page.click(send);
	const words = await (await receiptIn(context)).$$eval(".codename li", (all) => all.map((e) => e.textContent).join(" "));
	await page.goto(base + "/?lang=en");
	await page.click("main a[href^='/receipt']");
	if (await page.$$eval(".codename li", (all) => all.map((e) => e.textContent).join(" ")) !== words)
		found.push("the page that was loaded again doesn't lead back to the codename");
	await page.goto(base + "/mailbox?lang=en");
	await page.fill(text, letter);
	const other = await context.newPage();
	await other.goto(base + "/mailbox?lang=en");
	await other.click("form[action^='/sign-out'] button");
	await other.waitForURL("**/sign-out*");
	await other.close();
	await page.click(send);
	const link = await frameWith(page, "a[href^='/sign-in']");
	const [tab] = await Promise.all([context.waitForEvent("page"), link.click()]);
	await tab.fill("input[name=codename]", words);
	await tab.keyboard.press("Enter");
	await tab.waitForURL("**/mailbox*");
	if (await page.inputValue(text) !== letter)
		found.push("what was written is gone after signing in again");
	await page.click(send);
	await frameWith(page, "a[href^='/mailbox']");
}

try {
	await visit({}, keyboard);
	await visit({}, zoom);
	await visit({ forcedColors: "active" }, forced);
	await visit({}, frameless);
	await visit({}, nothingLost);
} finally {
	await browser.close();
}
for (const line of found)
	console.log(line);
console.log("keyboard, large letters, forced colours, no frames, nothing lost");
process.exit(found.length ? 1 : 0);
