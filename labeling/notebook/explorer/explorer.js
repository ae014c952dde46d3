// The explorer's front end: keyboard labelling of a dev set, and a browser of buckets.
//
// Loaded by anywidget as it stands: no build step, no other module, no network. Texts of samples are
// put into the page as text nodes only. Python is right about what is kept: an answer is shown at
// once, sent as a message, and counts as saved when Python has handled it.

const NONE = -1; // code of a skipped sample, and of "no label" in menus
const ANY = -2; // code of "any label" in menus

function element(name, options = {}, ...children) {
  const { dataset, on, ...attributes } = options;
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const [key, value] of Object.entries(dataset ?? {})) made.dataset[key] = value;
  for (const [event, listener] of Object.entries(on ?? {})) made.addEventListener(event, listener);
  made.append(...children.filter((child) => child !== null)); // strings become text nodes
  return made;
}

function button(text, title, action, key = "") {
  const hint = key ? element("kbd", { "aria-hidden": "true" }, key) : null;
  const attributes = { type: "button", title, on: { click: action } };
  if (key) attributes["aria-keyshortcuts"] = key;
  return element("button", attributes, hint, element("span", { dir: "auto" }, text));
}

function counted(n, noun) {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

// Whether a key is one of the notebook's or the browser's, such as Ctrl+S and Shift+Enter.
function isForOthers(event) {
  const { altKey, ctrlKey, metaKey, shiftKey, isComposing, key } = event;
  return altKey || ctrlKey || metaKey || isComposing || (shiftKey && key === "Enter");
}

// Answers as they are shown: those that Python has kept, and those on their way to it.
class Answers extends EventTarget {
  constructor(model) {
    super();
    this.model = model;
    this.sent = model.get("handled");
    this.isLost = false;
    this.page = Math.random().toString(36).slice(2);
    this.number = 0;
    this.position = -1;
    model.on("change:handled", () => this.catchUp());
    this.catchUp();
    this.position = Math.max(this.nextOpen(-1), 0);
  }

  get length() {
    return this.model.get("queue").length;
  }

  get pending() {
    return Math.max(this.sent - this.model.get("handled"), 0);
  }

  get isDone() {
    return this.codes.every((code) => code !== null);
  }

  catchUp() {
    if (this.model.get("handled") >= this.sent) {
      this.sent = this.model.get("handled");
      this.codes = [...this.model.get("answers")];
      this.order = [...this.model.get("order")];
    }
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  nextOpen(after) {
    for (let step = 1; step <= this.length; step += 1) {
      const at = (after + step + this.length) % this.length;
      if (this.codes[at] === null) return at;
    }
    return -1;
  }

  // Sends a message; false where the kernel is gone, as after a restart.
  post(content) {
    try {
      this.model.send(content);
      this.isLost = false;
    } catch {
      this.isLost = true;
    }
    return !this.isLost;
  }

  // Sends an answer, numbered: one message may overtake another.
  send(content) {
    this.sent += 1;
    this.number += 1;
    if (this.post({ ...content, page: this.page, number: this.number })) return true;
    this.sent = this.model.get("handled");
    this.catchUp();
    return false;
  }

  answer(code, seconds) {
    const at = this.position;
    this.codes[at] = code;
    this.order = [...this.order.filter((one) => one !== at), at];
    if (!this.send({ type: "answer", at, code, seconds })) return false;
    const next = this.nextOpen(at);
    this.position = next >= 0 ? next : at;
    this.changed();
    return true;
  }

  undo() {
    const at = this.order.pop();
    if (at === undefined) return -1;
    this.codes[at] = null;
    if (!this.send({ type: "undo", at })) return -1;
    this.position = at;
    this.changed();
    return at;
  }

  move(step) {
    this.position = Math.min(Math.max(this.position + step, 0), this.length - 1);
    this.changed();
  }
}

// Seconds for which a sample was looked at: with the explorer in focus, on a visible page.
class Clock {
  constructor() {
    this.restart();
    this.since = null;
  }

  restart() {
    this.total = 0;
    if (this.since !== null) this.since = performance.now();
  }

  run() {
    if (this.since === null) this.since = performance.now();
  }

  stop() {
    if (this.since !== null) this.total += performance.now() - this.since;
    this.since = null;
  }

  get seconds() {
    const now = this.since === null ? 0 : performance.now() - this.since;
    return Math.round((this.total + now) / 10) / 100;
  }
}

// One sample at a time.
class LabelPanel {
  constructor(model, answers, name) {
    this.model = model;
    this.answers = answers;
    this.clock = new Clock();
    this.shown = null;
    this.progress = element("span", { class: "lbx-progress" });
    this.saved = element("span", { class: "lbx-saved" });
    this.bar = element("div", { class: "lbx-bar", "aria-hidden": "true" }, element("div"));
    this.heading = element("div", { class: "lbx-heading" });
    this.text = element("div", { class: "lbx-text", tabindex: "0", "aria-label": "Text" });
    this.columns = element("dl", { class: "lbx-columns" });
    this.buttons = element("div", { class: "lbx-labels", role: "group", "aria-label": "Labels" });
    this.controls = this.controlButtons();
    this.live = element("div", { class: "lbx-live", role: "status", "aria-live": "polite" });
    this.root = element(
      "div",
      {
        class: "lbx-panel",
        role: "tabpanel",
        id: `${name}-label`,
        "aria-labelledby": `${name}-label-tab`,
        tabindex: "0",
        on: {
          keydown: (event) => this.key(event),
          focusin: () => this.clock.run(),
          focusout: () => this.clock.stop(),
        },
      },
      element("p", { class: "lbx-note" }, model.get("note")),
      element("div", { class: "lbx-status" }, this.progress, this.saved),
      this.bar,
      this.heading,
      this.text,
      this.columns,
      this.buttons,
      this.controls,
      this.live,
    );
    this.onVisibility = () => (document.hidden ? this.clock.stop() : this.resume());
    document.addEventListener("visibilitychange", this.onVisibility);
    this.onChange = () => this.draw();
    answers.addEventListener("change", this.onChange);
    this.drawButtons();
    this.draw();
    this.say("Click the sample, or go to it by Tab, to answer by keys.");
  }

  remove() {
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.answers.removeEventListener("change", this.onChange);
  }

  resume() {
    if (this.root.contains(document.activeElement)) this.clock.run();
  }

  controlButtons() {
    const focus = (action) => () => {
      action();
      this.root.focus({ preventScroll: true });
    };
    return element(
      "div",
      { class: "lbx-controls", role: "group", "aria-label": "Other answers and moves" },
      button("Previous", "The sample before", focus(() => this.move(-1)), "←"),
      button("Next", "The sample after", focus(() => this.move(1)), "→"),
      button("Skip", "No label for this sample", focus(() => this.answer(NONE)), "Enter"),
      button("Undo", "Take the last answer back", focus(() => this.undo()), "Backspace"),
    );
  }

  drawButtons() {
    const made = this.model.get("labels").map((label, code) => {
      const choose = () => {
        this.answer(code);
        this.root.focus({ preventScroll: true });
      };
      return button(label, `Label the sample ${label}`, choose, code < 9 ? `${code + 1}` : "");
    });
    this.buttons.replaceChildren(...made);
  }

  key(event) {
    if (isForOthers(event)) return;
    const presses = event.target.closest("button") && ["Enter", " "].includes(event.key);
    const action = presses ? null : this.actionOf(event.key);
    if (action === null) return;
    event.preventDefault();
    if (!event.repeat || event.key.startsWith("Arrow")) action();
  }

  actionOf(key) {
    if (/^[1-9]$/.test(key)) {
      const code = Number(key) - 1;
      return code < this.model.get("labels").length ? () => this.answer(code) : null;
    }
    if (key === "Enter" || key === " ") return () => this.answer(NONE);
    if (key === "Backspace" || key === "u" || key === "U") return () => this.undo();
    if (key === "ArrowLeft") return () => this.move(-1);
    if (key === "ArrowRight") return () => this.move(1);
    return null;
  }

  answer(code) {
    if (!this.answers.length) return;
    const what = code === NONE ? "Skipped" : `Labelled ${this.model.get("labels")[code]}`;
    if (!this.answers.answer(code, this.clock.seconds)) this.say("Nothing was saved.");
    else this.say(`${what}. ${this.place()}`);
  }

  undo() {
    const at = this.answers.undo();
    this.say(at < 0 ? "There is no answer to take back." : `Taken back. ${this.place()}`);
  }

  move(step) {
    this.answers.move(step);
    this.say(this.place());
  }

  place() {
    if (this.answers.isDone) return "All samples are answered.";
    return `Sample ${this.answers.position + 1} of ${this.answers.length}.`;
  }

  say(sentence) {
    this.live.textContent = sentence;
  }

  draw() {
    const { codes, length, pending, position } = this.answers;
    const labelled = codes.filter((code) => code !== null && code !== NONE).length;
    const skipped = codes.filter((code) => code === NONE).length;
    const done = length && this.answers.isDone ? "; all are answered" : "";
    this.progress.textContent = `${labelled} of ${length} labelled, ${skipped} skipped${done}`;
    this.saved.classList.toggle("lbx-pending", pending > 0);
    this.saved.textContent = pending ? `${counted(pending, "answer")} not saved yet` : "";
    const share = length ? (labelled + skipped) / length : 0;
    this.bar.firstChild.style.width = `${100 * share}%`;
    const sample = this.model.get("queue")[position];
    if (sample) this.drawSample(sample, codes[position], `${position + 1} of ${length}`);
    else this.heading.replaceChildren("There is no sample to label.");
  }

  drawSample(sample, code, place) {
    const labels = this.model.get("labels");
    const state = code === null ? null : code === NONE ? "skipped" : `labelled ${labels[code]}`;
    this.heading.replaceChildren(
      element("span", {}, `Sample ${place}`),
      element("bdi", { class: "lbx-id", dir: "auto" }, sample.id),
      ...(state === null ? [] : [element("bdi", { class: "lbx-state" }, state)]),
    );
    [...this.buttons.children].forEach((one, at) => {
      one.setAttribute("aria-pressed", at === code ? "true" : "false");
    });
    if (this.shown === sample) return;
    this.shown = sample;
    this.clock.restart();
    const more = sample.left_out ? ` … and ${counted(sample.left_out, "character")} more` : "";
    this.text.replaceChildren(element("bdi", { dir: "auto" }, sample.text));
    if (more) this.text.append(element("span", { class: "lbx-muted" }, more));
    this.text.scrollTop = 0;
    const pairs = sample.columns.map(([name, value]) =>
      element(
        "div",
        {},
        element("dt", { dir: "auto" }, name),
        element("dd", { dir: "auto" }, value),
      ),
    );
    this.columns.replaceChildren(...pairs);
  }
}

// The samples that meet the conditions of four menus, a page at a time.
class BucketPanel {
  constructor(model, answers, name) {
    this.model = model;
    this.answers = answers;
    this.name = name;
    this.selects = {};
    this.menus = element("div", { class: "lbx-menus" });
    this.title = element("p", { class: "lbx-title", role: "status", "aria-live": "polite" });
    this.sentences = element("div", { class: "lbx-note" });
    this.table = element("div", { class: "lbx-table", tabindex: "0", "aria-label": "Samples" });
    this.pager = element("div", { class: "lbx-controls", role: "group", "aria-label": "Pages" });
    this.previous = button("Previous page", "Previous page", () => this.turn(-1), "←");
    this.next = button("Next page", "Next page", () => this.turn(1), "→");
    this.place = element("span", { class: "lbx-muted" });
    this.pager.append(this.previous, this.next, this.place);
    this.root = element(
      "div",
      {
        class: "lbx-panel",
        role: "tabpanel",
        id: `${name}-bucket`,
        "aria-labelledby": `${name}-bucket-tab`,
        tabindex: "0",
        on: { keydown: (event) => this.key(event) },
      },
      this.menus,
      this.title,
      this.sentences,
      this.table,
      this.pager,
    );
    this.onMenus = () => this.drawMenus();
    this.onPage = () => this.draw();
    model.on("change:menus", this.onMenus);
    model.on("change:page", this.onPage);
    this.drawMenus();
    this.draw();
  }

  remove() {
    this.model.off("change:menus", this.onMenus);
    this.model.off("change:page", this.onPage);
  }

  open() {
    this.ask(this.model.get("page").number ?? 0);
  }

  key(event) {
    if (isForOthers(event)) return;
    if (event.target.closest("select") || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    this.turn(event.key === "ArrowLeft" ? -1 : 1);
  }

  turn(step) {
    const { number, pages } = this.model.get("page");
    const wanted = (number ?? 0) + step;
    if (wanted >= 0 && wanted < (pages ?? 0)) this.ask(wanted);
  }

  ask(number) {
    const query = Object.fromEntries(
      Object.entries(this.selects).map(([axis, select]) => [axis, JSON.parse(select.value)]),
    );
    const isOnItsWay = this.answers.post({ type: "browse", query, number });
    this.root.setAttribute("aria-busy", isOnItsWay ? "true" : "false");
    this.answers.changed();
  }

  menu(axis, title, choices) {
    const before = this.selects[axis]?.value;
    const options = choices.map(([value, text]) =>
      element("option", { value: JSON.stringify(value) }, text),
    );
    const select = element(
      "select",
      { id: `${this.name}-${axis}`, dataset: { axis }, on: { change: () => this.ask(0) } },
      ...options,
    );
    if (options.some((option) => option.value === before)) select.value = before;
    this.selects[axis] = select;
    return element("label", { for: select.id }, element("span", {}, title), select);
  }

  drawMenus() {
    const focused = Object.keys(this.selects).find(
      (axis) => this.selects[axis] === document.activeElement,
    );
    const labels = this.model.get("labels").map((label, code) => [code, label]);
    const all = [
      [null, "all"],
      [ANY, "any label"],
    ];
    const functions = this.model.get("menus").functions ?? [];
    this.menus.replaceChildren(
      this.menu("function", "Function", [
        [null, "all functions"],
        ...functions.map((one) => [one, one]),
      ]),
      this.menu("vote", "Vote", [...all, ...labels, [NONE, "abstains"]]),
      this.menu("gold", "Gold", [...all, ...labels, [NONE, "none"]]),
      this.menu("model", "Label model", [...all, ...labels, [NONE, "none"]]),
      button("Look again", "After functions or labels have changed", () => this.ask(0)),
    );
    if (focused) this.selects[focused].focus({ preventScroll: true });
  }

  draw() {
    const page = this.model.get("page");
    this.root.setAttribute("aria-busy", "false");
    this.title.textContent = page.title ?? "";
    this.sentences.replaceChildren(
      ...(page.sentences ?? []).map((sentence) => element("p", {}, sentence)),
    );
    this.table.replaceChildren(...(page.rows?.length ? [this.drawTable(page)] : []));
    this.place.textContent = page.pages ? `Page ${page.number + 1} of ${page.pages}` : "";
    this.pager.hidden = !page.pages;
    this.previous.disabled = !page.number;
    this.next.disabled = (page.number ?? 0) + 1 >= (page.pages ?? 0);
  }

  drawTable(page) {
    const heads = page.headings.map((heading) => element("th", { scope: "col" }, heading));
    const rows = page.rows.map((row) => {
      const cells = row.map((pieces, at) => {
        const parts = pieces.map(([text, isMarked]) => (isMarked ? element("mark", {}, text) : text));
        const content = element("bdi", { dir: "auto" }, ...parts);
        return element("td", { dataset: { heading: page.headings[at] } }, content);
      });
      return element("tr", {}, ...cells);
    });
    return element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...heads)),
      element("tbody", {}, ...rows),
    );
  }
}

