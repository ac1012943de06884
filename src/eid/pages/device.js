// A device of an e-ID account in this browser: its key, which cannot be read out, and requests that
// it signs (docs/eid.md).

const STORE = "keep";
const DEVICE = "device";
const HISTORY = "history";
const KEPT_DECISIONS = 100;
const text = new TextEncoder();

const base64url = (bytes) => {
  let binary = "";
  for (const byte of new Uint8Array(bytes)) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};

const sha256 = async (bytes) => base64url(await crypto.subtle.digest("SHA-256", bytes));

const fromBase64url = (written) => Uint8Array.from(atob(written.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

// CBOR (RFC 8949), as far as a countersignature needs it.
const head = (major, n) => {
  if (n < 24) return [(major << 5) | n];
  const size = n < 0x100 ? 1 : n < 0x10000 ? 2 : 4;
  return [(major << 5) | (23 + [0, 1, 2, 0, 3][size]), ...Array.from({ length: size }, (_, i) => (n >>> (8 * (size - 1 - i))) & 255)];
};
const cborBytes = (bytes) => [...head(2, bytes.length), ...bytes];
const cborText = (value) => [...head(3, text.encode(value).length), ...text.encode(value)];
/** The byte string at `at`, and where what follows it begins. */
const bytesAt = (cbor, at) => {
  const info = cbor[at] & 31;
  const size = info < 24 ? 0 : 1 << (info - 24);
  const length = size ? cbor.slice(at + 1, at + 1 + size).reduce((n, byte) => n * 256 + byte, 0) : info;
  if (cbor[at] >> 5 !== 2) throw new Error("not a credential");
  return [cbor.slice(at + 1 + size, at + 1 + size + length), at + 1 + size + length];
};

const asked = (request) =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

/** The digest of a statement, as an approval names it. */
export const digestOf = (statement) => sha256(text.encode(statement));

/** A refusal: the problem's slug, its title and the faulty fields, in the page's language. */
export class Refused extends Error {
  constructor(status, problem, retryAfter) {
    super(problem?.title || String(status));
    this.status = status;
    this.slug = (problem?.type || "").split("/").pop();
    this.faults = problem?.errors || [];
    this.retryAfter = Number(retryAfter) || 0;
  }
}

export class Device {
  /** What this browser keeps: nothing, an activation that waits for its code, or a device. */
  static async open(issuer, language) {
    const opening = indexedDB.open("dancu-wallet", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const device = new Device();
    Object.assign(device, { db: await asked(opening), issuer, language, ahead: 0 });
    device.kept = (await device.read(DEVICE)) || {};
    return device;
  }

  read(name) {
    return asked(this.db.transaction(STORE).objectStore(STORE).get(name));
  }

  write(name, value) {
    return asked(this.db.transaction(STORE, "readwrite").objectStore(STORE).put(value, name));
  }

  get id() {
    return this.kept.deviceId;
  }

  get activation() {
    return this.kept.activation;
  }

  /** Adds to what is kept. */
  async keep(more) {
    this.kept = { ...this.kept, ...more };
    await this.write(DEVICE, this.kept);
  }

  /** Forgets key and history. */
  async forget() {
    this.kept = {};
    await asked(this.db.transaction(STORE, "readwrite").objectStore(STORE).clear());
  }

  async key() {
    if (!this.kept.key) {
      const curve = { name: "ECDSA", namedCurve: "P-256" };
      await this.keep({ key: await crypto.subtle.generateKey(curve, false, ["sign", "verify"]) });
    }
    return this.kept.key;
  }

  async history() {
    return (await this.read(HISTORY)) || [];
  }

  async remember(decision) {
    await this.write(HISTORY, [decision, ...(await this.history())].slice(0, KEPT_DECISIONS));
  }

  async signature(method, path, body, approval) {
    const key = await this.key();
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", key.publicKey);
    const who = this.id ? { kid: this.id } : { jwk: { kty, crv, x, y } };
    const claims = {
      aud: this.issuer,
      htm: method,
      htp: path,
      bsh: await sha256(body),
      iat: Math.floor((Date.now() + this.ahead) / 1000),
      jti: crypto.randomUUID(),
      ...(approval && { approval }),
    };
    const part = (value) => base64url(text.encode(JSON.stringify(value)));
    const signed = `${part({ typ: "dancu-device+jwt", alg: "ES256", ...who })}.${part(claims)}`;
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    return `${signed}.${base64url(await crypto.subtle.sign(algorithm, key.privateKey, text.encode(signed)))}`;
  }

  /** Signs over a credential that is bound to this device's key (RFC 9338): for whom, when, and the reader's nonce. */
  async countersign(credential, { audience, nonce }) {
    const cbor = fromBase64url(credential);
    // Tag 18 and the head of an array of four; an empty map before the payload.
    const [body, map] = bytesAt(cbor, 2);
    const [payload, rest] = bytesAt(cbor, map + 1);
    const [signature] = bytesAt(cbor, rest);
    const now = Math.floor((Date.now() + this.ahead) / 1000);
    const claims = [...head(5, nonce ? 3 : 2), 3, ...cborText(audience), 6, ...head(0, now), ...(nonce ? [10, ...cborText(nonce)] : [])];
    // ES256 is -7.
    const header = [0xa2, 1, 0x26, 15, ...claims];
    const parts = [cborText("CounterSignatureV2"), cborBytes(body), cborBytes(header), [0x40], cborBytes(payload), [0x81], cborBytes(signature)];
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const signed = new Uint8Array([0x86, ...parts.flat()]);
    const own = new Uint8Array(await crypto.subtle.sign(algorithm, (await this.key()).privateKey, signed));
    return base64url(new Uint8Array([0x83, ...cborBytes(header), 0xa0, ...cborBytes(own)]));
  }

  /** A signed request; the answer's JSON. Throws `Refused`, or `TypeError` without a connection. */
  async call(method, path, value, { approval, signal } = {}) {
    const body = text.encode(value === undefined ? "" : JSON.stringify(value));
    const ask = async () =>
      fetch(path, {
        method,
        body: value === undefined ? undefined : body,
        headers: {
          Authorization: `Device ${await this.signature(method, path, body, approval)}`,
          Accept: "application/json",
          "Accept-Language": this.language,
          ...(value !== undefined && { "Content-Type": "application/json" }),
        },
        cache: "no-store",
        credentials: "omit",
        signal,
      });
    let answer = await ask();
    if (answer.status === 401) {
      // This machine's clock may be wrong: the server's counts. Else something came between: once more.
      const ahead = Date.parse(answer.headers.get("Date")) - Date.now();
      if (Math.abs(ahead - this.ahead) > 5000) this.ahead = ahead;
      answer = await ask();
    }
    const said = await answer.json().catch(() => null);
    if (!answer.ok) throw new Refused(answer.status, said, answer.headers.get("Retry-After"));
    return said;
  }
}
