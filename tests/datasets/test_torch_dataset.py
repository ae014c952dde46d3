"""Training sets as a PyTorch dataset: batches, worker processes, hard and soft labels."""

import pickle

import numpy as np
import pytest

from labeling.errors import LabelingError
from tests.support.nasty_training_set import IDS, SCHEMA, TEXTS, N, nasty

torch = pytest.importorskip("torch")


def test_an_item_is_a_dict_of_columns_label_weight_and_id():
    item = nasty().to_torch("text")[3]

    assert {"text", "id", "label", "weight"} == {name.removeprefix("labeling_") for name in item}
    assert (TEXTS[3], IDS["text"][3]) == (item["text"], item["id"])
    assert (0, torch.int64) == (item["labeling_label"].item(), item["labeling_label"].dtype)
    assert torch.float32 == item["weight"].dtype


def test_soft_labels_are_probabilities():
    dataset = nasty().to_torch(["text", "label"], labels="soft")
    item = dataset[4]

    assert torch.float32 == item["probabilities"].dtype
    np.testing.assert_allclose([0.1, 0.8, 0.1], item["probabilities"], rtol=1e-6)
    assert "their own" == item["label"]
    assert SCHEMA.labels == dataset.classes


@pytest.mark.parametrize("ids", IDS)
@pytest.mark.parametrize("workers", [0, 2])
def test_batches_are_made_also_by_spawned_workers(ids, workers):
    dataset = nasty(ids).to_torch(["text", "size", "score"])
    context = "spawn" if workers else None
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=4, num_workers=workers, multiprocessing_context=context
    )
    batches = list(loader)

    assert list(TEXTS[: N - 1]) == [text for batch in batches for text in batch["text"]]
    labels = torch.cat([batch["labeling_label"] for batch in batches])
    assert [i % 3 if i != 2 else 0 for i in range(N - 1)] == labels.tolist()
    found = [value for batch in batches for value in batch["id"]]
    if ids == "whole number":
        assert IDS[ids][: N - 1] == [value.item() for value in found]
    else:
        assert [str(one) for one in IDS[ids][: N - 1]] == found
    sizes = torch.cat([batch["size"] for batch in batches])
    assert sizes[0].isnan()
    assert list(range(1, N - 1)) == sizes[1:].tolist()


def test_it_is_pickled_alike():
    dataset = nasty().to_torch("text")

    assert pickle.loads(pickle.dumps(dataset))[0]["text"] == dataset[0]["text"]


def test_a_step_of_training_on_soft_labels():
    dataset = nasty().to_torch("text", labels="soft")
    batch = next(iter(torch.utils.data.DataLoader(dataset, batch_size=8)))
    model = torch.nn.Linear(1, 3)
    lengths = torch.tensor([[float(len(text))] for text in batch["text"]])
    loss = torch.nn.functional.cross_entropy(model(lengths), batch["probabilities"])
    loss.backward()

    assert torch.isfinite(loss)
    assert model.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("n", [0, 1])
def test_none_and_one(n):
    dataset = nasty().take(np.arange(n)).to_torch("text")

    assert n == len(dataset) == len(list(torch.utils.data.DataLoader(dataset)))


def test_only_the_rows_of_train_are_given_where_a_split_was_made():
    assert N - 3 == len(nasty(split=True).to_torch("text"))
    assert TEXTS[0] == nasty(split=True).to_torch("text", split="test")[0]["text"]


def test_wrong_labels_are_named():
    with pytest.raises(LabelingError, match="'hard' or 'soft'"):
        nasty().to_torch("text", labels="both")
