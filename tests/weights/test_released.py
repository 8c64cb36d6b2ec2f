"""Released parameters: the format against a writer of our own, every kind of damage, downloads."""

import hashlib
import struct
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from mlxc_edu import weights
from mlxc_edu.cli import main
from mlxc_edu.weights import BundleError, MissingWeights, WrongWeights, _released, _shipped
from mlxc_edu.weights._bundle import _unsnap, read_bundle
from mlxc_edu.weights._crc32c import crc32c

DATA = "data-00000-of-00001"
NUMBER = {"float32": 1, "float64": 2, "int32": 3, "int64": 9}
EXAMPLE = {
    "net/layer/b": np.arange(3, dtype=np.float32),
    "net/layer/w": np.arange(6, dtype=np.float32).reshape(2, 3) / 7,
    "net/layer_1/w": np.linspace(0, 1, 5),
    "net/step": np.array(-12, dtype=np.int64),
    "other/none": np.zeros((0, 4), np.float32),
}
in_a_folder = settings(deadline=None, suppress_health_check=list(HealthCheck))


# A writer of the format, independent of the reader: bit by bit, as LevelDB's documents say.


def slow_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = slow_crc32c(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17 & 0xFFFFFFFF)) + 0xA282EAD8) % 2**32)


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes([*out, n])


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def entry(dtype, shape, offset, size, checksum, extra=b""):
    dims = b"".join(field(2, field(1, n)) for n in shape)
    where = field(4, offset) + field(5, size)
    return field(1, dtype) + field(2, dims) + where + b"\x35" + checksum + extra


def block(pairs):
    out, restarts, before = b"", [], b""
    for i, (key, value) in enumerate(pairs):
        if i % 4 == 0:
            restarts.append(len(out))
            before = b""
        shared = next((n for n, (a, b) in enumerate(zip(before, key)) if a != b), len(before))
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:]
        out, before = out + value, key
    restarts = restarts or [0]
    return out + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def snap(data):
    """Snappy, greedy and slow: literals, and copies from up to 65535 bytes before."""
    out, at, literal = varint(len(data)), 0, b""

    def flush():
        return bytes([len(literal) - 1 << 2]) + literal if literal else b""

    while at < len(data):
        for n in range(min(64, len(data) - at), 3, -1):
            found = data.find(data[at : at + n], 0, at + n - 1)  # it may overlap with its copy
            if found >= 0:
                out += flush() + bytes([n - 1 << 2 | 2]) + struct.pack("<H", at - found)
                at, literal = at + n, b""
                break
        else:
            literal, at = literal + data[at : at + 1], at + 1
            if len(literal) == 60:
                out, literal = out + flush(), b""
    return out + flush()


def seal(blocks, kind=0):
    """Blocks of (last key, content) into the bytes of a table, every checksum right."""
    file, handles = b"", []

    def add(content):
        nonlocal file
        handle = varint(len(file)) + varint(len(content))
        file += content + bytes([kind]) + masked(content + bytes([kind]))
        return handle

    squeeze = snap if kind == 1 else bytes
    for last, content in blocks:
        handles.append((last, add(content)))
    meta = add(squeeze(block([])))
    index = add(squeeze(block(handles)))
    return file + (meta + index).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


HEADER = field(1, 1) + field(3, field(1, 1))


def table_of(arrays):
    pairs, data = [(b"", HEADER)], b""
    for name, array in sorted(arrays.items(), key=lambda pair: pair[0].encode()):
        raw = array.tobytes()
        number = NUMBER[array.dtype.name]
        pairs.append((name.encode(), entry(number, array.shape, len(data), len(raw), masked(raw))))
        data += raw
    return pairs, data


def write(folder, pairs, data, kind=0, per_block=3):
    parts = [pairs[i : i + per_block] for i in range(0, len(pairs), per_block)]
    squeeze = snap if kind == 1 else bytes
    index = seal([(part[-1][0], squeeze(block(part))) for part in parts], kind)
    (folder / "variables.index").write_bytes(index)
    (folder / f"variables.{DATA}").write_bytes(data)
    return folder / "variables"


def same(found, arrays):
    return set(found) == set(arrays) and all(
        found[k].dtype == a.dtype
        and found[k].shape == a.shape
        and found[k].tobytes() == a.tobytes()
        for k, a in arrays.items()
    )


