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
const VERIFY = new Map([
  ["ed25519", (key, made, data) => key.asymmetricKeyType === "ed25519" && verify(null, data, key, made)],
  ["ecdsa-p256", (key, made, data) => key.asymmetricKeyType === "ec" && verify("sha256", data, key, made)],
  ["rsa-pss-sha256", (key, made, data) => key.asymmetricKeyType === "rsa" && verify("sha256", data, { key, ...PSS }, made)],
  ["rsa-sha256", (key, made, data) => key.asymmetricKeyType === "rsa" && verify("sha256", data, key, made)],
]);
// What each scheme of license keys signs with, and what stands before the dataset where its text is what is signed.
const SCHEMES = new Map([
  ["ED25519_SIGN", ["ed25519", "key/"]],
  ["ECDSA_P256_SIGN", ["ecdsa-p256", "key/"]],
  ["RSA_2048_PKCS1_SIGN_V2", ["rsa-sha256", "key/"]],
  ["RSA_2048_PKCS1_PSS_SIGN_V2", ["rsa-pss-sha256", "key/"]],
  ["RSA_2048_PKCS1_SIGN", ["rsa-sha256", ""]],
  ["RSA_2048_PKCS1_PSS_SIGN", ["rsa-pss-sha256", ""]],
]);
const ENCODINGS = ["base64", "aes-256-gcm"];
const JWT_HEADER = "eyJhbGciOiJSUzI1NiJ9";
// The vendor signs other things with the same key. None of them is a dataset.
const NO_DATASET = ["license/", "machine/", "key/", "(request-target)", JWT_HEADER];

class Forged extends Error {}

function publicKey(text) {
  if (/^[0-9a-f]{64}$/.test(text)) {
    const key = Buffer.concat([ED25519_PREFIX, Buffer.from(text, "hex")]);
    return createPublicKey({ key, format: "der", type: "spki" });
  }
  return createPublicKey(readFileSync(text));
}

function check(algorithm, key, signature, data) {
  if (VERIFY.get(algorithm)?.(key, signature, data) !== true) {
    throw new Forged("the signature does not fit this key and algorithm");
  }
}

/** What base64 stands for. A genuine text has one spelling: any other is refused. */
function decoded(text, alphabet = "base64", padding = "") {
  const data = Buffer.from(text, alphabet);
  if (typeof text !== "string" || data.toString(alphabet) + padding !== text) {
    throw new Forged("this is not how the vendor would have written it");
  }
  return data;
}

/** The same for the letters of license keys, which are padded, but in tokens. */
function padded(text) {
  const rest = text.replace(/=+$/, "");
  return decoded(text, "base64url", "=".repeat(-rest.length & 3));
}

/** The parts between the dots, exactly so many. */
function parted(text, number) {
  const parts = text.split(".");
  if (parts.length !== number) {
    throw new Forged("the parts of this text are not those of the vendor's");
  }
  return parts;
}

/** What a signed license key says. */
function licenseKey(scheme, key, text) {
  if (scheme === "RSA_2048_PKCS1_ENCRYPT") {
    return recovered(key, padded(text));
  }
  if (scheme === "RSA_2048_JWT_RS256") {
    const [header, payload, signature] = parted(text, 3);
    if (header !== JWT_HEADER) {
      throw new Forged("the key is no token of this vendor");
    }
    check("rsa-sha256", key, decoded(signature, "base64url"), Buffer.from(`${header}.${payload}`));
    return decoded(payload, "base64url");
  }
  if (!SCHEMES.has(scheme)) {
    throw new Forged("the scheme is not known");
  }
  const [algorithm, prefix] = SCHEMES.get(scheme);
  const [signed, signature] = parted(text, 2);
  const dataset = padded(signed.slice(prefix.length));
  if (!signed.startsWith(prefix) || (!prefix && NO_DATASET.some((start) => dataset.indexOf(start) === 0))) {
    throw new Forged("the key is not of this scheme");
  }
  check(algorithm, key, padded(signature), prefix ? Buffer.from(signed) : dataset);
  return dataset;
}

/** What only the vendor can have sealed. Signatures are made likewise, but what they seal is no text. */
function recovered(key, sealed) {
  try {
    const data = publicDecrypt(key, sealed);
    new TextDecoder("utf-8", { fatal: true }).decode(data);
    return data;
  } catch {
    throw new Forged("the key was not made by this vendor");
  }
}

/** What a license file or machine file says; `secret` opens an encrypted one. */
function file(key, text, secret, now) {
  const lines = text.trim().split(/\r?\n/);
  const kind = ["license", "machine"].find((name) => lines[0] === `-----BEGIN ${name.toUpperCase()} FILE-----`);
  if (!kind || lines.at(-1) !== `-----END ${kind.toUpperCase()} FILE-----`) {
    throw new Forged("this is neither a license file nor a machine file");
  }
  const { enc, sig, alg } = JSON.parse(decoded(lines.slice(1, -1).join("")));
  const [encoding, signing, ...more] = alg.split("+");
  if (!ENCODINGS.includes(encoding) || more.length) {
    throw new Forged("the algorithm of this file is not known");
  }
  check(signing, key, decoded(sig), Buffer.from(`${kind}/${enc}`));
  const payload = encoding === "aes-256-gcm" ? opened(enc, secret) : decoded(enc);
  const { issued, expiry } = JSON.parse(payload).meta;
  if (!(Date.parse(issued) <= now + CLOCK_SKEW_MS)) {
    throw new Forged("the file was issued in the future: is the clock of this machine right?");
  }
  if (expiry !== null && !(Date.parse(expiry) >= now)) {
    throw new Forged(`the file expired at ${expiry}`);
  }
  return payload;
}

function opened(enc, secret) {
  const [sealed, nonce, tag] = parted(enc, 3).map((part) => decoded(part));
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
    return file(publicKey(rest[0]), readFileSync(rest[1], "latin1"), rest.slice(2).join(""), Date.now());
  }
  throw new Forged("usage: verify.mjs key SCHEME PUBLIC_KEY KEY | file PUBLIC_KEY FILE [LICENSE_KEY [FINGERPRINT]]");
}

try {
  process.stdout.write(`${main(process.argv.slice(2))}\n`);
} catch (error) {
  process.stderr.write(`refused: ${error.message}\n`);
  process.exitCode = 1;
}
