"""Passwords are made once, kept private, and given ones win."""

import json
from pathlib import Path

from scripts.secrets import DATABASES, Credentials, Secrets, write_private


def test_are_made_once_and_only_the_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "home" / "secrets.json"
    made = Secrets.load(path)
    assert Secrets.load(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert len({*made.mongodb.values(), made.mongodb_root, made.rabbitmq}) == len(made.mongodb) + 2


def test_what_an_older_file_lacks_is_added(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text('{"rabbitmq": "kept", "mongodb": {"order": "kept, too"}}')
    made = Secrets.load(path)
    assert (made.rabbitmq, made.mongodb["order"]) == ("kept", "kept, too")
    assert made.mongodb.keys() == {*DATABASES}
    assert json.loads(path.read_text())["signing_key"] == made.signing_key


def test_credentials_have_the_documented_form_and_given_passwords_win(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    credentials = Credentials.load(path).with_passwords(admin="from the environment", support=None)
    credentials.save(path)
    stored = json.loads(path.read_text())
    assert stored["admin"] == {"email": "admin@portico.test", "password": "from the environment"}
    assert stored["support"]["email"] == "support@portico.test"
    assert Credentials.load(path) == credentials


def test_a_private_file_stays_private_when_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keyfile"
    path.write_text("readable by all")
    path.chmod(0o644)
    write_private(path, "secret")
    assert path.read_text() == "secret"
    assert path.stat().st_mode & 0o777 == 0o600
