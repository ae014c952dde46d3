"""Label Studio's pages in a real browser: actions of annotators and reviewers, and screenshots.

The pictures docs/images/studio-*.png are those of the tests:

    python -m pytest tests/acceptance/test_label_studio_*browser.py
    cp out/screenshots/studio-*.png docs/images/
"""

import os
import re
from pathlib import Path

from PIL import Image

SHOTS = Path(
    os.environ.get("LABELING_SCREENSHOTS") or Path(__file__).parents[2] / "out/screenshots"
)
PATIENCE = 60_000  # milliseconds for whatever a page does; a machine under load is slow
MODAL = ".lsf-modal-ls_visible"
NO_MORE = "No More Tasks Left in Queue"
# A sample is on the page, and not the one before; or the page says that there is none.
SETTLED = f"""
(before) => {{
  if (document.body.innerText.includes({NO_MORE!r})) return true;
  const task = document.querySelector(".lsf-current-task__task-id");
  const number = task && task.innerText.trim().split(/\\s/)[0];
  const control = document.querySelector(".lsf-choices input, .lsf-labels");
  return !!number && number !== before && !!control;
}}
"""


class Person:
    """Somebody at a browser of their own; `dialogs`, `errors` and `outside` tell what pages did.

    Args:
        browser: Chromium.
        server: Label Studio.
        user: who has signed up; `None` is somebody who has not yet.
    """

    def __init__(self, browser, server, user=None):
        self.server, self.user = server, user
        self.dialogs, self.errors, self.outside, self._given = [], [], [], []
        self._context = browser.new_context(viewport={"width": 1280, "height": 900})
        self._context.set_default_timeout(PATIENCE)
        self.page = page = self._context.new_page()
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note)
        page.on("response", self._keep)

    def close(self):
        self._context.close()

    def _note(self, request):
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.outside.append(request.url)

    def _keep(self, response):
        if "id=next_task" in response.url and response.ok:
            self._given.append(response)

    @property
    def given(self):
        """The last task that the server gave: it may tell more than the page shows."""
        return self._given[-1].json()

    def sign_up(self, link, email, password):
        self.page.goto(link)
        self.shot("sign up")
        self._send(email, password)

    def log_in(self):
        self.page.goto(f"{self.server.url}/user/login/")
        self._send(self.user.email, self.user.password)

    def _send(self, email, password):
        self.page.fill("input[name=email]", email)
        self.page.fill("input[name=password]", password)
        self.page.click("form button[type=submit]")
        self.page.wait_for_url(lambda url: "/user/" not in url)

    def open_stream(self, project_id):
        """Begin to label."""
        self.page.goto(f"{self.server.url}/projects/{project_id}/data?labeling=1")
        self._settle()

    def open_task(self, project_id, task_id):
        """Look at a task in the Data Manager, which is called Quick View."""
        self.page.goto(f"{self.server.url}/projects/{project_id}/data?task={task_id}")
        self.page.wait_for_selector(".lsf-choices input", state="attached")
        self.page.wait_for_selector("text=Compare All")

    def open_table(self, project_id, text):
        """Open the Data Manager, where a text must appear."""
        self.page.goto(f"{self.server.url}/projects/{project_id}/data")
        self.page.wait_for_selector(f"text={text}")

    @property
    def guidelines(self):
        """What is shown before one begins."""
        self.page.wait_for_selector(MODAL)
        return self.page.locator(f"{MODAL} .lsf-modal-ls__body").inner_text().strip()

    def close_guidelines(self):
        self.page.wait_for_selector(MODAL)
        self.page.keyboard.press("Escape")
        self.page.wait_for_selector(MODAL, state="detached")

    @property
    def is_done(self):
        return NO_MORE in self.page.locator("body").inner_text()

    @property
    def task(self):
        return self.page.locator(".lsf-current-task__task-id").inner_text().split()[0]

    @property
    def text(self):
        """The sample that is shown, as people see it."""
        return self.page.locator(".lsf-richtext__container").first.inner_text()

    @property
    def lines(self):
        """All that is shown of the sample, and what can be chosen."""
        shown = self.page.locator(".lsf-main-view__annotation").inner_text()
        return [line for line in shown.splitlines() if line.strip()]

    @property
    def everything(self):
        return self.page.locator("body").inner_text()

    @property
    def buttons(self):
        """The choices as they stand there, each with its hotkey."""
        return self._choices.all_inner_texts()

    @property
    def chosen(self):
        ticked = self._choices.filter(has=self.page.locator("input:checked"))
        return [re.sub(r"\[\d\]$", "", text) for text in ticked.all_inner_texts()]

    @property
    def _choices(self):
        return self.page.locator(".lsf-choices .lsf-choice")

    def press(self, key):
        """Choose by hotkey; a page that has just been drawn may not hear the first time."""
        ticked = self._choices.nth(int(key) - 1).locator("input:checked")
        for turn in range(400):
            if turn % 40 == 0:
                self.page.keyboard.press(str(key))
            if ticked.count():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"Key {key} chose nothing: {self.lines}")

    def submit(self, keys="Control+Enter"):
        """Hand the answer in, by keys or with the button; the next sample is shown."""
        if keys:
            self._answer(lambda: self.page.keyboard.press(keys))
        else:
            self._answer(lambda: self.page.click("[data-testid=bottombar-submit-button]"))

    def skip(self):
        """Skip by keys: for some seconds a message covers the button."""
        self._answer(lambda: self.page.keyboard.press("Control+Space"))

    def answer(self, key, keys="Control+Enter"):
        """Choose by hotkey and hand in; `None` skips."""
        if key is None:
            self.skip()
        else:
            self.press(key)
            self.submit(keys)

    def answer_all(self, answers):
        """Answer all samples that come, each by its text, and return the texts."""
        told = []
        while not self.is_done:
            told.append(self.text)
            self.answer(answers[told[-1]])
        return told

    def _answer(self, act):
        task = self.task
        with self.page.expect_response(_is_answer) as answer:
            act()
        assert 201 == answer.value.status, answer.value.text()
        self._settle(task)

    def go_back_to(self, text):
        """Show a sample that was answered before, with the answer that was given."""
        while self.is_done or self.text != text:
            if self.is_done:
                self.page.click("text=Go to Previous Task")
                self.page.wait_for_selector(".lsf-choices input", state="attached")
            else:
                before = self.task
                self.page.click("[data-testid=prev-task]")
                self._settle(before)

    def change(self, key):
        """Give another answer to the sample that is shown."""
        self.press(key)
        with self.page.expect_response(
            lambda response: "PATCH" == response.request.method
        ) as answer:
            self.page.click("[data-testid=bottombar-update-button]")
        assert 200 == answer.value.status, answer.value.text()

    def cancel_skip(self):
        """Take back that the sample that is shown was skipped."""
        with self.page.expect_response(
            lambda response: "DELETE" == response.request.method
        ) as answer:
            self.page.click("[data-testid=bottombar-unskip-button]")
        assert 204 == answer.value.status, answer.value.text()
        self.page.wait_for_selector("[data-testid=bottombar-submit-button]")

    def write_rationale(self, text):
        field = self.page.locator(".lsf-main-view__annotation textarea")
        field.click()
        field.press_sequentially(text)

    def _settle(self, before=""):
        self.page.wait_for_function(SETTLED, arg=before)

    def shot(self, name, height=900, width=1280):
        """Leave a picture of the page among the screenshots; it must not be blank."""
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": width, "height": height})
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        path.unlink(missing_ok=True)
        self.page.screenshot(path=path, animations="disabled")
        self.page.set_viewport_size(before)
        with Image.open(path) as image:
            colours = image.convert("RGB").getcolors(width * height)
        assert len(colours) > 20, f"{path} shows hardly anything"


def _is_answer(response):
    ours = re.search(r"/api/tasks/\d+/annotations", response.url)
    return bool(ours) and "POST" == response.request.method
