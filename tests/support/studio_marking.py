"""Parts of a text are marked in a real browser, by mouse and hotkey as people do it."""

# Where the characters from one code point to another are on the page, line by line.
RECTANGLES = """
([start, end]) => {
  const root = document.querySelector(".lsf-richtext__container");
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  let before = 0, first = null, last = null;
  while (!last && walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (node.tagName === "BR") before += 1;
      continue;
    }
    const points = [...node.textContent];
    const unit = (index) => points.slice(0, index - before).join("").length;
    if (!first && start < before + points.length) first = [node, unit(start)];
    if (end <= before + points.length) last = [node, unit(end)];
    before += points.length;
  }
  const range = document.createRange();
  range.setStart(...first);
  range.setEnd(...last);
  return [...range.getClientRects()]
    .filter((box) => box.width > 0)
    .map((box) => [box.left, box.right, (box.top + box.bottom) / 2]);
}
"""


def mark(person, key, start, end):
    """Choose a label by its hotkey, and draw the mouse over a part of the text."""
    boxes = person.page.evaluate(RECTANGLES, [start, end])
    (left, _, first_line), (_, right, last_line) = boxes[0], boxes[-1]
    before = n_marked(person)
    person.page.keyboard.press(str(key))
    mouse = person.page.mouse
    mouse.move(left + 1, first_line)
    mouse.down()
    mouse.move((left + right) / 2, (first_line + last_line) / 2)
    mouse.move(right - 1, last_line)
    mouse.up()
    _await_mark(person, before)


def double_click(person, key, position):
    """Choose a label by its hotkey, and click twice on a character of the text."""
    left, right, line = person.page.evaluate(RECTANGLES, [position, position + 1])[0]
    before = n_marked(person)
    person.page.keyboard.press(str(key))
    person.page.mouse.dblclick((left + right) / 2, line)
    _await_mark(person, before)


def click(person, position):
    """Click on a character of the text, which selects the mark that it is in."""
    left, right, line = person.page.evaluate(RECTANGLES, [position, position + 1])[0]
    person.page.mouse.click((left + right) / 2, line)
    person.page.wait_for_timeout(500)


def n_marked(person):
    """Return how many regions the sidebar lists."""
    return person.page.locator(".lsf-outliner-item").count()


def _await_mark(person, before):
    for _ in range(200):
        if n_marked(person) > before:
            person.page.keyboard.press("Escape")  # the next mark must not change this one
            return
        person.page.wait_for_timeout(50)
    raise AssertionError(f"Nothing was marked: {person.lines}")
