"""The table that shows a batch: texts, most probable labels, and why each sample was chosen."""

from __future__ import annotations

import numpy as np
import pandas as pd

from labeling.records import Batch, SoftLabels


def batch_table(batch: Batch, texts: pd.Series, posterior: SoftLabels) -> pd.DataFrame:
    """Return one row a sample: its text, its two most probable labels, and why it was chosen.

    Args:
        batch: the samples that were chosen.
        texts: of these samples and others, index = ids.
        posterior: the probabilities of their labels; ties keep the schema's order.

    Returns:
        A frame with the sample ids as index and the columns `text`, `label`, `probability`,
        `second_label`, `second_probability`, and those of the batch.

    >>> from labeling.records import LabelSchema
    >>> chosen = pd.DataFrame({"stratum": ["random"], "score": [0.5]}, index=["a"])
    >>> soft = SoftLabels([[0.3, 0.7]], pd.Index(["a"]), LabelSchema(["ham", "spam"]), [True])
    >>> row = batch_table(Batch(chosen), pd.Series(["hi"], index=["a"]), soft).loc["a"]
    >>> row["text"], row["label"], row["second_label"], float(row["second_probability"])
    ('hi', 'spam', 'ham', 0.3)
    """
    probabilities = posterior.of_samples(batch.sample_ids).to_array()
    labels = np.array(posterior.schema.labels, dtype=object)
    order = np.argsort(-probabilities.round(9), axis=1, kind="stable")
    rows = np.arange(len(order))
    columns: dict[str, object] = {"text": texts.loc[batch.sample_ids].to_numpy(object)}
    for rank, prefix in enumerate(("", "second_")):
        columns[f"{prefix}label"] = labels[order[:, rank]]
        columns[f"{prefix}probability"] = probabilities[rows, order[:, rank]]
    return pd.DataFrame(columns, index=batch.sample_ids).join(batch.to_frame())
