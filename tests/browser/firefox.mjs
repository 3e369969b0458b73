// firefox-esr as Tor Browser sets it up: no JavaScript, fingerprinting resistance, a SOCKS proxy if there is one.
//
// With JavaScript off, puppeteer's click, locator, waitForSelector, waitForFunction and $$eval never
// return. $eval, focus, type, keys, uploadFile, frames and screenshots do; waiting is polling from here.
import puppeteer from "puppeteer-core";

const PREFS = {
	"javascript.enabled": false,
	"privacy.resistFingerprinting": true,
	"svg.disabled": true,
	"mathml.disabled": true,
	"media.peerconnection.enabled": false,
	"network.dns.blockDotOnion": false,
	"dom.securecontext.allowlist_onions": true,
	// Nothing of its own may knock at the outside world.
	"app.update.enabled": false,
	"browser.safebrowsing.downloads.remote.enabled": false,
	"datareporting.policy.dataSubmissionEnabled": false,
	"network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false,
	"services.settings.server": "data:,#remote-settings-dummy/v1",
};

const proxy = (socks) => ({
	"network.proxy.type": 1,
	"network.proxy.socks": socks.host,
	"network.proxy.socks_port": socks.port,
	"network.proxy.socks_remote_dns": true,
	"network.proxy.allow_hijacking_localhost": true,
});

async function all(frame, selector) {
	const count = await frame.evaluate((s) => document.querySelectorAll(s).length, selector);
	const found = [];
	for (let i = 0; i < count; i++)
		found.push(await frame.evaluateHandle((s, n) => document.querySelectorAll(s)[n], selector, i));
	return found;
}

const context = (page) => page.mainFrame().browsingContext;

export async function launch({ socks }) {
	const browser = await puppeteer.launch({
		browser: "firefox",
		executablePath: "/usr/bin/firefox-esr",
		headless: true,
		acceptInsecureCerts: false,
		extraPrefsFirefox: { ...PREFS, ...(socks ? proxy(socks) : {}) },
	});
	const page = await browser.newPage();
	page.setDefaultTimeout(120_000);
	return {
		open: (url) => page.goto(url),
		resize: (width, height) => page.setViewport({ width, height }),
		frames: () => page.frames(),
		evaluate: (frame, selector, fn) => frame.$eval(selector, fn),
		find: (frame, selector) => all(frame, selector),
		type: (handle, text) => handle.type(text),
		attach: (handle, paths) => handle.uploadFile(...paths),
		async press(handle) {
			await handle.focus();
			await page.keyboard.press("Enter");
		},
		key: (name) => page.keyboard.press(name),
		// Not page.goBack() and page.reload(): they wait for what never comes without JavaScript.
		back: async () => void context(page).traverseHistory(-1).catch(() => {}),
		reload: async () => void context(page).reload().catch(() => {}),
		shot: (path) => page.screenshot({ path, fullPage: true }),
		close: () => browser.close(),
	};
}
