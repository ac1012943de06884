// The e-ID app in a browser. What it says stands in the page, in the reader's language; this script
// shows and fills it.

const root = document.querySelector("[data-wallet]");
const { Device, Refused, digestOf } = await import(root.dataset.device);
const language = document.documentElement.lang;
const find = (selector, within = root) => within.querySelector(selector);
const LONG_POLL_SECONDS = 20;

/** A sentence of the page by its name. */
const say = (name) => find(`[data-say="${name}"]`).textContent;
/** The label of a code (attribute, procedure, legal basis), else the code itself. */
const label = (kind, code) => {
  const known = [...root.querySelectorAll(`[data-label="${kind}"]`)].find((e) => e.dataset.code === code);
  return known ? known.textContent : code;
};
const when = (time) => new Date(time).toLocaleString(language === "vi" ? "vi-VN" : "en-GB", { dateStyle: "medium", timeStyle: "short" });

let device;
let pending = [];
let current = null;

// ---- views --------------------------------------------------------------------------------------

const TABS = ["requests", "qr", "devices", "history"];

function show(name, { focus = true } = {}) {
  for (const view of root.querySelectorAll("[data-view]")) view.hidden = view.dataset.view !== name;
  find("nav").hidden = !device?.id;
  for (const link of root.querySelectorAll("nav a")) {
    if (link.hash === `#${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const heading = find(`[data-view="${name}"] h1`);
  document.title = `${heading.textContent} – Dancu`;
  if (focus) heading.focus();
}

const tab = () => (TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "requests");

async function openTab(options) {
  const name = tab();
  current = null;
  hideQr();
  show(name, options);
  if (name === "devices") await attempt(find('[data-view="devices"]'), listDevices);
  if (name === "history") await listHistory();
}

/** A copy of a template, its `data-fill` places filled with text. */
function made(template, values) {
  const copy = find(`template[data-template="${template}"]`).content.cloneNode(true);
  for (const place of copy.querySelectorAll("[data-fill]")) place.textContent = values[place.dataset.fill] ?? "";
  return copy;
}

// ---- what goes wrong ----------------------------------------------------------------------------

function clearFaults(view) {
  find("[data-faults]", view)?.replaceChildren();
  for (const field of view.querySelectorAll(".failed")) field.classList.remove("failed");
  for (const input of view.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  for (const told of view.querySelectorAll("p.error")) told.textContent = "";
}

/** Tells a refusal at the top and beside each faulty field. */
function tellFaults(view, title, faults) {
  const box = made("faults", { title });
  for (const { pointer, detail } of faults) {
    const name = pointer.split("/")[1];
    const field = find(`[data-field="${name}"]`, view);
    const input = field && find("input", field);
    const item = document.createElement("li");
    if (input) {
      field.classList.add("failed");
      input.setAttribute("aria-invalid", "true");
      find("p.error", field).textContent = detail;
      const link = document.createElement("a");
      link.href = `#${input.id}`;
      link.textContent = detail;
      link.addEventListener("click", (event) => (event.preventDefault(), input.focus()));
      item.append(link);
    } else item.textContent = detail;
    box.querySelector("ul").append(item);
  }
  const place = find("[data-faults]", view);
  place.replaceChildren(box);
  place.firstElementChild.focus();
}

async function attempt(view, work) {
  const buttons = [...view.querySelectorAll("button")];
  clearFaults(view);
  buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refused)) console.error(error);
    if (error instanceof Refused && error.slug === "device-signature-invalid" && device.id) return show("unknown");
    const title = error instanceof Refused ? error.message : say("no-connection");
    const wait = error.retryAfter ? [{ pointer: "", detail: `${say("try-after")} ${error.retryAfter} s.` }] : [];
    tellFaults(view, title, [...(error.faults || []), ...wait]);
  } finally {
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
  }
}

/** Ends this device, because its holder says so: nothing else deletes a key that cannot come back. */
async function forget(view) {
  await device.forget();
  pending = [];
  listRequests();
  show(view);
}

function onSubmit(view, work) {
  const form = find(`form[data-form="${view}"]`);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.submitter?.getAttribute("aria-disabled") === "true") return;
    attempt(form.closest("[data-view]"), () => work(new FormData(form), form, event.submitter));
  });
}

// ---- enrolment ----------------------------------------------------------------------------------

/** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, as far as it was given. */
function birthDate(form) {
  const [day, month, year] = ["day", "month", "year"].map((name) => form.get(name).trim());
  const two = (number) => number.padStart(2, "0");
  return [year, month && two(month), month && day && two(day)].filter(Boolean).join("-");
}

onSubmit("enrol", async (form) => {
  const answer = await device.call("POST", "/v1/eid/accounts", {
    id_number: form.get("id_number").replace(/\s/g, ""),
    full_name: form.get("full_name"),
    date_of_birth: birthDate(form),
  });
  await device.keep({ activation: { id: answer.activation_id, expires: answer.expires_at } });
  openActivation();
});

function openActivation() {
  const known = device.activation;
  const field = find("#activation_id");
  field.value = known?.id || "";
  field.closest(".field").hidden = Boolean(known);
  find('[data-show="sent"]').hidden = !known;
  find("#device_name").value ||= navigator.userAgentData?.platform || navigator.platform || "Web";
  show("activate");
}

onSubmit("activate", async (form, element) => {
  if (form.get("passcode") !== form.get("again")) {
    return tellFaults(element.closest("[data-view]"), say("check-fields"), [
      { pointer: "/again", detail: say("passcodes-differ") },
    ]);
  }
  const answer = await device.call("POST", "/v1/eid/accounts/activate", {
    activation_id: form.get("activation_id").trim(),
    code: form.get("code").replace(/\s/g, ""),
    passcode: form.get("passcode"),
    device_name: form.get("device_name").trim(),
  });
  element.reset();
  await device.keep({ deviceId: answer.device_id, activation: undefined });
  history.replaceState(null, "", "#requests");
  await openTab();
  watch();
});

// ---- requests -----------------------------------------------------------------------------------

function listRequests() {
  find('[data-show="none-pending"]').hidden = pending.length > 0;
  const list = find("[data-requests]");
  const focused = list.contains(document.activeElement) && document.activeElement.dataset.id;
  list.replaceChildren(
    ...pending.map((request) => {
      const { client, expires_at } = request.shown;
      const item = made("request", { client: client.name, until: when(expires_at) });
      const button = item.querySelector("button");
      button.dataset.id = request.transaction_id;
      button.addEventListener("click", () => openRequest(request));
      if (focused === request.transaction_id) requestAnimationFrame(() => button.focus());
      return item;
    }),
  );
}

const read = (request) => ({ ...request, shown: JSON.parse(request.statement) });

function openRequest(request) {
  current = request;
  const { client, attributes, procedure, legal_basis, message, place, channel, consent_seconds, level, expires_at } = request.shown;
  const facts = find("[data-facts]");
  const fact = (name, ...values) => {
    const row = made("fact", { name: say(name) });
    for (const value of values) {
      const line = document.createElement("div");
      line.textContent = value;
      row.querySelector("dd").append(line);
    }
    return row;
  };
  const rows = [fact("who", client.name)];
  rows.push(fact("what", ...(attributes.length ? attributes.map((code) => label("attribute", code)) : [say("nothing")])));
  const reasons = [procedure && label("procedure", procedure), legal_basis && label("legal-basis", legal_basis)].filter(Boolean);
  if (reasons.length) rows.push(fact("why", ...reasons));
  if (message) rows.push(fact("message", message));
  rows.push(fact("where", ...[place, say(channel)].filter(Boolean)));
  if (consent_seconds) rows.push(fact("consent", `${Math.max(1, Math.round(consent_seconds / 86400))} ${say("days")}`));
  rows.push(fact("until", when(expires_at)));
  facts.replaceChildren(...rows);
  const form = find('form[data-form="request"]');
  form.reset();
  clearFaults(form.closest("[data-view]"));
  const passcode = find("#passcode");
  const needed = /l2$/.test(level);
  passcode.closest(".field").hidden = !needed;
  passcode.required = needed;
  find("[data-approve]").textContent = consent_seconds ? say("approve-and-consent") : say("approve");
  show("request");
}

async function decide(decision, form) {
  const request = current;
  const approval = {
    transaction: request.transaction_id,
    statement: await digestOf(request.statement),
    ...(decision === "approve" && { digits: form.get("digits").trim() }),
    decision,
  };
  const passcode = form.get("passcode");
  const body = decision === "approve" && passcode ? { passcode } : {};
  const path = `/v1/eid/transactions/${request.transaction_id}/${decision}`;
  let outcome;
  try {
    outcome = (await device.call("POST", path, body, { approval })).outcome;
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 409) throw error;
    outcome = "over";
  }
  await device.remember({ at: Date.now(), client: request.shown.client.name, attributes: request.shown.attributes, outcome });
  pending = pending.filter((other) => other !== request);
  current = null;
  listRequests();
  show(`outcome-${outcome}`);
}

