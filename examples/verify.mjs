// Verify a license key, a license file or a machine file offline, with the vendor's public key alone. Node 18 or newer,
// no packages.
//
//     node verify.mjs key  SCHEME PUBLIC_KEY KEY
//     node verify.mjs file PUBLIC_KEY FILE [LICENSE_KEY [FINGERPRINT]]
//
// PUBLIC_KEY is 64 hex characters (Ed25519) or the name of a PEM file (RSA, P-256). What was signed is printed as
// text; the exit status is 0 only if it is genuine and, for a file, not expired. An encrypted license file opens with
// its license key, a machine file with the license key and the fingerprint.

import { constants, createDecipheriv, createHash, createPublicKey, publicDecrypt, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";

const CLOCK_SKEW_MS = 5 * 60 * 1000;
const ED25519_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN };

// How each algorithm verifies: key, signature, data.
const VERIFY = {
  ed25519: (key, made, data) => key.asymmetricKeyType === "ed25519" && verify(null, data, key, made),
  "ecdsa-p256": (key, made, data) => key.asymmetricKeyType === "ec" && verify("sha256", data, key, made),
  "rsa-pss-sha256": (key, made, data) => key.asymmetricKeyType === "rsa" && verify("sha256", data, { key, ...PSS }, made),
  "rsa-sha256": (key, made, data) => key.asymmetricKeyType === "rsa" && verify("sha256", data, key, made),
};
// What each scheme of license keys signs with; `_V2`, Ed25519 and P-256 keys sign `key/<dataset>` as text.
const SCHEMES = {
  ED25519_SIGN: "ed25519",
  ECDSA_P256_SIGN: "ecdsa-p256",
  RSA_2048_PKCS1_SIGN_V2: "rsa-sha256",
  RSA_2048_PKCS1_PSS_SIGN_V2: "rsa-pss-sha256",
  RSA_2048_PKCS1_SIGN: "rsa-sha256",
  RSA_2048_PKCS1_PSS_SIGN: "rsa-pss-sha256",
};

class Forged extends Error {}

function publicKey(text) {
  if (/^[0-9a-f]{64}$/.test(text)) {
    const key = Buffer.concat([ED25519_PREFIX, Buffer.from(text, "hex")]);
    return createPublicKey({ key, format: "der", type: "spki" });
  }
  return createPublicKey(readFileSync(text));
}

function check(algorithm, key, signature, data) {
  if (!(algorithm in VERIFY) || !VERIFY[algorithm](key, signature, data)) {
    throw new Forged("the signature does not fit this key and algorithm");
  }
}

/** What a signed license key says. */
function licenseKey(scheme, key, text) {
  if (scheme === "RSA_2048_PKCS1_ENCRYPT") {
    return publicDecrypt(key, Buffer.from(text, "base64url"));
  }
  const dot = scheme === "RSA_2048_JWT_RS256" ? text.lastIndexOf(".") : text.indexOf(".");
  const [signed, signature] = [text.slice(0, dot), Buffer.from(text.slice(dot + 1), "base64url")];
  if (scheme === "RSA_2048_JWT_RS256") {
    check("rsa-sha256", key, signature, Buffer.from(signed));
    return Buffer.from(signed.split(".")[1], "base64url");
  }
  const dataset = Buffer.from(signed.replace(/^key\//, ""), "base64url");
  check(SCHEMES[scheme], key, signature, signed.startsWith("key/") ? Buffer.from(signed) : dataset);
  return dataset;
}

/** What a license file or machine file says; `secret` opens an encrypted one. */
function file(key, text, secret, now) {
  const lines = text.trim().split("\n");
  const kind = lines[0].includes("MACHINE") ? "machine" : "license";
  const { enc, sig, alg } = JSON.parse(Buffer.from(lines.slice(1, -1).join(""), "base64"));
  const [encoding, signing] = alg.split("+");
  check(signing, key, Buffer.from(sig, "base64"), Buffer.from(`${kind}/${enc}`));
  const payload = encoding === "aes-256-gcm" ? opened(enc, secret) : Buffer.from(enc, "base64");
  const { issued, expiry } = JSON.parse(payload).meta;
  if (Date.parse(issued) > now + CLOCK_SKEW_MS) {
    throw new Forged("the file was issued in the future: is the clock of this machine right?");
  }
  if (expiry !== null && Date.parse(expiry) < now) {
    throw new Forged(`the file expired at ${expiry}`);
  }
  return payload;
}

function opened(enc, secret) {
  const [sealed, nonce, tag] = enc.split(".").map((part) => Buffer.from(part, "base64"));
  const decipher = createDecipheriv("aes-256-gcm", createHash("sha256").update(secret).digest(), nonce, {
    authTagLength: 16,
  });
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    throw new Forged("the license key (and fingerprint) does not open this file");
  }
}

function main([what, ...rest]) {
  if (what === "key" && rest.length === 3) {
    return licenseKey(rest[0], publicKey(rest[1]), rest[2]);
  }
  if (what === "file" && rest.length >= 2 && rest.length <= 4) {
    return file(publicKey(rest[0]), readFileSync(rest[1], "ascii"), rest.slice(2).join(""), Date.now());
  }
  throw new Forged("usage: verify.mjs key SCHEME PUBLIC_KEY KEY | file PUBLIC_KEY FILE [LICENSE_KEY [FINGERPRINT]]");
}

try {
  process.stdout.write(`${main(process.argv.slice(2))}\n`);
} catch (error) {
  process.stderr.write(`refused: ${error.message}\n`);
  process.exitCode = 1;
}