// Two tabs, and what went wrong.
class Explorer {
  constructor(model, answers, name) {
    this.model = model;
    this.answers = answers;
    this.panels = {
      label: new LabelPanel(model, answers, name),
      bucket: new BucketPanel(model, answers, name),
    };
    this.tabs = {
      label: this.tab("label", "Label", name),
      bucket: this.tab("bucket", "Look at buckets", name),
    };
    this.error = element("p", { class: "lbx-error", role: "alert" });
    this.root = element(
      "div",
      { class: "lbx", on: { keydown: (event) => this.key(event) } },
      element(
        "div",
        { class: "lbx-tabs", role: "tablist", "aria-label": "Explorer" },
        this.tabs.label,
        this.tabs.bucket,
      ),
      this.error,
      this.panels.label.root,
      this.panels.bucket.root,
    );
    // JupyterLab has one-key shortcuts, such as 1 for a heading, which must not run while one
    // labels. It looks for this mark when it hears of a key, after the window and before `root`.
    this.onAnyKey = (event) => {
      this.root.toggleAttribute("data-lm-suppress-shortcuts", !isForOthers(event));
    };
    window.addEventListener("keydown", this.onAnyKey, { capture: true });
    this.onMessage = () => this.drawMessage();
    model.on("change:message", this.onMessage);
    answers.addEventListener("change", this.onMessage);
    this.drawMessage();
    this.show("label");
  }

