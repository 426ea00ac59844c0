"""Renders report pages in Chromium and checks what a reader needs.

    python3 tests/report/check.py FOLDER [--screenshots]

For every HTML file of the folder, at widths of 360 and 1400 pixels, in light and in dark: nothing is logged as an error
and nothing is loaded from elsewhere, nothing is wider than the window, every text has the contrast of WCAG 2 AA, every
control has a name and can be reached by the Tab key, and every image has a description. The table of trials sorts and
filters. With --screenshots, images of the pages are kept beside them. Needs Python alone and `chromium`
(EVONAS_CHROMIUM); --can-run says whether both are there.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

WIDTHS = (360, 1400)
SCHEMES = ("light", "dark")

# What a page must hold in itself; returns a list of complaints.
CHECKS = r"""
(() => {
  const wrong = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    const wide = [...document.querySelectorAll("body *")].filter(e => !e.closest(".scroll, svg") &&
      e.getBoundingClientRect().right > root.clientWidth + 1);
    wrong.push("the page is wider than the window: " + wide.slice(0, 3).map(e => e.outerHTML.slice(0, 90)).join(" | "));
  }
  const parse = text => {
    const parts = text.match(/[\d.]+/g).map(Number);
    return parts.length === 3 ? [...parts, 1] : parts;
  };
  const over = (front, back) => [0, 1, 2].map(i => front[i] * front[3] + back[i] * (1 - front[3])).concat(1);
  const light = color => {
    const [r, g, b] = color.map(c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [a, b] = [light(one), light(other)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  const background = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reduceRight((back, front) => over(front, back), [255, 255, 255, 1]);
  };
  const hasText = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  const low = new Map();
  let texts = 0;
  for (const e of document.querySelectorAll("body *")) {
    if (!hasText(e) || e.closest("script, style") || e.getClientRects().length === 0) continue;
    const style = getComputedStyle(e);
    const inSvg = e.closest("svg");
    let back = background(e), front = parse(inSvg ? style.fill : style.color);
    // A label of a cell's drawing is on the box before it.
    const box = inSvg && e.previousElementSibling;
    if (box && box.tagName === "rect") back = over(parse(getComputedStyle(box).fill), back);
    const ratio = contrast(over(front, back), back);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    texts += 1;
    if (ratio < (large ? 3 : 4.5)) low.set(e.tagName + "." + e.getAttribute("class") + " " + ratio.toFixed(2), e.textContent.slice(0, 40));
  }
  if (texts < 50) wrong.push("only " + texts + " texts are visible");
  for (const [what, text] of low) wrong.push("low contrast: " + what + " '" + text + "'");
  // What is drawn in a chart needs 3 to 1 to be seen, except areas and dots behind it.
  for (const e of document.querySelectorAll(".line, .disks, .fill0, .fill1, .fill3, .fill4")) {
    const style = getComputedStyle(e), stroke = style.stroke === "none" ? style.fill : style.stroke;
    const ratio = contrast(parse(stroke), background(e.closest("svg")));
    if (ratio < 3) wrong.push("a pale mark: " + e.getAttribute("class") + " " + ratio.toFixed(2));
  }
  for (const e of document.querySelectorAll("svg")) {
    if (e.getAttribute("role") !== "img" || !(e.getAttribute("aria-label") || "").trim()) wrong.push("an image without a description");
  }
  for (const e of document.querySelectorAll("a[href^='#']")) {
    if (!document.getElementById(e.getAttribute("href").slice(1))) wrong.push("a link to nothing: " + e.getAttribute("href"));
  }
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id stands twice");
  const controls = [...document.querySelectorAll("a[href], button, input, summary, [tabindex]")]
    .filter(e => e.getClientRects().length > 0);
  for (const e of controls) {
    const name = e.getAttribute("aria-label") || e.textContent || (e.labels && e.labels[0] && e.labels[0].textContent) || "";
    if (!name.trim()) wrong.push("a control without a name: " + e.outerHTML.slice(0, 80));
  }
  for (const e of document.querySelectorAll(".scroll")) {
    if (e.scrollWidth > e.clientWidth + 1 && e.tabIndex !== 0) wrong.push("a part that scrolls can't be reached by keys");
  }
  return { wrong, controls: controls.length };
})()
"""

# Sorts and filters the table of trials.
USE_TABLE = r"""
(() => {
  const wrong = [], table = document.querySelector("table.trials");
  if (!table) return wrong;
  const panel = table.closest("section"), rows = () => [...table.tBodies[0].rows];
  const values = column => rows().map(row => row.cells[column].textContent).filter(text => text !== "").map(Number);
  const button = table.tHead.rows[0].cells[0].querySelector("button");
  const sorted = list => list.every((value, place) => place === 0 || list[place - 1] <= value);
  button.click();
  if (!sorted(values(0).reverse())) wrong.push("the table isn't sorted downwards");
  button.click();
  if (!sorted(values(0))) wrong.push("the table isn't sorted upwards");
  const filter = panel.querySelector(".filter"), all = rows().length;
  filter.value = "completed";
  filter.dispatchEvent(new Event("input"));
  const left = rows().filter(row => !row.hidden);
  if (left.length === 0 || left.some(row => !row.textContent.includes("completed"))) wrong.push("the filter doesn't filter");
  if (!panel.querySelector(".shown").textContent.startsWith(left.length + " of " + all)) wrong.push("the count of rows is wrong");
  filter.value = "";
  filter.dispatchEvent(new Event("input"));
  let saved = null;
  const make = URL.createObjectURL;
  URL.createObjectURL = blob => { saved = blob; return "#"; };
  HTMLAnchorElement.prototype.click = function () {};
  panel.querySelector(".csv").click();
  URL.createObjectURL = make;
  return saved.text().then(text => {
    const lines = text.trimEnd().split("\n");
    if (lines.length < all + 1 || !lines[0].startsWith("trial,fitness,outcome")) wrong.push("the CSV is incomplete");
    return wrong;
  });
})()
"""


def chromium():
    name = os.environ.get("EVONAS_CHROMIUM")
    names = [name] if name else ["chromium", "chromium-browser", "google-chrome"]
    return next((path for path in map(shutil.which, names) if path), None)


class Browser:
    """Chromium, spoken to through its debugging pipe."""

    def __init__(self, profile):
        to_browser, self.out = os.pipe()
        self.into, from_browser = os.pipe()
        command = [chromium(), "--headless", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
                   "--remote-debugging-pipe", f"--user-data-dir={profile}"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--no-sandbox")

        def pipes():
            # Copies first: one of the numbers may be 3 or 4 itself.
            reads, writes = os.dup(to_browser), os.dup(from_browser)
            os.dup2(reads, 3)
            os.dup2(writes, 4)

        self.process = subprocess.Popen(command + ["about:blank"], close_fds=False, preexec_fn=pipes,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.number, self.buffer, self.events, self.session = 0, b"", [], None

    def receive(self):
        while b"\0" not in self.buffer:
            part = os.read(self.into, 1 << 20)
            if not part:
                raise RuntimeError("chromium ended")
            self.buffer += part
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait_for(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(self.receive())

    def evaluate(self, script):
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in result:
            raise RuntimeError(json.dumps(result["exceptionDetails"])[:2000])
        return result["result"].get("value")

    def open_tab(self):
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def close(self):
        self.session = None
        try:
            self.call("Browser.close")
            self.process.wait(timeout=10)
        except (RuntimeError, OSError, subprocess.TimeoutExpired):
            self.process.kill()


def load(browser, page, width, scheme):
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
    browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events.clear()
    browser.call("Page.navigate", url=page.as_uri())
    browser.wait_for("Page.loadEventFired")


def complaints(browser, page):
    """What was logged, and what was loaded besides the page."""
    for event in browser.events:
        method, params = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            yield f"an exception: {json.dumps(params['exceptionDetails'])[:300]}"
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            yield f"logged: {json.dumps(params['args'])[:300]}"
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            yield f"logged: {params['entry']['text'][:300]}"
        elif method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            if url.split("#")[0] != page.as_uri() and not url.startswith(("data:", "blob:")):
                yield f"loaded {url[:200]}"


def reached_by_tab(browser, controls):
    """How many different controls the Tab key visits until it leaves the page."""
    browser.evaluate("window.visited = new Set(); document.addEventListener('focusin', e => visited.add(e.target));"
                     "document.activeElement && document.activeElement.blur(); window.scrollTo(0, 0)")
    for _ in range(controls + 2):
        for kind in ("rawKeyDown", "keyUp"):
            browser.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
    return browser.evaluate("visited.size")


def screenshot(browser, page, width, scheme):
    height = browser.evaluate("Math.min(document.documentElement.scrollHeight, 16000)")
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    image = browser.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
    path = page.with_name(f"{page.stem}-{width}-{scheme}.png")
    path.write_bytes(base64.b64decode(image["data"]))


def check(browser, page, keep):
    wrong = []
    for width in WIDTHS:
        for scheme in SCHEMES:
            at = f"{page.name} at {width} px, {scheme}"
            browser.open_tab()
            load(browser, page, width, scheme)
            if keep:
                screenshot(browser, page, width, scheme)
            found = browser.evaluate(CHECKS)
            wrong += [f"{at}: {what}" for what in found["wrong"]]
            # Everything that is folded away, too.
            browser.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
            opened = browser.evaluate(CHECKS)
            wrong += [f"{at}, unfolded: {what}" for what in opened["wrong"]]
            if (width, scheme) == (WIDTHS[0], SCHEMES[0]):
                reached = reached_by_tab(browser, opened["controls"])
                if reached < opened["controls"]:
                    wrong.append(f"{at}: the Tab key reaches {reached} of {opened['controls']} controls")
                wrong += [f"{at}: {what}" for what in browser.evaluate(USE_TABLE)]
            wrong += [f"{at}: {what}" for what in complaints(browser, page)]
    return wrong


def main(arguments):
    if "--can-run" in arguments:
        return 0 if chromium() and os.name == "posix" else 1
    folder = pathlib.Path(arguments[0]).resolve()
    pages = sorted(folder.glob("*.html"))
    if not pages:
        print(f"{folder} has no page")
        return 1
    wrong = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            for page in pages:
                wrong += check(browser, page, "--screenshots" in arguments)
        finally:
            browser.close()
    for what in sorted(set(wrong)):
        print(what)
    if not wrong:
        print(f"{len(pages)} pages are sound")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