# The checksum.


@pytest.mark.parametrize(
    ("data", "value"),  # RFC 3720, B.4, and the usual check value
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(reversed(range(32))), 0x113FDB5C),
        (b"", 0),
    ],
)
def test_checksum_of_the_standard(data, value):
    assert crc32c(data) == slow_crc32c(data) == value


@given(st.binary(max_size=600))
def test_checksum_against_bit_by_bit(data):
    assert crc32c(data) == slow_crc32c(data)


# The format.

names = st.lists(st.sampled_from(["net", "net_1", "layer", "w", "β", "/"]), min_size=1, max_size=5)
some_arrays = st.dictionaries(
    names.map("/".join),
    arrays_of.arrays(
        st.sampled_from(["<f4", "<f8", "<i4", "<i8"]),
        arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
    ),
    max_size=30,
)


@in_a_folder
@given(some_arrays, st.sampled_from([0, 1]), st.integers(1, 9))
def test_what_was_written_is_read(tmp_path, arrays, kind, per_block):
    found = read_bundle(write(tmp_path, *table_of(arrays), kind, per_block))
    assert same(found, arrays)
    assert not any(array.flags.writeable for array in found.values())


def test_compressed_blocks_are_shorter_and_the_same(tmp_path):
    many = {f"net/layer_{i}/weights": np.full(i, i, np.float32) for i in range(40)}
    plain = write(tmp_path, *table_of(many), per_block=99)
    length = len(plain.with_suffix(".index").read_bytes())
    snapped = write(tmp_path, *table_of(many), kind=1, per_block=99)
    assert len(snapped.with_suffix(".index").read_bytes()) < 0.8 * length
    assert same(read_bundle(snapped), many)


@pytest.mark.parametrize(
    ("compressed", "data"),
    [
        (b"\x0a\x00a\x15\x01", b"a" * 10),  # one-byte distance, overlapping
        (b"\x06\x08abc\x0b\x03\0\0\0", b"abcabc"),  # four-byte distance
        (b"\x64\xf0\x63" + b"x" * 100, b"x" * 100),  # a length of its own byte
        (b"\xac\x02\xf4\x2b\x01" + b"x" * 300, b"x" * 300),  # and of two
        (b"\x05\x08abc\x01\x03", BundleError),  # 4 bytes copied, 2 announced
        (b"\x07\x08abc\x01\x04", BundleError),  # from before the beginning
        (b"\x07\x08abc\x01\x00", BundleError),  # from here
        (b"\x07\x08abc\x01", BundleError),  # cut off
    ],
)
def test_snappy(compressed, data):
    if data is BundleError:
        with pytest.raises(BundleError):
            _unsnap(compressed)
    else:
        assert _unsnap(compressed) == data


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("end", ["index", DATA])
def test_every_truncation_is_found(tmp_path, end, kind):
    prefix = write(tmp_path, *table_of(EXAMPLE), kind)
    file = prefix.with_name(f"variables.{end}")
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(BundleError, match=f"variables.{end}"):
            read_bundle(prefix)


@in_a_folder
@given(st.data(), st.sampled_from(["index", DATA]), st.integers(1, 255), st.sampled_from([0, 1]))
def test_any_wrong_byte_is_found(tmp_path, data, end, change, kind):
    prefix = write(tmp_path, *table_of(EXAMPLE), kind)
    file = prefix.with_name(f"variables.{end}")
    damaged = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, len(damaged) - 1))
    damaged[at] ^= change
    file.write_bytes(damaged)
    try:
        found = read_bundle(prefix)
    except BundleError as error:
        assert f"variables.{end}" in str(error)
    else:  # only what nothing depends on: the footer's padding
        assert end == "index" and len(damaged) - 48 <= at < len(damaged) - 8
        assert same(found, EXAMPLE)


@settings(in_a_folder, max_examples=300)
@given(st.data(), st.sampled_from([0, 1]))
def test_nonsense_under_right_checksums_never_escapes(tmp_path, data, kind):
    pairs, numbers = table_of(EXAMPLE)
    content = (snap if kind == 1 else bytes)(block(pairs))
    if data.draw(st.booleans()):
        content = data.draw(st.binary(max_size=60))
    else:
        content = bytearray(content)
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "variables.index").write_bytes(seal([(b"z", bytes(content))], kind))
    (tmp_path / f"variables.{DATA}").write_bytes(numbers)
    try:
        read_bundle(tmp_path / "variables")
    except BundleError as error:
        assert "variables" in str(error)