onSubmit("request", async (form, element, submitter) => {
  if (submitter?.value === "reject") return decide("reject", form);
  if (!/^\d{2}$/.test(form.get("digits").trim())) {
    return tellFaults(element.closest("[data-view]"), say("check-fields"), [{ pointer: "/digits", detail: say("two-digits") }]);
  }
  await decide("approve", form);
});

onSubmit("scan", async (form, element) => {
  const claimed = read(await device.call("POST", "/v1/eid/transactions/claim", { scan: form.get("scan").trim() }));
  element.reset();
  pending = [...pending.filter((other) => other.transaction_id !== claimed.transaction_id), claimed];
  listRequests();
  openRequest(claimed);
});

if ("BarcodeDetector" in window) {
  const photo = find("#photo");
  photo.closest(".field").hidden = false;
  photo.addEventListener("change", () =>
    attempt(photo.closest("[data-view]"), async () => {
      const picture = await createImageBitmap(photo.files[0]);
      const [code] = await new window.BarcodeDetector({ formats: ["qr_code"] }).detect(picture);
      photo.value = "";
      if (!code) return tellFaults(photo.closest("[data-view]"), say("check-fields"), [{ pointer: "/photo", detail: say("no-qr") }]);
      find("#scan").value = code.rawValue;
      find('form[data-form="scan"]').requestSubmit();
    }),
  );
}

let watching = false;
async function watch() {
  if (watching) return;
  watching = true;
  try {
    await watchNews();
  } finally {
    watching = false;
  }
}

async function watchNews() {
  const news = find("[data-news]");
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  for (let failures = 0; device.id; ) {
    const began = performance.now();
    try {
      const known = pending.map((request) => request.transaction_id);
      const answer = await device.call("POST", "/v1/eid/transactions", { wait_seconds: LONG_POLL_SECONDS, known });
      const fresh = answer.transactions.map(read);
      const added = fresh.filter((request) => !known.includes(request.transaction_id));
      pending = fresh;
      listRequests();
      if (added.length) news.textContent = `${say("new-request")} ${added[0].shown.client.name}`;
      else if (failures) news.textContent = "";
      failures = 0;
    } catch (error) {
      if (error instanceof Refused && error.slug === "device-signature-invalid") return device.id && show("unknown");
      failures += 1;
      if (failures > 1) news.textContent = say("no-connection");
    }
    await pause(Math.max(1000 * Math.min(16, 2 ** failures) - 1000, 1000 - (performance.now() - began), 0));
  }
}

// ---- own QR -------------------------------------------------------------------------------------

let fading;
onSubmit("qr", async (form, element) => {
  const body = { audience: form.get("audience").trim(), attributes: form.getAll("attributes"), passcode: form.get("passcode") };
  const issued = await device.call("POST", "/v1/eid/qr", body);
  const nonce = form.get("nonce").trim();
  const countersignature = await device.countersign(issued.credential, { audience: issued.audience, nonce });
  const { image } = await device.call("POST", "/v1/eid/qr/image", { credential: issued.credential, countersignature });
  const drawn = new DOMParser().parseFromString(image, "image/svg+xml").documentElement;
  find("[data-own-qr]").replaceChildren(document.importNode(drawn, true));
  find("[data-own-qr-for]").textContent = issued.audience_name;
  find("[data-own-qr-until]").textContent = when(issued.expires_at);
  element.querySelector('[name="passcode"]').value = "";
  const shown = find('[data-show="own-qr"]');
  shown.hidden = false;
  shown.focus();
  // Whoever picks the screen up later finds nothing.
  clearTimeout(fading);
  fading = setTimeout(hideQr, Math.max(0, Date.parse(issued.expires_at) - Date.now() - device.ahead));
});

function hideQr() {
  find('[data-show="own-qr"]').hidden = true;
  find("[data-own-qr]").replaceChildren();
}

// ---- devices, history ---------------------------------------------------------------------------

