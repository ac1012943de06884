// What the desk gains by a script: a camera that reads codes, a scanner that may type anywhere, and
// deadlines that count down. Everything else is forms, which work without it.
"use strict";
(() => {
  const printer = document.querySelector("[data-print]");
  if (printer) {
    printer.hidden = false;
    printer.addEventListener("click", () => print());
  }
  const desk = document.querySelector("[data-desk]");
  if (!desk) return;

  // --- deadlines ---------------------------------------------------------------------------------
  // The server's clock counts, not this machine's.
  const ahead = Number(desk.dataset.now) - Date.now();
  const tick = () => {
    for (const clock of document.querySelectorAll("[data-until]")) {
      const minutes = (Number(clock.dataset.until) - Date.now() - ahead) / 60000;
      const words = minutes < 0 ? desk.dataset.over : desk.dataset.left;
      const whole = Math.floor(Math.abs(minutes));
      const hours = whole < 120 ? "" : `${Math.floor(whole / 60)} ${desk.dataset.hours} `;
      clock.textContent = words.replace("#", `${hours}${hours ? whole % 60 : whole} ${desk.dataset.minutes}`);
      clock.classList.toggle("over", minutes < 0);
    }
  };
  setInterval(tick, 5000);

  // --- files: one press sends them once ----------------------------------------------------------
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", () => {
      const buttons = [...document.querySelectorAll("button")];
      setTimeout(() => buttons.forEach((button) => (button.disabled = true)));
    });
  }
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  // --- scanning ----------------------------------------------------------------------------------
  const form = document.querySelector("form[data-scan]");
  if (!form) return;
  const field = form.elements.scan;
  const button = form.querySelector("[data-camera]");
  const box = form.querySelector("[data-picture]");
  const video = form.querySelector("video");
  const news = form.querySelector("[data-news]");
  const patience = Number(form.dataset.patience);
  let stream = null;
  let sent = false;

  const say = (word) => {
    news.textContent = word ? form.dataset[word] : "";
    news.hidden = !word;
  };

  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    box.hidden = true;
    button.textContent = form.dataset.start;
  };

  const detector = async () => {
    if (!("BarcodeDetector" in window)) return null;
    const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  };

  const byBrowser = async (reader) => (await reader.detect(video).catch(() => []))[0]?.rawValue || null;

  // Why the service read nothing in the last frame, other than that it found no code.
  let reason = null;
  const canvas = document.createElement("canvas");
  const byService = async () => {
    const scale = Math.min(1, 1600 / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    const frame = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
    const answer = await fetch(form.dataset.frames, {
      method: "POST",
      body: frame,
      headers: { "Content-Type": "image/jpeg", Accept: "application/json" },
      // A frame that is under way when the time is over is waited for: the service may be busy.
      signal: AbortSignal.timeout(5 * patience),
    }).catch(() => null);
    // No answer in time, too: the service is busy, and the card is as good as it was.
    const busy = !answer || answer.status === 429 || answer.status === 503;
    reason = busy ? "busy" : answer.status === 422 ? "crowded" : null;
    return answer?.status === 200 ? (await answer.json()).text : null;
  };

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  // A code within the time, or null. The browser's own reader comes first; the service reads worse
  // pictures than it does.
  const look = async (reader) => {
    const began = performance.now();
    reason = null;
    for (let passed = 0; stream && passed < patience; passed = performance.now() - began) {
      const text = (reader && (await byBrowser(reader))) || ((!reader || passed > 700) && (await byService()));
      if (text) return text;
      await pause(reason === "busy" ? 500 : 100);
    }
    return null;
  };

  const start = async () => {
    say("opening");
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 960 } },
      });
    } catch (refusal) {
      stream = null;
      return say(refusal.name === "NotAllowedError" ? "refused" : "missing");
    }
    button.textContent = form.dataset.stop;
    box.hidden = false;
    video.srcObject = stream;
    await video.play();
    say("looking");
    const text = await look(await detector());
    const stopped = !stream;
    stop();
    if (text) {
      say("read");
      field.value = text;
      form.requestSubmit();
    } else if (!stopped) {
      say(reason ?? "unread");
      field.focus();
    } else {
      say(null);
    }
  };

  const camera = Boolean(navigator.mediaDevices?.getUserMedia);
  if (camera) {
    button.hidden = false;
    form.querySelector("[data-by-enter]").hidden = false;
    button.addEventListener("click", () => (stream ? stop() : start()));
  }

  // A scanner that types into the room's field means the other one: no room has such a sign.
  const room = form.elements.room;
  room.addEventListener("input", () => {
    if (!room.value.includes("|")) return;
    field.value = room.value;
    room.value = "";
    field.focus();
  });

  form.addEventListener("submit", (event) => {
    if (!field.value && camera) {
      event.preventDefault();
      if (!stream) start();
    } else if (sent) {
      event.preventDefault();
    } else {
      sent = true;
    }
  });

  // A scanner types wherever the cursor is not.
  addEventListener("keydown", (event) => {
    const busy = event.target.closest?.("input,select,textarea,button,a,summary");
    if (!busy && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) field.focus();
  });
})();
