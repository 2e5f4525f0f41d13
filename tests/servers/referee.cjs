// What @sigstore/verify says of proofs: one case a line on standard input, one word a line on standard output.
"use strict";

const crypto = require("node:crypto");
const readline = require("node:readline");
const { verifyCheckpoint } = require("@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = require("@sigstore/verify/dist/tlog/merkle.js");
const { VerificationError } = require("@sigstore/verify/dist/error.js");

const ED25519 = Buffer.from("302a300506032b6570032100", "hex"); // the head of a SubjectPublicKeyInfo (RFC 8410)

function logOf(vkey) {
  const [, name, id, material] = vkey.match(/^([^+]+)\+([0-9a-f]{8})\+(.+)$/);
  const key = Buffer.concat([ED25519, Buffer.from(material, "base64").subarray(1)]);
  const publicKey = crypto.createPublicKey({ key, format: "der", type: "spki" });
  return { logID: Buffer.from(id, "hex"), baseURL: name, publicKey };
}

function judge(asked) {
  const inclusionProof = {
    logIndex: asked.index,
    hashes: asked.path.map((line) => Buffer.from(line, "base64")),
    checkpoint: { envelope: Buffer.from(asked.note, "base64").toString("utf8") },
  };
  const entry = { inclusionProof, canonicalizedBody: Buffer.from(asked.leaf, "base64") };
  try {
    verifyMerkleInclusion(entry, verifyCheckpoint(entry, [logOf(asked.vkey)]));
    return "accepted";
  } catch (error) {
    if (error instanceof VerificationError) return "refused";
    throw error;
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => console.log(judge(JSON.parse(line))));