async function listDevices() {
  const account = await device.call("GET", "/v1/eid/accounts");
  find("[data-level]").textContent = say(account.account_level);
  find("#scanned_only").checked = account.scanned_only;
  const { devices } = await device.call("GET", "/v1/eid/devices");
  find("[data-devices]").replaceChildren(
    ...devices.map((known) => {
      const item = made("device", { name: known.name, added: when(known.added_at) });
      item.querySelector("[data-current]").hidden = !known.current;
      item.querySelector("[data-locked]").hidden = !known.locked;
      const button = item.querySelector("button");
      button.setAttribute("aria-label", `${button.textContent}: ${known.name}`);
      button.addEventListener("click", () => confirmRemoval(known));
      return item;
    }),
  );
}

let removed = null;
function confirmRemoval(known) {
  removed = known;
  find("[data-removed]").textContent = known.name;
  find('[data-show="own"]').hidden = !known.current;
  const passcode = find("#remove-passcode");
  passcode.closest(".field").hidden = known.current;
  passcode.required = !known.current;
  show("remove");
}

onSubmit("remove", async (form, element) => {
  const body = removed.current ? {} : { passcode: form.get("passcode") };
  await device.call("POST", `/v1/eid/devices/${removed.device_id}/revoke`, body);
  element.reset();
  if (removed.current) return forget("revoked");
  await openTab();
});

onSubmit("invite", async (form, element) => {
  const answer = await device.call("POST", "/v1/eid/devices", { passcode: form.get("passcode") });
  element.reset();
  element.hidden = true;
  find("[data-invitation-id]").textContent = answer.activation_id;
  find("[data-invitation-code]").textContent = answer.code;
  find("[data-invitation-until]").textContent = when(answer.expires_at);
  find('[data-show="invitation"]').hidden = false;
});

onSubmit("passcode", async (form, element) => {
  const [old, code] = [form.get("passcode"), form.get("code").replace(/\s/g, "")];
  const body = { ...(old && { passcode: old }), ...(code && { code }), new_passcode: form.get("new_passcode") };
  await device.call("POST", "/v1/eid/devices/passcode", body);
  element.reset();
  await openTab();
  find("[data-changed]").textContent = say("changed");
});

find("#scanned_only").addEventListener("change", (event) => {
  // To be asked again by whoever knows the number takes the passcode.
  if (!event.target.checked) return (event.target.checked = true), show("unscanned");
  attempt(event.target.closest("[data-view]"), async () => {
    await device.call("POST", "/v1/eid/accounts/settings", { scanned_only: true });
    find("[data-changed]").textContent = say("changed");
  });
});

onSubmit("unscanned", async (form, element) => {
  await device.call("POST", "/v1/eid/accounts/settings", { scanned_only: false, passcode: form.get("passcode") });
  element.reset();
  await openTab();
  find("[data-changed]").textContent = say("changed");
});

async function listHistory() {
  const decisions = await device.history();
  find('[data-show="no-history"]').hidden = decisions.length > 0;
  find("[data-history]").hidden = decisions.length === 0;
  find("[data-history] tbody").replaceChildren(
    ...decisions.map(({ at, client, attributes, outcome }) =>
      made("decision", {
        at: when(at),
        client,
        attributes: attributes.map((code) => label("attribute", code)).join(", ") || say("nothing"),
        outcome: say(`was-${outcome}`),
      }),
    ),
  );
}

// ---- begin --------------------------------------------------------------------------------------

root.addEventListener("click", (event) => {
  const to = event.target.closest("[data-open]")?.dataset.open;
  if (!to) return;
  if (to === "activate") openActivation();
  else if (to === "tab") openTab();
  else if (to === "invite") {
    find('form[data-form="invite"]').hidden = false;
    find('[data-show="invitation"]').hidden = true;
    show("invite");
  }
  else if (to === "forget") forget("welcome");
  else if (to === "try-again") openTab().then(watch);
  else if (to === "begin-again") device.keep({ activation: undefined }).then(() => show("enrol"));
  else show(to);
});
addEventListener("hashchange", () => device?.id && openTab());

if (!window.isSecureContext || !crypto.subtle || !window.indexedDB) show("unsupported", { focus: false });
else {
  device = await Device.open(root.dataset.issuer, language);
  if (device.id) {
    await openTab({ focus: false });
    watch();
  } else if (device.activation && Date.parse(device.activation.expires) > Date.now()) openActivation();
  else show("welcome", { focus: false });
}
root.dataset.ready = "true";
