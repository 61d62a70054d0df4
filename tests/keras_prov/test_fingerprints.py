"""Data are known by what they hold, and nothing is done to them."""

from __future__ import annotations

import datetime
import random
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

from dfanalyzer_client.fingerprints import content_hash
from keras_prov._data.fingerprints import Fingerprint, fingerprint


def one(value) -> Fingerprint:
    """The only fingerprint of a value."""
    [found] = fingerprint("training", {"x": value})
    return found


def hash_of(value) -> str | None:
    return one(value).HASH


@pytest.fixture
def numbers():
    return np.arange(24, dtype="float32").reshape(6, 4)


def test_an_array_is_known_by_shape_dtype_and_hash(numbers):
    """Its row says all that a person looks for."""
    found = one(numbers)

    assert (found.ROLE, found.NAME, found.KIND) == ("training", "x", "array")
    assert (found.SHAPE, found.DTYPE, found.SAMPLES) == ("(6, 4)", "float32", 6)
    assert found.HASH is not None
    assert found.HASH.startswith("sha256:")
    assert len(found.HASH) == len("sha256:") + 64
    assert found.HASH_KIND == "whole"


@pytest.mark.thorough
def test_the_hash_is_the_same_in_every_process(numbers):
    """It depends on no seed of Python's and on no address."""
    script = """
        import numpy as np
        from dfanalyzer_client.fingerprints.content_hash import array_hash
        words = np.array(["a", None, 3, 1.5, ("b", b"c")], dtype=object)
        print(array_hash(np.arange(24, dtype="float32").reshape(6, 4)).hash, array_hash(words).hash)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    first, second = (
        subprocess.run(command, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    )

    assert first.stdout == second.stdout
    assert first.stdout.decode().split()[0] == hash_of(numbers)


def test_the_layout_in_memory_does_not_matter(numbers):
    """Fortran order, strides, big-endian numbers and subclasses hold the same content."""
    wide = np.zeros((6, 8), dtype="float32")
    wide[:, ::2] = numbers

    for same in (
        np.asfortranarray(numbers),
        wide[:, ::2],
        numbers.astype(">f4"),
        numbers[::-1][::-1],
        numbers.view(np.matrix),
    ):
        assert hash_of(same) == hash_of(numbers)


def test_another_content_has_another_hash(numbers):
    """One element, the dtype and the shape each make a difference."""
    changed = numbers.copy()
    changed[5, 3] += 1
    others = [
        numbers,
        changed,
        numbers.astype("float64"),
        numbers.view("int32"),
        numbers.reshape(4, 6),
        numbers.reshape(24),
        numbers[:0],
        numbers.T,
    ]

    assert len({hash_of(each) for each in others}) == len(others)


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "uint8", "float16", "bfloat16"])
def test_tensors_of_every_library_have_the_hash_of_the_array(numbers, dtype):
    """On the CPU the container makes no difference."""
    jax = pytest.importorskip("jax")
    import ml_dtypes
    import tensorflow as tf

    torch = pytest.importorskip("torch")

    array = numbers.astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    tensors = {
        "tensorflow": tf.constant(array),
        "torch": torch.tensor(numbers.tolist()).to(getattr(torch, dtype)),
        **({} if dtype == "int64" else {"jax": jax.numpy.asarray(array)}),
    }

    for library, tensor in tensors.items():
        found = one(tensor)
        assert found.KIND == "tensor"
        assert found.SPEC.lower() in (f"{library} cpu:0", f"{library} cpu")
        assert ("(6, 4)", dtype, 6) == (found.SHAPE, found.DTYPE, found.SAMPLES)
        assert hash_of(array) == found.HASH


def test_tensors_that_are_views_or_need_gradients(numbers):
    """A transposed tensor of PyTorch and a parameter have their content's hash, and keep it."""
    torch = pytest.importorskip("torch")

    parameter = torch.nn.Parameter(torch.from_numpy(numbers.copy()))

    assert hash_of(torch.from_numpy(numbers.T.copy()).T) == hash_of(numbers)
    assert hash_of(parameter) == hash_of(numbers)
    assert parameter.requires_grad


def test_nested_structures_are_named_by_their_path(numbers):
    """Dictionaries, lists and tuples become paths; None is left out."""
    data = {
        "x": [numbers, {"left": numbers, "right": (numbers,)}],
        "y": {"label": numbers},
        "sample_weight": None,
    }

    found = fingerprint("validation", data)

    assert [each.NAME for each in found] == ["x/0", "x/1/left", "x/1/right/0", "y/label"]
    assert {each.ROLE for each in found} == {"validation"}
    assert len({each.HASH for each in found}) == 1


