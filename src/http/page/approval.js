// Waits for a decision that is taken on another device. The page itself knows every state: this
// script only counts the time down and loads the page again when the state has changed.
"use strict";
(() => {
  const box = document.querySelector("[data-poll]");
  if (!box) return;
  const clock = box.querySelector("[data-clock]");
  const news = box.querySelector("[data-news]");
  const ends = performance.now() + Number(box.dataset.seconds) * 1000;
  let over = false;

  const again = () => {
    if (over) return;
    over = true;
    location.replace(box.dataset.here);
  };

  const tick = () => {
    const left = Math.max(0, Math.round((ends - performance.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left === 60) news.textContent = news.dataset.minute;
    if (left === 0) again();
  };

  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  const watch = async () => {
    for (let failures = 0; !over; ) {
      const began = performance.now();
      try {
        const answer = await fetch(box.dataset.poll, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (answer.ok) {
          failures = 0;
          news.textContent = news.textContent === news.dataset.lost ? "" : news.textContent;
          if ((await answer.json()).state !== box.dataset.state) return again();
        } else if (answer.status === 429 || answer.status >= 500) {
          failures += 1;
        } else {
          return again();
        }
      } catch {
        failures += 1;
      }
      if (failures > 1) news.textContent = news.dataset.lost;
      // The endpoint may answer at once: never more than one question a second.
      await pause(Math.max(1000 * Math.min(8, 2 ** failures), 1000 - (performance.now() - began)));
    }
  };

  // A form of this page is on its way, and may end the request: what it brings must not be overtaken.
  addEventListener("submit", () => (over = true));
  setInterval(tick, 1000);
  watch();
  // A page that comes back from the browser's memory may show an ended request.
  addEventListener("pageshow", (event) => event.persisted && location.reload());
})();