one = struct.pack("<2I", 0, 1)  # the restarts of a block with few entries


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (b"", "is not the index"),
        (seal([])[-47:], "is not the index"),  # the magic number is there, the footer is not
        (seal([])[:-48] + b"gap" + seal([])[-48:], "damaged footer"),
        (seal([], kind=2), "compressed in an unknown way, 2"),
        (seal([(b"z", varint(1) + varint(0) + varint(0) + one)]), "continues nothing"),
        (seal([(b"z", varint(0) + varint(9) + varint(0) + one)]), "ends too early"),
        (seal([(b"z", varint(0) + varint(0) + varint(9) + one)]), "ends too early"),
        (seal([(b"z", b"\x80" * 10 + b"\1" + one)]), "more than 64 bits"),
        (seal([(b"z", struct.pack("<I", 9))]), "block that ends too early"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_right_checksums_of_a_wrong_table(tmp_path, index, message):
    (tmp_path / "variables.index").write_bytes(index)
    with pytest.raises(BundleError, match=f"variables.index .*{message}"):
        read_bundle(tmp_path / "variables")


@given(st.binary(max_size=200))
@in_a_folder
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "variables.index").write_bytes(content)
    with pytest.raises(BundleError):
        read_bundle(tmp_path / "variables")


raw = np.float32([1, 2]).tobytes()


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "no header"),
        ([(b"", field(1, 2))], "2 shards"),
        ([(b"", field(1, 1) + field(2, 1))], "big-endian"),
        ([(b"", HEADER), (b"x", entry(7, [2], 0, 8, masked(raw)))], "type 7"),
        ([(b"", HEADER), (b"x", entry(1, [3], 0, 8, masked(raw)))], "8 bytes, which is not"),
        ([(b"", HEADER), (b"x", entry(1, [2], 1, 8, masked(raw)))], "ends at byte 9 of 8"),
        ([(b"", HEADER), (b"x", entry(1, [2], 0, 8, masked(b"")))], "wrong checksum of x"),
        ([(b"", HEADER), (b"x", entry(1, [2], 0, 8, masked(raw), field(3, 1)))], "another shard"),
        ([(b"", HEADER), (b"x", entry(1, [2], 0, 8, masked(raw), field(7, b"")))], "slices"),
        ([(b"", HEADER), (b"x", entry(1, [0, 2**63], 0, 0, masked(b"")))], "cannot be"),
        ([(b"", HEADER), (b"x", entry(1, [1] * 99, 0, 4, masked(raw[:4])))], "cannot be"),
        ([(b"", HEADER), (b"\xff", entry(1, [2], 0, 8, masked(raw)))], "no text"),
    ],
)
def test_what_is_not_read_is_refused(tmp_path, pairs, message):
    with pytest.raises(BundleError, match=message):
        read_bundle(write(tmp_path, pairs or [(b"x", b"")], raw))


def test_missing_files_are_named(tmp_path):
    with pytest.raises(BundleError, match=r"variables.index cannot be read: No such file"):
        read_bundle(tmp_path / "variables")
    write(tmp_path, *table_of(EXAMPLE)).with_name(f"variables.{DATA}").unlink()
    with pytest.raises(BundleError, match=f"variables.{DATA} cannot be read"):
        read_bundle(tmp_path / "variables")


# What DeepMind released.


@pytest.mark.parametrize("name", weights.MODELS)
def test_the_released_models(released, name):
    model = weights.load(name)
    root = "hub_wrapper/local_functional_v2"
    assert sum(array.size for array in model.values()) == 401_667
    assert {array.dtype for array in model.values()} == {np.dtype("float32")}
    assert len(model) == 28
    assert model[f"{root}/SquashUnprocessedData/linear/w"].shape == (11, 256)
    assert model[f"{root}/OutputLayer/linear/w"].shape == (256, 3)
    assert model[f"{root}/MLP/ResidualBlock/linear/w"].shape == (256, 256)
    assert model[f"{root}/MLP/ResidualBlock_5/layer_norm/gamma"].shape == (256,)
    assert not any(array.flags.writeable for array in model.values())
    # The data file is the arrays one after the other, in the order of their names.
    together = np.concatenate([model[key].ravel() for key in sorted(model)])
    file = np.fromfile(released / name / "variables" / f"variables.{DATA}", "<f4")
    assert np.array_equal(together, file)


