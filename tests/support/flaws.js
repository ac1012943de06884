// Checks of a page that need no eye: names, labels, headings, landmarks, contrast, width.
const flaws = [];
const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && e.getClientRects().length > 0;
const tell = (what, e) => flaws.push(`${what}: ${e.outerHTML.slice(0, 120)}`);
const all = (selector) => [...document.querySelectorAll(selector)];

if (!["vi", "en"].includes(document.documentElement.lang)) flaws.push("the page does not say its language");
if (!document.title.trim() || document.title.startsWith("–")) flaws.push("the page has no title");
if (all("main").length !== 1) flaws.push("there is not one main landmark");
const firsts = all("h1").filter(shown);
if (firsts.length !== 1) flaws.push(`there are ${firsts.length} visible first headings`);
let level = 1;
for (const heading of all("h1,h2,h3,h4").filter(shown)) {
  const own = Number(heading.tagName[1]);
  if (own > level + 1) tell("a heading skips a level", heading);
  level = own;
}
const ids = new Set();
for (const e of all("[id]")) {
  if (ids.has(e.id)) tell("an id occurs twice", e);
  ids.add(e.id);
}
for (const e of all("[aria-describedby],[aria-labelledby]")) {
  for (const name of ["aria-describedby", "aria-labelledby"]) {
    for (const id of (e.getAttribute(name) || "").split(/\s+/).filter(Boolean)) {
      if (!ids.has(id)) tell(`${name} names nothing`, e);
    }
  }
}
for (const e of all("input:not([type=hidden]),select,textarea").filter(shown)) {
  if (!e.labels?.length && !e.ariaLabel && !e.getAttribute("aria-labelledby")) tell("a field has no label", e);
}
for (const e of all("a[href],button,summary").filter(shown)) {
  if (!(e.innerText.trim() || e.ariaLabel || e.querySelector("img[alt]:not([alt=''])"))) tell("it has no name", e);
  const box = e.getBoundingClientRect();
  const inText = e.tagName === "A" && getComputedStyle(e).display === "inline";
  if (!inText && !e.classList.contains("skip") && (box.height < 24 || box.width < 24)) tell("it is too small a target", e);
}
for (const e of all("img")) if (!e.hasAttribute("alt")) tell("a picture has no text", e);
for (const e of all("svg").filter((e) => shown(e) && !e.closest("[role=img]"))) {
  if (e.getAttribute("aria-hidden") !== "true" && e.getAttribute("role") !== "img") tell("a drawing has no role", e);
}
for (const e of all("[tabindex]")) if (Number(e.getAttribute("tabindex")) > 0) tell("it changes the order of tabs", e);
for (const e of all("[style],[onclick],style,script:not([src]):not([type='application/json'])")) tell("it is inline", e);
if (document.documentElement.scrollWidth > window.innerWidth + 1) {
  flaws.push(`the page is wider (${document.documentElement.scrollWidth}) than the screen (${window.innerWidth})`);
}

const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const colour = (text) => text.match(/[\d.]+/g).map(Number);
function behind(e) {
  for (; e; e = e.parentElement) {
    const paint = colour(getComputedStyle(e).backgroundColor);
    if (paint.length === 3 || paint[3] > 0.99) return paint;
  }
  return [255, 255, 255];
}
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node; (node = texts.nextNode()); ) {
  const e = node.parentElement;
  if (!node.data.trim() || !shown(e) || e.closest("[disabled],[aria-disabled=true],.skip,svg")) continue;
  const style = getComputedStyle(e);
  const [a, b] = [light(colour(style.color)), light(behind(e))].sort((x, y) => y - x);
  const ratio = (a + 0.05) / (b + 0.05);
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
  if (ratio < (large ? 3 : 4.5)) tell(`contrast is ${ratio.toFixed(2)}`, e);
}
return flaws;
