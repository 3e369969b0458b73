// Every published age test vector of the kinds we open (X25519 and scrypt, not
// armored) must give its published verdict, and its plaintext if it has one.
//
//   node test_vectors.mjs AGE_VECTOR
//
// A damaged file is published with the hash of what a reader releases that goes
// from front to back. Such a reader stands below, made of node's own primitives;
// ours authenticates the end first and so may release less, never other bytes.
import { execFileSync } from "node:child_process";
import { createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import * as cctv from "cctv-age";

const EXPECTED = { applied: 93, skipped: 50 }; // of cctv-age 0.2.0, the version in package.json
const CHUNK = 65536, TAG = 16, NONCE = 16;
const program = process.argv[2];
const vectors = Object.entries(cctv).filter(([, bytes]) => bytes instanceof Uint8Array);
const folder = mkdtempSync(join(tmpdir(), "sealslot-vectors-"));
const count = {};
const skipped = {};
const failures = [];
let withheld = 0;

function parse(bytes) {
	const end = Buffer.from(bytes).indexOf("\n\n");
	const fields = {};
	for (const line of Buffer.from(bytes).subarray(0, end).toString().split("\n")) {
		const at = line.indexOf(": ");
		(fields[line.slice(0, at)] ??= []).push(line.slice(at + 2));
	}
	const rest = bytes.subarray(end + 2);
	return { fields, age: fields.compressed ? inflateSync(rest) : Buffer.from(rest) };
}

// Why a vector isn't for us, or undefined.
function otherKind(fields) {
	if (fields.armored) return "armored";
	const identities = fields.identity ?? [];
	if (identities.length > 0 && identities.every((id) => !id.startsWith("AGE-SECRET-KEY-1")))
		return "post-quantum identity";
}

function openChunk(key, counter, isLast, sealed) {
	const nonce = Buffer.alloc(12);
	nonce.writeUInt32BE(counter, 7);
	nonce[11] = isLast ? 1 : 0;
	try {
		const d = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: TAG });
		d.setAuthTag(sealed.subarray(-TAG));
		return Buffer.concat([d.update(sealed.subarray(0, -TAG)), d.final()]);
	} catch {
		return undefined;
	}
}

// What a reader from front to back hands out, until the end or the first error.
function released({ fields, age }) {
	const start = age.indexOf("\n", age.indexOf("\n--- ") + 1) + 1 + NONCE;
	const fileKey = Buffer.from(fields["file key"][0], "hex");
	const key = Buffer.from(hkdfSync("sha256", fileKey, age.subarray(start - NONCE, start), "payload", 32));
	const plain = [];
	for (let at = start, counter = 0; at + TAG <= age.length; at += CHUNK + TAG, counter++) {
		const sealed = age.subarray(at, at + CHUNK + TAG);
		const middle = openChunk(key, counter, false, sealed);
		const chunk = middle?.length === CHUNK ? middle : openChunk(key, counter, true, sealed);
		if (!chunk || (chunk.length === 0 && counter > 0)) break;
		plain.push(chunk);
		if (chunk !== middle) break;
	}
	return Buffer.concat(plain);
}

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function judge(vector, file) {
	const { fields } = vector;
	const [verdict, hash, size] = execFileSync(program, [file], { encoding: "utf8" }).split("\n");
	const expect = fields.expect[0];
	if (verdict !== expect) return `${verdict}, not ${expect}`;
	count[expect] = (count[expect] ?? 0) + 1;
	if (!fields.payload) return size === "0" ? undefined : `released ${size} bytes`;
	const plain = released(vector);
	if (sha256(plain) !== fields.payload[0]) return "the reference reader doesn't give the published hash";
	if (verdict === "success" && hash !== fields.payload[0]) return "another plaintext";
	if (Number(size) > plain.length || hash !== sha256(plain.subarray(0, Number(size))))
		return `released ${size} bytes that aren't the beginning of the plaintext`;
	if (Number(size) < plain.length) withheld++;
}

try {
	for (const [name, bytes] of vectors) {
		const vector = parse(bytes);
		const reason = otherKind(vector.fields);
		if (reason) {
			skipped[reason] = (skipped[reason] ?? 0) + 1;
			continue;
		}
		const file = join(folder, name);
		writeFileSync(file, bytes);
		const failure = judge(vector, file);
		if (failure) failures.push(`${name}: ${failure}`);
	}
} finally {
	rmSync(folder, { recursive: true });
}

const sum = (o) => Object.values(o).reduce((a, b) => a + b, 0);
console.log("as published:", count, "of another kind:", skipped);
console.log(`of the damaged ones, ${withheld} released less than a reader from front to back does`);
for (const failure of failures) console.log(failure);
if (vectors.length === 0) console.log("no vectors found");
const isComplete = sum(count) === EXPECTED.applied && sum(skipped) === EXPECTED.skipped;
if (!isComplete) console.log(`${sum(count)} agree and ${sum(skipped)} were left out, not`, EXPECTED);
process.exit(failures.length === 0 && isComplete ? 0 : 1);
