// chromium without JavaScript.
import { chromium } from "playwright-core";

export async function launch({ socks }) {
	const browser = await chromium.launch({
		executablePath: "/usr/bin/chromium",
		args: ["--headless", "--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-sync"],
		proxy: socks ? { server: `socks5://${socks.host}:${socks.port}` } : undefined,
	});
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	page.setDefaultTimeout(120_000);
	return {
		open: (url) => page.goto(url),
		resize: (width, height) => page.setViewportSize({ width, height }),
		frames: () => page.frames(),
		evaluate: (frame, selector, fn) => frame.$eval(selector, fn),
		find: (frame, selector) => frame.$$(selector),
		type: (handle, text) => handle.fill(text),
		attach: (handle, paths) => handle.setInputFiles(paths),
		// Not click(): it would wait for the whole upload to be answered.
		press: async (handle) => {
			await handle.focus();
			await page.keyboard.press("Enter");
		},
		key: (name) => page.keyboard.press(name),
		// Not page.goBack(), which waits for the page when only a frame goes back.
		back: async () => {
			const devtools = await context.newCDPSession(page);
			const { currentIndex, entries } = await devtools.send("Page.getNavigationHistory");
			await devtools.send("Page.navigateToHistoryEntry", { entryId: entries[currentIndex - 1].id });
		},
		reload: () => page.reload(),
		shot: (path) => page.screenshot({ path, fullPage: true }),
		close: () => browser.close(),
	};
}
