"""Secrets are masked in whatever spelling they come, and what is none stays as it is."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfanalyzer_client.masking import (
    MASK,
    MAX_ERROR_CHARACTERS,
    captured_row,
    captured_text,
    is_secret_name,
    masked,
    masked_arguments,
    masked_command,
    masked_row,
)

SECRETS = [
    '{"api_key": "hunter2", "lr": 0.1}',
    r"{\"api_key\": \"hunter2\"}",
    '--password "hunter2 hunter2" --lr 0.1',
    "Command 'mysql --dbpass hunter2 -u root' failed",
    "Command '['sshpass', '-p', 'hunter2', 'ssh']' returned 5",
    "['mysql', '--password', 'hunter2', '-u', 'ada:hunter2']",
    "curl -u ada:hunter2 https://example.org",
    "--creds hunter2",
    "--otp 902133hunter2",
    "Cookie: a=hunter2; b=hunter2",
    "Set-Cookie: sid=hunter2; Path=/",
    "{'cookies': {'a': 'hunter2'}}",
    "Authorization: token hunter2",
    "Proxy-Authorization: Basic hunter2",
    "{'Authorization': 'Bearer hunter2', 'x': 1}",
    "a Bearer hunter2 was sent",
    "https://x.blob.core.windows.net/a?sv=1&sig=hunter2%3D&se=3",
    "sig=hunter2hunter2hunter2%2B&se=3",
    "https://s3.example.org/b?X-Amz-Signature=hunter2&X-Amz-Credential=hunter2",
    "https://storage.googleapis.com/b?X-Goog-Signature=hunter2",
    "https://hooks.slack.com/services/T0/B0/hunter2",
    "https://discord.com/api/webhooks/1/hunter2",
    "https://acme.webhook.office.com/webhookb2/hunter2",
    "https://chat.acme.org/hooks/hunter2hunter2",
    "https://api.telegram.org/bot12:hunter2/send",
    "ya29.hunter2hunter2",
    "SG.hunter2hunter2.hunter2hunter2",
    "KGAT_hunter2hunter2",
    "sk-hunter2hunter2hunter2",
    "hf_hunter2hunter2",
    "github_pat_hunter2_hunter2hunter2hunter2",
    "xoxb-hunter2hunter2",
    "eyJhbGciOiJIUzI1NiJ9.hunter2.hunter2",
    "password='hunter2 hunter2'",
    r'password="hunter2\" hunter2"',
    '"password": "hunter2, cut off',
    "secret={'a': 'hunter2', 'b': [1, ('hunter2')]}",
    "Boom(api_key='hunter2', token='hunter2', url='postgres://u:hunter2@h/db')",
    "export PASSWORD=hunter2",
    "passphrase: hunter2",
    "redis://:hunter2@h:6379/0",
    "mongodb+srv://ada:hun@hunter2@h/db",
    "AccountKey=hunter2==;EndpointSuffix=x",
    "client_secret=hunter2&grant_type=x",
    "pwd=hunter2;db=x",
]

ORDINARY = [
    "MultiHeadAttention(num_heads=2, key_dim=64)",
    "StringLookup(mask_token='[MASK]', oov_token='[UNK]', max_tokens=100)",
    "tokenizer=bert-base max_tokens=5 lr=0.001 pad_token=0",
    "sig=0.5 signature=tanh design=a",
    "basic training of token embeddings; a basic block",
    "invalid token at position 3; unexpected token 'x'",
    "the bearer of news",
    "KeyError: 'loss'; key not found: 3",
    "first pass: 5, pass=3, bypass=1, compass=north",
    "/home/ada/secrets_and_keys.py:12",
    "File 'password.py', line 3",
    r"C:\new\x00\table",
    "layer_1/kernel:0 array(shape=(3, 4), dtype=float32)",
    "Dense(units=64, activation='relu', kernel_initializer=GlorotUniform(seed=742824379))",
    "[\"EarlyStopping(monitor='val_loss', patience=3)\"]",
    "sort_key='a' key=None use_keys=False key=0.5",
    "python -u train.py -p 8080 -p 80:80 --port 80 -p ./data/x",
    "http://localhost:8000/a?b=c#d",
    "https://keras.io/api/hooks",
    "gs://bucket/path/model.keras",
    "pytorch/pytorch:2.0@sha256",
    "(None, 10, 3)",
    "2026-11-26 11:42:56.185830",
    "git@github.com:ada/repo.git",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_masked_in_any_spelling(text: str) -> None:
    """Alone, within a longer text, and once more."""
    for whole in (text, f"RuntimeError: it failed:\n{text}\nand more"):
        once = masked(whole)
        assert "hunter2" not in once
        assert MASK in once
        assert masked(once) == once


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_texts_stay(text: str) -> None:
    """Layers, paths, numbers and prose are recorded as they are."""
    assert masked(text) == text


NAMES = st.sampled_from(
    [
        "author",
        "axis",
        "dropout",
        "key_dim",
        "keyboard",
        "learning_rate",
        "mask_token",
        "max_tokens",
        "monitor",
        "num_heads",
        "patience",
        "rate",
        "seed",
        "sig",
        "tokenizer",
        "value_dim",
    ]
)
NUMBERS = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False)


@given(st.dictionaries(NAMES, NUMBERS | st.booleans() | st.none(), max_size=6))
def test_configurations_of_numbers_stay(config: dict[str, object]) -> None:
    """As a call, as JSON, as options, and column by column."""
    call = f"Layer({', '.join(f'{name}={value!r}' for name, value in config.items())})"
    options = " ".join(f"--{name} {value}" for name, value in config.items())
    for text in (call, json.dumps(config), options):
        assert masked(text) == text
    texts = [str(value) for value in config.values()]
    assert masked_row(list(config), texts) == texts


@given(st.text(st.characters(categories=["Ll", "Zs"], max_codepoint=0x17F), max_size=60))
def test_words_stay(text: str) -> None:
    """Nothing is made of plain words."""
    assert masked(text) == text


@given(st.text(max_size=200), st.text("abcdefgh12345", min_size=6, max_size=20))
def test_what_stands_around_hides_no_password(around: str, password: str) -> None:
    """A URL's login is masked wherever it stands."""
    secret = f"Q{password}Q"
    assert secret not in masked(f"{around} postgres://ada:{secret}@h/db {around}")


