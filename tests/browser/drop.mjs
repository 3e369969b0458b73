// Drops a message and files through the form as a person would, and follows it to the receipt.
//
//   node drop.mjs JOB.json
//
// JOB: { browser: "firefox" | "chromium", url, message, inputs: [[path, ...], ...] (one list for each
// file field), shots: folder for screenshots or null, seconds: how long the upload may take,
// socks: { host, port } or absent }. Prints the text of the receipt.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const SIZES = { phone: [390, 844], desktop: [1280, 900] };
const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { launch } = await import(`./${job.browser}.mjs`);

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function screenshots(page, name) {
	if (!job.shots)
		return;
	for (const [size, [width, height]] of Object.entries(SIZES)) {
		await page.resize(width, height);
		await sleep(300);
		await page.shot(join(job.shots, `${job.browser}-${name}-${size}.png`));
	}
}

async function only(page, selector) {
	const found = await page.find(page.frames()[0], selector);
	if (found.length !== 1)
		throw new Error(`the form has ${found.length} × ${selector}, not 1`);
	return found[0];
}

async function fill(page) {
	await page.type(await only(page, "textarea[name=message]"), job.message);
	const inputs = await page.find(page.frames()[0], "input[type=file]");
	if (inputs.length < job.inputs.length)
		throw new Error(`the form has ${inputs.length} file fields, fewer than ${job.inputs.length}`);
	for (const [i, paths] of job.inputs.entries())
		await page.attach(inputs[i], paths);
}

// The text of the frame whose address is path; null while there is none, or while it is loading.
async function textAt(page, path) {
	for (const frame of page.frames()) {
		try {
			if (new URL(frame.url()).pathname === path)
				return await page.evaluate(frame, "main", (e) => e.textContent);
		} catch {
			// Between two documents: look again.
		}
	}
	return null;
}

async function receipt(page) {
	const deadline = Date.now() + job.seconds * 1000;
	while (Date.now() < deadline) {
		const text = await textAt(page, "/receipt");
		if (text !== null)
			return text.replace(/\s+/g, " ").trim();
		await sleep(200);
	}
	await screenshots(page, "stuck");
	const where = page.frames().map((f) => f.url()).join(" ");
	throw new Error(`no receipt within ${job.seconds} s; the browser shows ${where}`);
}

const page = await launch(job);
try {
	await page.open(job.url);
	await screenshots(page, "form");
	await fill(page);
	await screenshots(page, "filled");
	await page.press(await only(page, "button[type=submit]"));
	console.log(await receipt(page));
	await screenshots(page, "receipt");
} finally {
	await page.close();
}
