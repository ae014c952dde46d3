"""Personal data are found by pattern and check digits, and never quoted."""

import time

import numpy as np
import pandas as pd
import pytest

from labeling.datasets.data_tests import run_data_tests
from labeling.datasets.data_tests.personal_data import kinds_in
from tests.support.made_training_sets import made_samples, made_set

HELD = {
    "write to Ann.Lee+x@mail.example.org!": "e-mail",
    "my account is DE89 3704 0044 0532 0130 00.": "IBAN",
    "card 4111-1111-1111-1111 expires": "credit card",
    "amex 378282246310005": "credit card",
    "from 8.8.8.8 at noon": "IP address",
    "from 2001:4860:4860:0:0:0:0:8888 at noon": "IP address",
    "SSN 078-05-1120 given": "US social security number",
    "DNI 12345678Z": "Spanish identity number",
    "NIR 2 55 08 14 168 025 38": "French social security number",
    "CPF 529.982.247-25": "Brazilian CPF",
    "call 09061701461 now": "phone number",
    "call +44 20 7946 0958 now": "phone number",
    "call (555) 123-4567": "phone number",
}
HARMLESS = (
    "",
    "version 1.2.3 of 2026-11-30 at 10:30:15",
    "DE88 3704 0044 0532 0130 00 is no account",  # the check digits are wrong
    "4111-1111-1111-1112 is no card",
    "12345678A is no DNI",
    "192.168.0.1 and 127.0.0.1 and 1.2.3.400",
    "order 1234567890123 of 15,000,000 for $1,234.56",
    "user@ and @user",
    "http://example.org/09061701461",
)


@pytest.mark.parametrize("text", HELD, ids=HELD.values())
def test_personal_data_are_found(text):
    assert kinds_in(text) == {HELD[text]}


def test_wrong_check_digits_are_no_identity_number():
    assert "Brazilian CPF" not in kinds_in("529.982.247-26")
    assert "French social security number" not in kinds_in("2 55 08 14 168 025 39")


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_none_is_not_found(text):
    assert kinds_in(text) == set()


def test_a_report_counts_samples_and_never_quotes_them():
    frame, codes = made_samples(200, 1)
    frame.iloc[:3, 0] = [f"{text} ann{number}@example.org" for number, text in enumerate("abc")]
    frame["contact"] = pd.Series([None] * 199 + ["+44 20 7946 0958"], frame.index, dtype=object)
    train = made_set(frame, codes)
    report = run_data_tests(train)
    found = report["personal_data"]

    assert found.status == "warning"
    assert found.n_samples == 4
    assert set(found.sample_ids) == set(frame.index[[0, 1, 2, 199]])
    assert "e-mail in 3 (text), phone number in 1 (contact)" in found.sentence.replace(
        "phone number in 1 (contact), e-mail in 3 (text)",
        "e-mail in 3 (text), phone number in 1 (contact)",
    )
    shown = report.to_json() + report._repr_html_() + repr(found) + str(found.to_frame())
    assert "example.org" not in shown
    assert "7946" not in shown
    assert run_data_tests(train, settings={"personal_data": "fail"}).failed == (
        run_data_tests(train, settings={"personal_data": "fail"})["personal_data"],
    )
    ignored = run_data_tests(train, settings={"personal_data": "ignore"})["personal_data"]
    assert ignored.status == "skipped"


def test_long_texts_of_digits_are_searched_in_linear_time():
    rng = np.random.default_rng(0)
    digits = "".join(rng.choice(list("0123456789 .-:"), 100_000))
    texts = [
        digits,
        "1" * 50_000 + "@" + "a." * 20_000,
        "a" * 90_000,
        "a@" * 40_000,
        "+1 " * 30_000,
    ]
    started = time.process_time()
    for text in texts:
        kinds_in(text)
    assert time.process_time() - started < 5  # of a quadratic search, minutes
