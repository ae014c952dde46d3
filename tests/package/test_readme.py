"""The README's loop runs as it stands there."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_loop_in_the_readme_runs(tmp_path, monkeypatch, capsys):
    """The code block is run on made-up comments, with the files that it names."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200)
    words = [["song", "nice", "thanks"], ["http://x.org", "win", "cash"]]
    data = pd.DataFrame(
        {
            "comment_id": [f"c{i}" for i in range(200)],
            "text": [f"{rng.choice(words[t])} {rng.choice(words[t])} it" for t in truth],
        }
    )
    data.to_parquet("comments.parquet", index=False)
    votes = [(key, who, "ham" if t == 0 else "spam")
             for key, t in zip(data["comment_id"], truth, strict=True) for who in "ab"]  # fmt: skip
    frame = pd.DataFrame(votes, columns=["sample", "annotator", "label"])
    frame.to_csv("votes.csv", index=False)
    Path("lfs").mkdir()
    Path("lfs/spam.py").write_text(
        "from labeling.functions import keywords\n"
        "offers = keywords('offers', ['win', 'cash'], label='spam')\n"
        "greets = keywords('greets', ['nice', 'thanks'], label='ham')\n",
        encoding="utf-8",
    )
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    loop = code.replace("workers=2", "workers=1")  # processes are tested elsewhere
    exec(compile(loop, "README.md", "exec"), {"__name__": "readme"})

    assert "coverage" in capsys.readouterr().out
    train = pd.read_parquet("train.parquet")
    assert len(train) > 100
    assert {"agreement", "votes"} <= set(train["source"])


def test_the_readme_names_files_that_exist():
    root = Path(__file__).parents[2]
    named = re.findall(r"\]\(([^)#:]+)\)|(?:src|srcset)=\"([^\"]+)\"", README)

    assert [] == [one for pair in named for one in pair if one and not (root / one).exists()]
