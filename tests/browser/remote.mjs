// A browser that is told step by step what to do: one JSON command on each line of stdin, one answer on stdout.
//
//   node remote.mjs JOB        JOB: { browser, socks }
//
// Buttons are pressed with the keyboard: that works everywhere without JavaScript.
import { createInterface } from "node:readline";

const job = JSON.parse(process.argv[2]);
const { launch } = await import(`./${job.browser}.mjs`);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

const pathOf = (frame) => {
	try {
		return new URL(frame.url()).pathname;
	} catch {
		return "";
	}
};

const flat = (text) => text.replace(/\s+/g, " ").trim();

// The frame whose address is path; the page itself without one.
function frameAt(page, path) {
	const frame = path ? page.frames().find((f) => pathOf(f) === path) : page.frames()[0];
	if (!frame)
		throw new Error(`nothing shows ${path}`);
	return frame;
}

async function only(page, { selector, nth = 0, at }) {
	const found = await page.find(frameAt(page, at), selector);
	if (found.length <= nth)
		throw new Error(`${found.length} × ${selector} in ${frameAt(page, at).url()}`);
	return found[nth];
}

const commands = {
	open: (page, { url }) => page.open(url).then(() => null),
	frames: (page) => page.frames().map((f) => f.url()),
	text: async (page, { at }) => flat(await page.evaluate(frameAt(page, at), "main", (e) => e.textContent)),
	html: (page, { at }) => page.evaluate(frameAt(page, at), "html", (e) => e.outerHTML),
	type: async (page, c) => page.type(await only(page, c), c.text),
	attach: async (page, c) => page.attach(await only(page, c), c.paths),
	press: async (page, c) => page.press(await only(page, c)),
	focusOn: async (page, c) => (await only(page, c)).focus(),
	clear: async (page, c) => {
		const field = await only(page, c);
		const typed = await page.evaluate(frameAt(page, c.at), c.selector, (e) => e.value);
		await field.focus();
		await page.key("End");
		for (let i = 0; i < typed.length; i++)
			await page.key("Backspace");
	},
	inner: (page, { selector, at }) => page.evaluate(frameAt(page, at), selector, (e) => e.textContent.trim()),
	key: (page, { key }) => page.key(key),
	// When the page was loaded: another number after a reload.
	moment: (page) => page.evaluate(page.frames()[0], "html", () => performance.timeOrigin),
	back: (page) => page.back().then(() => null),
	reload: (page) => page.reload().then(() => null),
	resize: (page, { width, height }) => page.resize(width, height),
	shot: (page, { path }) => page.shot(path).then(() => null),
};

const page = await launch(job);
try {
	for await (const line of createInterface({ input: process.stdin })) {
		const command = JSON.parse(line);
		let answer;
		try {
			answer = { value: (await commands[command.do](page, command)) ?? null };
		} catch (e) {
			answer = { error: String(e.message) };
		}
		console.log(JSON.stringify(answer));
	}
} finally {
	await Promise.race([page.close(), sleep(10_000)]);
}
process.exit(0);
