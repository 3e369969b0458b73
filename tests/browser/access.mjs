// For somebody with a keyboard only, large letters, forced colours, or a browser without frames: form, receipt, mailbox.
//
//   node access.mjs URL WORD...      the codename of a mailbox with a reply
//
// Chromium, without JavaScript. Prints what is wrong; exit status 1 if anything is.
import { chromium } from "playwright-core";

const [base, ...words] = process.argv.slice(2);
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

async function signIn(page) {
	await page.goto(base + "/sign-in?lang=en");
	await page.fill("input[name=codename]", words.join(" "));
	await page.keyboard.press("Enter");
	await page.waitForURL("**/mailbox*");
}

async function drop(page, context) {
	await page.goto(base + "/?lang=en");
	await page.fill("textarea[name=message]", "for a receipt");
	await page.focus("button[type=submit]");
	await page.keyboard.press("Enter");
	await receiptIn(context);
}

// On with Tab alone until that has the focus, visibly; in whatever frame.
async function tabTo(page, selector) {
	for (let n = 0; n < 60; n++) {
		await page.keyboard.press("Tab");
		for (const frame of page.frames()) {
			if (!await frame.$(`${selector}:focus`))
				continue;
			if (await frame.$eval(":focus", (e) => getComputedStyle(e).outlineStyle) === "none")
				found.push(`the focus on ${selector} can't be seen`);
			return frame;
		}
	}
	throw new Error(`Tab doesn't reach ${selector} on ${page.url()}`);
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

// In the mailbox: an answer, with its receipt; the reply deleted; signed out.
async function mailbox(page) {
	await page.goto(base + "/sign-in?lang=en");
	await tabTo(page, "input[name=codename]");
	await page.keyboard.type(words.join(" "));
	await tabTo(page, "main form button");
	await page.keyboard.press("Enter");
	await page.waitForURL("**/mailbox*");
	await tabTo(page, "textarea[name=message]");
	await page.keyboard.type("an answer");
	await tabTo(page, "form[target=receipt] button");
	await page.keyboard.press("Enter");
	for (let tries = 0; !page.frames().some((f) => new URL(f.url(), base).pathname === "/receipt"); tries++) {
		if (tries > 300)
			throw new Error("no receipt for an answer");
		await page.waitForTimeout(100);
	}
	await page.goto(base + "/mailbox?lang=en");
	await tabTo(page, "summary");
	await page.keyboard.press("Enter");
	await tabTo(page, "details button");
	await page.keyboard.press("Enter");
	for (let tries = 0; await page.$(".letter").catch(() => true); tries++) {
		if (tries > 300)
			throw new Error("the reply is still there");
		await page.waitForTimeout(100);
	}
	await tabTo(page, "form[action^='/sign-out'] button");
	await page.keyboard.press("Enter");
	await page.waitForURL("**/sign-out*");
	await tabTo(page, "main a.button");
}

// 200 % is half as many pixels for the page; 400 % of 1280 pixels is 320.
async function zoom(page, context) {
	const seen = { "/receipt": ".codename", "/mailbox": ".letter" };
	const paths = ["/", "/?lang=fr", "/how?lang=fr", "/sign-in?lang=fr", "/fingerprints?lang=fr", "/nowhere?lang=fr",
		"/receipt?lang=en", "/receipt?lang=fr", "/mailbox?lang=en", "/mailbox?lang=fr"];
	await drop(page, context);
	for (const path of paths) {
		// The mailbox is another source's: one with a reply.
		if (path === "/mailbox?lang=en")
			await signIn(page);
		await page.goto(base + path);
		const must = seen[path.split("?")[0]];
		if (must && !await page.$(must))
			throw new Error(`${path} has no ${must}`);
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
async function edges(page, ...selectors) {
	for (const selector of selectors) {
		const [style, width, edge, ground] = await page.$eval(selector, (e) => {
			const s = getComputedStyle(e);
			return [s.borderTopStyle, parseFloat(s.borderTopWidth), s.borderTopColor, getComputedStyle(document.body).backgroundColor];
		});
		if (style === "none" || width < 1 || edge === ground)
			found.push(`in forced colours ${selector} of ${page.url()} has no edge: ${style} ${width} ${edge} on ${ground}`);
	}
}

async function forced(page, context) {
	const form = ["button", "textarea", "select", "input[type=file]", "iframe.progress", "iframe.receipt"];
	await page.goto(base + "/");
	await edges(page, ...form);
	await drop(page, context);
	await page.goto(base + "/receipt");
	const [ink, ground] = await page.$eval(".codename li", (e) => [getComputedStyle(e).color, getComputedStyle(document.body).backgroundColor]);
	if (ink === ground)
		found.push("in forced colours the codename can't be seen");
	await signIn(page);
	await edges(page, ...form, ".reply", "button.quiet");
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
	await visit({}, mailbox);
} finally {
	await browser.close();
}
for (const line of found)
	console.log(line);
console.log("keyboard, large letters, forced colours, no frames, nothing lost");
process.exit(found.length ? 1 : 0);