def test_values_of_configurations_are_masked_by_their_names() -> None:
    """A value is a secret for what its column, or its row, calls it."""
    columns = ["NAME", "ATTRIBUTE_TYPE", "VALUE", "MADE_AT"]
    place = "/a/secrets.py:12"
    assert captured_row(columns, ["d", "api_key", "short", place]) == ["d", "api_key", MASK, place]
    assert captured_row(columns, ["d", "key_dim", "64", place]) == ["d", "key_dim", "64", place]
    assert captured_row(columns, ["d", "oov_token", "[UNK]", None])[2] == "[UNK]"
    assert masked_row(["API_TOKEN", "sha256"], ["short", "0f" * 32]) == [MASK, "0f" * 32]
    digest = "0123456789abcdef0123456789abcdef01234567"
    for columns, row in ((["DATA_VERSION", "NOTE"], [digest, digest]), (["NAME"], [digest])):
        assert masked_row(columns, row) == row
    assert masked_row(["NAME", "VALUE"], ["commit", digest])[1] == digest
    assert masked_row(["NAME", "VALUE"], ["login", digest])[1] == MASK
    facts = [
        (("package", "secretstorage", "3.3.3"), "3.3.3"),
        (("git", "commit", digest), None),
        (("variable", "A_TOKEN", "x"), MASK),
        (("process", "command_line", "a.py -u b:hunter2 --otp 12"), f"a.py -u {MASK} --otp {MASK}"),
    ]
    for fact, shown in facts:
        assert masked_row(["KIND", "NAME", "VALUE"], fact)[2] == (shown or fact[2])


def test_short_options_of_commands() -> None:
    """After -u a login, after -p all but numbers, ports, options and paths."""
    line = "curl -u root:hunter2 -p hunter2 -p 8080 -p 80:80/tcp -p ./x -p -v -u a.py --dbpass x"
    shown = "curl -u … -p … -p 8080 -p 80:80/tcp -p ./x -p -v -u a.py --dbpass …"
    assert " ".join(masked_arguments(line.split())) == shown
    assert masked_command(f"{line} 'two words'") == f"{shown} 'two words'"
    assert masked_command("cut --password 'hunter2 of") == "cut --password …"


def test_a_long_text_is_cut_and_says_so() -> None:
    """Its beginning and its end are there, and no half of a secret where it was cut."""
    secret = "password=" + "hunter2" * 400
    text = "a " * (MAX_ERROR_CHARACTERS // 4 - 600) + secret + "b " * 4_000_000 + "the end"
    cut = captured_text(text, MAX_ERROR_CHARACTERS)
    assert len(cut) < MAX_ERROR_CHARACTERS + 100
    assert cut.startswith("a a ")
    assert cut.endswith("the end")
    assert "characters left out]" in cut
    assert "hunter2" not in cut


def test_a_text_passes_once() -> None:
    """What has passed passes again as it is; no database's text is left in it."""
    once = captured_text("a\0b \udce9 \\x00")
    assert once == r"a\x00b \udce9 \x5cx00"
    assert captured_text(once) == once


def test_masking_takes_linear_time() -> None:
    """Whatever is said again and again."""
    parts = (
        "a",
        "a.",
        "a=",
        "k:/",
        "-",
        "password=[",
        "password='",
        "cookie: ",
        "Bearer ",
        "x://",
        "?sig=",
        "http://a/",
        "\\",
        'password=\\"',
        "eyJa.",
        "SG.aaaaaa.",
        "a-",
        "'-p', ",
        "sk-a",
    )
    for part in parts:
        began = time.process_time()
        masked(part * (100_000 // len(part)))
        assert time.process_time() - began < 5, part


@pytest.mark.parametrize("name", ["dbpass", "creds", "OTP", "Set-Cookie", "clientSecret", "pwd"])
def test_names_of_secrets(name: str) -> None:
    """In any spelling."""
    assert is_secret_name(name)
