// The npm package age-encryption opens what we seal, and we open what it seals.
//   node test_age_npm.mjs OFFLINE SEAL_FILE
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Decrypter, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";

const [offline, sealFile] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "sealslot-npm-"));
const path = (name) => join(folder, name);
const run = (program, ...args) => execFileSync(program, args, { maxBuffer: 1 << 26 });
const PASS = "correct horse é";
let passed = 0;

function same(a, b) {
	assert.ok(Buffer.from(a).equals(Buffer.from(b)));
	passed++;
}

async function x25519(size) {
	const identity = await generateIdentity();
	const recipient = await identityToRecipient(identity);
	const other = await identityToRecipient(await generateIdentity());
	const plain = randomBytes(size);
	writeFileSync(path("id"), `${identity}\n`);
	writeFileSync(path("plain"), plain);

	const theirs = new Encrypter();
	theirs.addRecipient(other);
	theirs.addRecipient(recipient);
	writeFileSync(path("sealed"), await theirs.encrypt(plain));
	same(run(offline, "open", "-i", path("id"), path("sealed")), plain);

	const sealed = run(sealFile, "-r", other, "-r", recipient, path("plain"));
	writeFileSync(path("sealed"), sealed);
	const reader = new Decrypter();
	reader.addIdentity(identity);
	same(await reader.decrypt(sealed), run(offline, "open", "-i", path("id"), path("sealed")));
}

async function passphrase(size) {
	const plain = randomBytes(size);
	writeFileSync(path("pass"), `${PASS}\n`);
	chmodSync(path("pass"), 0o600);
	writeFileSync(path("plain"), plain);

	const theirs = new Encrypter();
	theirs.setPassphrase(PASS);
	theirs.setScryptWorkFactor(12);
	writeFileSync(path("sealed"), await theirs.encrypt(plain));
	same(run(offline, "open", "-p", path("pass"), path("sealed")), plain);

	const reader = new Decrypter();
	reader.addPassphrase(PASS);
	same(await reader.decrypt(run(offline, "seal", "-p", path("pass"), path("plain"))), plain);
}

try {
	for (const size of [0, 1, 65535, 65536, 65537, 1000000]) await x25519(size);
	for (const size of [0, 100, 65536]) await passphrase(size);
} finally {
	rmSync(folder, { recursive: true });
}
console.log(`${passed} comparisons`);