  tab(which, text, name) {
    const attributes = {
      type: "button",
      role: "tab",
      id: `${name}-${which}-tab`,
      "aria-controls": `${name}-${which}`,
      on: { click: () => this.open(which) },
    };
    return element("button", attributes, text);
  }

  open(which) {
    this.show(which);
    if (which === "bucket") this.panels.bucket.open();
    else this.panels.label.root.focus({ preventScroll: true });
  }

  show(which) {
    for (const [name, panel] of Object.entries(this.panels)) {
      panel.root.hidden = name !== which;
      this.tabs[name].setAttribute("aria-selected", name === which ? "true" : "false");
      this.tabs[name].setAttribute("tabindex", name === which ? "0" : "-1");
    }
  }

  key(event) {
    if (isForOthers(event)) return;
    event.stopPropagation();
    const which = event.target.closest("[role=tab]");
    if (!which || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    event.preventDefault();
    const other = which === this.tabs.label ? "bucket" : "label";
    this.open(other);
    this.tabs[other].focus();
  }

  drawMessage() {
    const { text, number } = this.model.get("message");
    const lost = "The kernel that made this explorer is gone. Run the cell again to go on.";
    const shown = this.answers.isLost ? lost : (text ?? "");
    if (this.error.textContent !== shown) this.error.textContent = shown;
    this.error.hidden = !shown;
    if (number !== this.number) this.panels.bucket.root.setAttribute("aria-busy", "false");
    this.number = number;
  }

  remove() {
    window.removeEventListener("keydown", this.onAnyKey, { capture: true });
    this.model.off("change:message", this.onMessage);
    this.answers.removeEventListener("change", this.onMessage);
    this.panels.label.remove();
    this.panels.bucket.remove();
  }
}

let views = 0;

export default () => {
  let answers = null; // shared by all views of one explorer
  return {
    initialize({ model }) {
      answers = new Answers(model);
    },
    render({ model, el }) {
      views += 1;
      const explorer = new Explorer(model, answers, `lbx-${views}`);
      el.replaceChildren(explorer.root);
      return () => explorer.remove();
    },
  };
};