def test_a_big_array_is_sampled_and_says_so():
    """Beyond 64 MiB blocks are hashed, the first and the last among them."""
    big = np.zeros((65 << 20) // 4, dtype="float32")
    before = one(big)
    big[0] = 1
    first = one(big)
    big[0], big[-1] = 0, 1
    last = one(big)

    assert before.HASH_KIND == "sampled:64x64KiB"
    assert len({before.HASH, first.HASH, last.HASH}) == 3


def test_a_big_array_in_any_layout_has_the_same_sampled_hash(monkeypatch):
    """Blocks are taken in C order whatever the strides."""
    monkeypatch.setattr(content_hash, "WHOLE_BYTES", 1 << 20)
    big = np.random.default_rng(1).random((1024, 1000))

    sampled = one(big)

    assert sampled.HASH_KIND.startswith("sampled")
    assert hash_of(np.asfortranarray(big)) == sampled.HASH
    assert hash_of(big.astype(">f8")) == sampled.HASH


def test_a_sampled_hash_never_is_a_whole_one(monkeypatch):
    """The same array hashed both ways cannot be mistaken for one of the other kind."""
    array = np.arange(1000)
    whole = hash_of(array)
    monkeypatch.setattr(content_hash, "WHOLE_BYTES", 100)

    assert hash_of(array) != whole


def test_texts_and_objects_have_hashes(numbers):
    """Python's and numpy's own objects do; equal content equal hashes, other content others."""
    values = ["a", "", "é\ud800", b"a", 1, 1.0, True, None, datetime.date(2026, 1, 2), ("a", 1)]
    array = np.empty(len(values), dtype=object)
    array[:] = values

    assert one(array).HASH_KIND == "whole"
    assert hash_of(array) == hash_of(array.copy())
    swapped = array[[1, 0, *range(2, len(values))]]
    assert hash_of(swapped) != hash_of(array)
    pairs = [np.array(["ab", "c"], dtype=object), np.array(["a", "bc"], dtype=object)]
    assert hash_of(pairs[0]) != hash_of(pairs[1])
    assert hash_of(np.array([numbers, None], dtype=object)) is not None
    fixed = np.array(["one", "three"])
    assert hash_of(fixed) == hash_of(fixed[::-1][::-1])
    variable = fixed.astype(np.dtypes.StringDType())
    assert hash_of(variable) == hash_of(variable.copy())
    assert hash_of(variable) is not None


def test_objects_of_the_user_have_no_hash_and_are_not_called():
    """What only their own code could say is not asked."""

    class Sample:
        def __repr__(self):
            raise AssertionError("called")

        __str__ = __eq__ = __hash__ = __repr__

    found = one(np.array([Sample(), Sample()], dtype=object))

    assert (found.DTYPE, found.SAMPLES, found.HASH) == ("object", 2, None)


def test_many_texts_are_sampled():
    """Their number and their size are bounded."""
    many = np.array(["text"] * 300_000, dtype=object)
    long = np.array(["x" * (1 << 20)] * 70, dtype=object)

    assert one(many).HASH_KIND == "sampled:64x64 elements"
    assert one(long).HASH_KIND == "sampled:64x64 elements"


def test_records_are_hashed_by_their_fields():
    """What lies between the fields of a record makes no difference."""
    aligned = np.zeros(3, dtype=np.dtype([("a", "u1"), ("b", "f8")], align=True))
    aligned["a"], aligned["b"] = [1, 2, 3], [4, 5, 6]
    packed = aligned.astype(np.dtype([("a", "u1"), ("b", "f8")]))

    assert hash_of(aligned) == hash_of(packed)
    assert one(packed).DTYPE == "{a: uint8, b: float64}"


@pytest.mark.parametrize(
    "array",
    [np.float32(3), np.zeros((0, 3)), np.array([], dtype="U"), np.array([b""])],
    ids=["scalar", "empty", "no text", "empty text"],
)
def test_odd_shapes_have_hashes(array):
    """No dimension, no element and no byte are contents, too."""
    assert hash_of(array) is not None


def test_dates_are_hashed():
    """numpy's dates and durations have no buffer, but bytes."""
    days = np.array(["2026-01-01", "2026-01-02"], dtype="datetime64[D]")

    assert hash_of(days) == hash_of(days.copy())
    assert hash_of(days) != hash_of(days[::-1])
    assert hash_of(np.diff(days)) is not None


def test_tables_are_hashed_by_names_and_values():
    """A data frame's columns count, whatever their type; its index does not."""
    import pandas as pd

    frame = pd.DataFrame(
        {
            "length": [1.0, 2.0, np.nan],
            "name": ["a", "b", None],
            "kind": pd.Categorical(["u", "v", "u"]),
            "count": pd.array([1, None, 3], dtype="Int64"),
            "day": pd.to_datetime(["2026-01-01", None, "2026-01-03"]).tz_localize("UTC"),
        }
    )
    found = one(frame)

    assert (found.KIND, found.SHAPE, found.SAMPLES) == ("dataframe", "(3, 5)", 3)
    assert (found.DTYPE, found.HASH_KIND) == ("mixed", "whole")
    assert found.SPEC.startswith("length: float64, name: ")
    assert hash_of(frame.set_index(pd.Index([7, 8, 9]))) == found.HASH
    assert hash_of(frame.rename(columns={"name": "title"})) != found.HASH
    assert hash_of(frame.iloc[::-1]) != found.HASH
    assert hash_of(frame.copy()) == found.HASH


def test_a_column_is_a_series():
    """Its type, and its name beside it."""
    import pandas as pd

    found = one(pd.Series([1, 2], name="label"))

    assert (found.KIND, found.SHAPE, found.DTYPE) == ("series", "(2,)", "int64")
    assert found.SPEC == "'label'"
    assert found.HASH is not None


def test_sparse_matrices_are_hashed_by_their_parts():
    """Of scipy and of TensorFlow."""
    import scipy.sparse
    import tensorflow as tf

    matrix = scipy.sparse.random(20, 30, density=0.1, format="csr", rng=1)
    other = matrix.copy()
    other.data[0] += 1
    tensor = tf.SparseTensor([[0, 1], [2, 3]], [1.0, 2.0], [4, 5])
    found = one(tensor)

    assert (one(matrix).KIND, one(matrix).SHAPE) == ("sparse", "(20, 30)")
    assert hash_of(matrix) == hash_of(matrix.copy()) != hash_of(other)
    assert (found.KIND, found.SHAPE, found.DTYPE) == ("sparse", "(4, 5)", "float32")
    assert hash_of(tf.SparseTensor([[0, 1], [2, 3]], [1.0, 2.0], [4, 5])) == found.HASH


def test_ragged_tensors_and_tensors_of_text():
    """TensorFlow's own kinds have hashes."""
    import tensorflow as tf

    ragged = tf.ragged.constant([[1, 2], [3]])
    found = one(ragged)

    assert (found.KIND, found.SHAPE, found.DTYPE) == ("ragged", "(2, None)", "int32")
    assert hash_of(tf.ragged.constant([[1], [2, 3]])) != found.HASH
    assert hash_of(tf.constant(["a", "b"])) == hash_of(tf.constant(["a", "b"])) is not None
    assert hash_of(tf.constant(["a", "b"])) != hash_of(tf.constant(["a", "c"]))


def test_a_symbolic_tensor_has_no_hash():
    """Within a traced function there are no numbers to read."""
    jax = pytest.importorskip("jax")
    import tensorflow as tf

    found = []

    @tf.function
    def traced(x):
        found.append(one(x))
        return x

    traced.get_concrete_function(tf.TensorSpec([None, 3]))
    jax.jit(lambda x: found.append(one(x)) or x)(jax.numpy.ones((2, 3)))

    assert [each.SHAPE for each in found] == ["(None, 3)", "(2, 3)"]
    assert [each.HASH for each in found] == [None, None]
    assert found[0].SAMPLES is None


def test_a_tf_dataset_is_known_by_its_specification():
    """Element specification and cardinality; nothing is drawn from it."""
    import tensorflow as tf

    drawn = []

    def read(i):
        drawn.append(int(i))
        return i

    dataset = tf.data.Dataset.range(10).map(
        lambda i: tf.py_function(read, [i], tf.int64, name="read")
    )
    pairs = tf.data.Dataset.from_tensor_slices((np.ones((10, 3)), np.ones(10))).batch(4)
    found = one(pairs)

    assert (found.KIND, found.HASH) == ("tf.data", None)
    assert "TensorSpec(shape=(None, 3), dtype=tf.float64" in found.SPEC
    assert found.SPEC.endswith("; cardinality 3")
    assert one(pairs.repeat()).SPEC.endswith("; cardinality infinite")
    assert one(pairs.filter(lambda x, y: True)).SPEC.endswith("; cardinality unknown")
    assert one(dataset).SPEC.endswith("; cardinality 10")
    assert drawn == []


def test_a_distributed_dataset_is_known_by_its_specification():
    """It has no cardinality to tell."""
    import tensorflow as tf

    dataset = tf.data.Dataset.range(8).batch(4)
    found = one(tf.distribute.MirroredStrategy(["CPU:0"]).experimental_distribute_dataset(dataset))

    assert found.KIND == "tf.data"
    assert "TensorSpec" in found.SPEC


def test_a_generator_is_not_consumed():
    """It gives its first item afterwards."""

    def batches():
        yield from range(3)

    generator, iterator = batches(), iter([1, 2])
    found = one(generator)

    assert (found.KIND, found.HASH) == ("generator", None)
    assert found.SPEC.endswith("batches")
    assert one(iterator).KIND == "generator"
    assert (next(generator), next(iterator)) == (0, 1)


def test_code_of_the_users_is_never_called():
    """Neither lengths nor items of a PyDataset, a loader's dataset or an own class are asked."""
    torch = pytest.importorskip("torch")

    class Refuses:
        def __len__(self):
            raise AssertionError("called")

        __getitem__ = __iter__ = __repr__ = __array__ = __eq__ = __len__
        num_batches = shape = dtype = property(__len__)
        __hash__ = None

    class Batches(Refuses, keras.utils.PyDataset):
        pass

    class Items(Refuses, torch.utils.data.IterableDataset):
        pass

    found = one(Batches(workers=3))

    assert found.KIND == "PyDataset"
    assert "Batches, workers=3, use_multiprocessing=False, max_queue_size=10" in found.SPEC
    assert one(torch.utils.data.DataLoader(Items(), batch_size=2)).KIND == "DataLoader"
    assert one(Refuses()).KIND == "object"


def test_a_loader_of_tensors_tells_them():
    """The tensors of PyTorch's TensorDataset are there to be hashed; no batch is drawn."""
    torch = pytest.importorskip("torch")

    x, y = torch.ones(10, 3), torch.zeros(10)
    dataset = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(dataset, batch_size=4, shuffle=True)
    state = torch.get_rng_state()

    first, *tensors = fingerprint("training", {"x": loader})

    assert (first.KIND, first.SAMPLES) == ("DataLoader", 10)
    assert "batch_size=4" in first.SPEC
    assert "RandomSampler" in first.SPEC
    assert [each.NAME for each in tensors] == ["x/dataset/0", "x/dataset/1"]
    assert [each.HASH for each in tensors] == [hash_of(x), hash_of(y)]
    assert torch.equal(state, torch.get_rng_state())


def test_a_grain_pipeline_is_known_by_its_steps():
    """The classes of its steps in order, without an item."""
    grain = pytest.importorskip("grain")

    drawn = []
    dataset = grain.MapDataset.source([1, 2, 3]).shuffle(seed=1).map(drawn.append).batch(2)
    found = one(dataset)

    assert found.KIND == "grain"
    assert found.SPEC.startswith("SourceMapDataset > ShuffleMapDataset > ")
    assert drawn == []


def test_lists_of_scalars_are_no_inputs():
    """A list of numbers is one row, not a row for each."""
    found = one([0, 1, 1])

    assert (found.KIND, found.SHAPE, found.SAMPLES, found.HASH) == ("list", "(3,)", 3, None)


def test_a_variable_is_not_read():
    """Variables of TensorFlow have a shape and no hash."""
    import tensorflow as tf

    found = one(tf.Variable([1.0, 2.0]))

    assert (found.KIND, found.SHAPE, found.DTYPE, found.HASH) == (
        "variable",
        "(2,)",
        "float32",
        None,
    )


def test_no_random_state_is_consumed(numbers):
    """All generators stand where they stood, TensorFlow's operation seeds, too."""
    import tensorflow as tf

    def draws():
        keras.utils.set_random_seed(3)
        dataset = tf.data.Dataset.from_tensor_slices(numbers).shuffle(6).batch(2)
        if looks:
            fingerprint("training", {"x": dataset, "y": tf.constant(numbers)})
        order = [batch.numpy().tolist() for batch in dataset]
        seed = keras.random.SeedGenerator().next().numpy().tolist()
        return (
            order,
            seed,
            tf.random.uniform([3]).numpy().tolist(),
            np.random.rand(),
            random.random(),
        )

    looks = False
    plain = draws()
    looks = True

    assert draws() == plain


def test_the_array_is_left_as_it_was(numbers):
    """Read-only arrays are read, and nobody's memory is written."""
    numbers.flags.writeable = False
    before = numbers.copy()

    fingerprint("training", {"x": numbers})

    assert np.array_equal(numbers, before)
    assert not numbers.flags.writeable


def test_fit_takes_the_data_afterwards(numbers):
    """A training on fingerprinted data is the training without."""
    import tensorflow as tf

    def history():
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        dataset = tf.data.Dataset.from_tensor_slices((numbers, numbers[:, 0])).shuffle(6).batch(2)
        if looks:
            fingerprint("training", {"x": dataset})
        return model.fit(dataset, epochs=2, verbose=0).history

    looks = False
    plain = history()
    looks = True

    assert history() == plain