def test_models_differ_and_are_read_once(released):
    first, again, other = (weights.load(name) for name in ("DM21", "dm21", "DM21m"))
    for key in first:
        assert first[key] is again[key]
    assert any(not np.array_equal(first[key], other[key]) for key in first)
    first.clear()
    assert len(weights.load("DM21")) == 28


def test_every_wrong_byte_of_a_released_index_is_found(released, tmp_path):
    index = (released / "DM21" / "variables" / "variables.index").read_bytes()
    for at in [*range(len(index) - 48), *range(len(index) - 8, len(index))]:
        damaged = bytearray(index)
        damaged[at] ^= 0xFF
        (tmp_path / "variables.index").write_bytes(damaged)
        with pytest.raises(BundleError, match=r"variables\.index"):
            read_bundle(tmp_path / "variables")


def test_another_model_under_the_name_is_refused(released, tmp_path, monkeypatch):
    (tmp_path / "DM21").mkdir()
    (tmp_path / "DM21" / "variables").symlink_to(released / "DM21m" / "variables")
    monkeypatch.setenv("MLXC_EDU_DM21_DIR", str(tmp_path))
    with pytest.raises(WrongWeights, match="384a0651340f…, expected 5918c6ce7136"):
        weights.load("DM21")


# Where files come from: a small server in place of GitHub, a bundle of ours in place of theirs.


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.delenv("MLXC_EDU_DM21_DIR", raising=False)
    monkeypatch.setenv("MLXC_EDU_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache" / "weights"


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    """The folder a server serves, with one model; its hashes in place of the released ones."""
    folder = tmp_path / "upstream" / "DM21" / "variables"
    folder.mkdir(parents=True)
    write(folder, *table_of(EXAMPLE))
    hashes = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.iterdir()}
    monkeypatch.setattr(_released, "_SHA256", dict.fromkeys(weights.MODELS, hashes))

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = partial(Quiet, directory=tmp_path / "upstream")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setattr(_released, "_URL", f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    server.server_close()


def kept(cache):
    return [path for path in cache.rglob("*") if path.is_file()]


def test_fetch_then_load(cache, upstream):
    with pytest.raises(MissingWeights, match=r"`mlxc-edu weights fetch DM21`.*MLXC_EDU_DM21_DIR"):
        weights.load("DM21")
    assert weights.fetch("dm21") == weights.folder("DM21") == cache / "DM21" / "variables"
    assert same(weights.load("DM21"), EXAMPLE)
    assert sorted(f.name for f in kept(cache)) == sorted(weights.FILES)
    for file in upstream.iterdir():
        file.unlink()
    weights.fetch("DM21")  # what is here is not downloaded again


def test_fetch_replaces_a_damaged_file(cache, upstream):
    file = weights.fetch("DM21") / "variables.index"
    file.write_bytes(b"something else")
    with pytest.raises(WrongWeights, match=r"variables.index .*delete it, then run `mlxc-edu"):
        weights.load("DM21")
    weights.fetch("DM21")
    assert same(weights.load("DM21"), EXAMPLE)


@pytest.mark.parametrize("file", weights.FILES)
def test_a_wrong_download_is_refused_and_not_kept(cache, upstream, file):
    (upstream / file).write_bytes(b"altered on the way")
    with pytest.raises(WrongWeights, match=f"{file} is not the released file"):
        weights.fetch("DM21")
    assert file not in [f.name for f in kept(cache)]
    assert len(kept(cache)) == weights.FILES.index(file)  # no part of it under another name


def test_no_file_upstream(cache, upstream):
    with pytest.raises(ConnectionError, match=r"DM21m/variables/variables.index \(.*404"):
        weights.fetch("DM21m")
    assert not kept(cache)


def test_no_network(cache, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    server.server_close()  # nobody answers there now
    monkeypatch.setattr(_released, "_URL", f"http://127.0.0.1:{server.server_port}")
    with pytest.raises(ConnectionError, match=r"http://127.*variables.index .*MLXC_EDU_DM21_DIR"):
        weights.fetch("DM21")
    assert not kept(cache)


def test_a_cache_that_cannot_be_written_to(cache, upstream):
    cache.parent.mkdir()
    cache.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="MLXC_EDU_CACHE") as caught:
        weights.fetch("DM21")
    assert not isinstance(caught.value, ConnectionError)


def test_a_folder_of_ones_own(cache, upstream, tmp_path, monkeypatch):
    monkeypatch.setenv("MLXC_EDU_DM21_DIR", str(tmp_path / "upstream"))
    assert weights.fetch("DM21") == weights.folder("DM21") == upstream
    assert same(weights.load("DM21"), EXAMPLE)
    with pytest.raises(MissingWeights, match="unset MLXC_EDU_DM21_DIR and run `mlxc-edu weights"):
        weights.fetch("DM21m")
    assert not kept(cache) and not (tmp_path / "upstream" / "DM21m").exists()


@pytest.mark.parametrize("function", [weights.load, weights.fetch, weights.verify, weights.folder])
def test_unknown_models(function, cache):
    with pytest.raises(ValueError, match="no model 'DM21x'; near names: DM21"):
        function("DM21x")


# The command.


def test_help_loads_nothing_for_downloads():
    code = "from mlxc_edu.cli._main import _parser; _parser().format_help()\nimport sys\n"
    code += "print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(out.stdout.split()) & {"numpy", "pooch", "requests"}
    assert "mlxc_edu.cli._weights" in out.stdout.split()


def test_list(cache, upstream, capsys):
    assert main(["weights", "fetch"]) == main(["weights", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("DM21 ") and "present" in line for line in lines)
    assert any(line.startswith("DM21mu ") and "absent" in line for line in lines)
    assert "DeepMind" in lines[-1] and "CC BY 4.0" in lines[-1]
    (cache / "DM21" / "variables" / "variables.index").unlink()
    assert main(["weights", "list", "dm21"]) == 0
    assert "incomplete" in capsys.readouterr().out


def test_verify(cache, upstream, capsys):
    assert main(["weights", "verify"]) == 1
    assert "no model is here" in capsys.readouterr().err
    assert main(["weights", "fetch", "dm21"]) == 0
    assert main(["weights", "verify"]) == main(["weights", "verify", "DM21"]) == 0
    assert "DM21: as released, 15 parameters" in capsys.readouterr().out
    assert main(["weights", "verify", "DM21", "DM21m"]) == 1
    assert "fetch DM21m" in capsys.readouterr().err
    (cache / "DM21" / "variables" / "variables.index").write_bytes(b"")
    assert main(["weights", "verify"]) == 1
    assert "is not the released file" in capsys.readouterr().err


def test_fetch_all(cache, upstream, tmp_path):
    for name in list(weights.MODELS)[1:]:
        (tmp_path / "upstream" / name).symlink_to(tmp_path / "upstream" / "DM21")
    assert main(["weights", "fetch", "all"]) == main(["weights", "verify", "all"]) == 0
    assert len(kept(cache)) == 2 * len(weights.MODELS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["fetch", "DM22"], "near names: DM21"), (["fetch", "DM21mc"], "404")],
)
def test_bad_input_is_one_line(cache, upstream, arguments, message, capsys):
    assert main(["weights", *arguments]) == 2
    error = [x for x in capsys.readouterr().err.splitlines() if not x.startswith("Downloading")]
    assert len(error) == 1 and error[0].startswith("mlxc-edu: ") and message in error[0]


def test_what_was_shipped_and_changed_is_refused(monkeypatch, tmp_path):
    other = tmp_path / "other.npz"
    np.savez(other, own_w=np.zeros(3))
    monkeypatch.setattr(_shipped, "OCCUPATION", other)
    monkeypatch.setitem(_shipped.SHIPPED, "EDU26", other)
    for load in (weights.load_occupation, lambda: weights.load_ours("EDU26")):
        with pytest.raises(WrongWeights, match=r"not the shipped file: install mlxc-edu anew$"):
            load()
