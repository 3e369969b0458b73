// Judges pages: a JSON object { name: html } on standard input; exit 1 when one isn't valid HTML5.
import { readFileSync } from "node:fs";
import { HtmlValidate } from "html-validate";

const judge = new HtmlValidate({
	extends: ["html-validate:standard", "html-validate:a11y"],
	rules: {
		"doctype-style": ["error", { style: "lowercase" }],
		"form-dup-name": "off", // the file fields share their name, as HTML permits
		"no-inline-style": "error",
		"prefer-native-element": "error",
		"long-title": "off",
	},
});
const pages = JSON.parse(readFileSync(0, "utf8"));
let faults = 0;
for (const [name, html] of Object.entries(pages)) {
	const { results } = await judge.validateString(html);
	for (const { messages } of results)
		for (const m of messages) {
			console.log(`${name}:${m.line}:${m.column}: ${m.message} (${m.ruleId})`);
			faults++;
		}
}
console.log(`${Object.keys(pages).length} pages, ${faults} faults`);
process.exit(faults ? 1 : 0);
