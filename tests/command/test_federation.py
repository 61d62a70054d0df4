"""`keras-prov federation`: two servers queried as one, and one of them down."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from click.testing import CliRunner, Result

from dfanalyzer_client.cli import main
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.errors import StoreLoginError
from dfanalyzer_client.journal import Record
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection, MonetDBStore


class Site(NamedTuple):
    """A server of these tests' own, and its administrator's URL."""

    server: PrivateServer
    url: StoreURL

    def run(self, *arguments: str, code: int = 0, **options: str) -> Result:
        """The command, asked of this server as its administrator; never with a traceback."""
        result = CliRunner().invoke(
            main,
            list(arguments),
            env={"KERAS_PROV_STORE": self.url.reveal()},
            catch_exceptions=False,
            input=options.get("input"),
        )
        assert result.exit_code == code, result.output
        return result


def training(tag: str, losses: list[float], status: str = "FINISHED") -> list[Record]:
    """A training with its hyperparameters, told as Keras-Prov tells one."""
    hyper = [{"name": "learning_rate", "type": "NUMERIC"}, {"name": "activation", "type": "TEXT"}]
    epochs = [{"name": "epoch_id", "type": "NUMERIC"}, {"name": "loss", "type": "NUMERIC"}]
    sets = [
        {"tag": "itrainingmodel", "type": "INPUT", "attributes": hyper},
        {"tag": "otrainingmodel", "type": "OUTPUT", "attributes": epochs},
    ]
    steps = [{"tag": "trainingmodel", "sets": sets}]
    rows = [[number, loss] for number, loss in enumerate(losses)]
    data = [
        {
            "tag": "itrainingmodel",
            "attributes": ["learning_rate", "activation"],
            "elements": [[0.1, "relu"]],
        },
        {"tag": "otrainingmodel", "attributes": ["epoch_id", "loss"], "elements": rows},
    ]
    task = {
        "kind": "task",
        "dataflow": tag,
        "exec": f"{tag}-1",
        "transformation": "trainingmodel",
        "id": "1",
        "status": status,
        "sets": data,
        "performances": [],
    }
    flow = {"kind": "dataflow", "tag": tag, "exec": f"{tag}-1", "transformations": steps}
    return [Record(1, flow), Record(2, task)]


@pytest.fixture(scope="module")
def centre_and_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site]]:
    """The central server, and one that is added to it."""
    sites = []
    for name, losses in (("centre", [0.5, 0.25]), ("lab", [0.75, 0.125, 0.5])):
        server = PrivateServer(tmp_path_factory.mktemp(name))
        url = server.ensure()
        store = MonetDBStore(lambda url=url: url)
        store.write(name, training(f"net-{name}", losses))
        store.close()
        sites.append(Site(server, url))
    yield sites[0], sites[1]
    for site in sites:
        site.server.stop()


@pytest.fixture(scope="module")
def federated(centre_and_lab: tuple[Site, Site]) -> tuple[Site, Site]:
    """With the second as a site of the first, and a reader at the centre."""
    centre, lab = centre_and_lab
    address = str(lab.url.without_password())
    said = centre.run(
        "federation", "add", "lab", address, "--password-file", "-", input=lab.url.password
    )
    assert said.output == "The site lab was added: it has 1 executions.\n"
    centre.run("db", "init", "--reader", "ann", "--passwords", "-", input="x")
    return centre, lab


def test_runs_of_all_sites_are_listed_with_their_site(federated: tuple[Site, Site]) -> None:
    """As a reader, with what each site's own `runs` says of them."""
    centre, lab = federated
    reader = Site(centre.server, dataclasses.replace(centre.url, user="ann", password="x"))
    listed = json.loads(reader.run("runs", "--all-sites", "--json").stdout)
    of = {each.pop("site"): each for each in listed}
    assert set(of) == {"here", "lab"}
    for name, site in (("here", centre), ("lab", lab)):
        (own,) = json.loads(site.run("runs", "--json").stdout)
        for each in (own, of[name]):
            each.pop("stop_reason")
        assert of[name] == own
    assert "net-lab" in reader.run("runs", "--site", "lab").stdout
    assert "net-centre" not in reader.run("runs", "--site", "lab").stdout
    table = list(csv.reader(io.StringIO(reader.run("runs", "--site", "lab", "--csv").stdout)))
    assert table[0][:3] == ["site", "id", "execution"]
    assert "There is no site 'x'" in reader.run("runs", "--site", "x", code=1).stderr


def test_conditions_and_orders_go_over_all_sites(federated: tuple[Site, Site]) -> None:
    """As on one database: what fulfils them, in one order, with the columns that are asked for."""
    centre, _ = federated

    def names(*options: str) -> list[list[str]]:
        said = centre.run("runs", "--all-sites", "--csv", "--columns", "dataflow", *options)
        return list(csv.reader(io.StringIO(said.stdout)))[1:]

    assert names("--sort", "lowest.loss") == [["lab", "net-lab"], ["here", "net-centre"]]
    assert names("--sort", "lowest.loss DESC", "--limit", "1") == [["here", "net-centre"]]
    assert names("--where", "lowest.loss < 0.2") == [["lab", "net-lab"]]
    assert names("--where", "loss >= 0.5", "--where", "dataflow LIKE 'net-%'") == [
        ["lab", "net-lab"]
    ]
    assert names("--where", "activation = 'none'") == []
    assert len(names("--status", "finished")) == 2
    told = centre.run("runs", "--all-sites", "--where", "lss < 1", code=1).stderr
    assert "No run of these sites has 'lss'. Known: 'loss'" in told
    told = centre.run("runs", "--all-sites", "--where", "job.node = 'a'", code=1).stderr
    assert "'job' is not read of other sites" in told


def test_the_views_over_all_sites_have_their_site(federated: tuple[Site, Site]) -> None:
    """In SQL, as a reader: the best loss of all."""
    centre, _ = federated
    with Connection(dataclasses.replace(centre.url, user="ann", password="x")) as reader:
        assert reader.query(
            "SELECT site, execution, min(value) FROM federation.metrics WHERE name = 'loss' "
            "GROUP BY site, execution ORDER BY site"
        ) == [("here", "net-centre-1", 0.25), ("lab", "net-lab-1", 0.125)]
        assert reader.query(
            "SELECT DISTINCT site, name FROM federation.hyperparameters ORDER BY site, name"
        ) == [(s, n) for s in ("here", "lab") for n in ("activation", "learning_rate")]
        assert reader.query("SELECT count(*) FROM federation.executions") == [(2,)]
        for view in ("tags", "notes"):
            assert reader.query(f"SELECT count(*) FROM federation.{view}") == [(0,)]


def test_runs_of_sites_are_compared(federated: tuple[Site, Site]) -> None:
    """By the site's name and an id or a tag, where the id alone would not do."""
    centre, _ = federated
    shown = centre.run("compare", "--all-sites", "here/1", "net-lab", "--csv").stdout
    assert shown.splitlines()[:2] == ["name,net-centre-1,net-lab-1", "site,here,lab"]
    assert "epochs,2,3" in shown
    plain = centre.run("compare", "--all-sites", "here/1", "lab/1").stdout
    assert "Execution lab/1: net-lab-1" in plain
    refused = centre.run("compare", "--all-sites", "1", "net-lab", code=1).stderr
    assert "put the site before it, as in" in refused


def test_a_site_that_is_down_is_named_and_left_out(federated: tuple[Site, Site]) -> None:
    """The others answer; the list says why it does not, and it is there again afterwards."""
    centre, lab = federated
    assert "1 executions" in centre.run("federation", "list").stdout
    lab.server.stop()
    try:
        shown = centre.run("runs", "--all-sites")
        assert "net-centre" in shown.stdout
        assert "net-lab" not in shown.stdout
        assert "The site lab is left out: the central server gets no answer" in shown.stderr
        assert len(shown.stderr.splitlines()) <= 2
        assert "gets no answer" in centre.run("federation", "list").stdout
        asked = centre.run("sql", "SELECT * FROM federation.metrics", code=1).stderr
        assert asked.startswith("Error: Another server, which the statement reads, does not answer")
    finally:
        lab.server.start()
    assert "net-lab" in centre.run("runs", "--all-sites").stdout


def test_what_is_no_site_is_not_added(centre_and_lab: tuple[Site, Site]) -> None:
    """Wrong logins, an account without the right, nobody there, and odd names: nothing stays."""
    centre, lab = centre_and_lab
    lab.run("db", "init", "--reader", "far", "--passwords", "-", input="x")
    address = str(lab.url.without_password())
    wrong = {
        ("a", address): "refuses the login",
        ("a", address.replace("monetdb@", "far@")): "mal_for_all=yes",
        ("a", "monetdb://monetdb@127.0.0.1:9/x"): "gets no answer",
        ("a", "monetdbs://monetdb@127.0.0.1:9/x"): "without TLS only",
        ("here", address): "is not 'here'",
        ("A b", address): "lower-case letters",
    }
    for (name, url), said in wrong.items():
        refused = centre.run(
            "federation", "add", name, url, "--password-file", "-", code=1, input="x\n"
        )
        assert said in refused.stderr, refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    with Connection(centre.url) as connection:
        assert connection.query("SELECT 1 FROM sys.schemas WHERE name = 'federation.a'") == []


def test_teams_with_a_database_each_see_their_own(centre_and_lab: tuple[Site, Site]) -> None:
    """An account of one database is none of the other, and reads its own team's dataflows."""
    centre, lab = centre_and_lab
    lab.run("db", "init", "--reader", "ben", "--passwords", "-", input="x")
    ben = dataclasses.replace(lab.url, user="ben", password="x")
    with Connection(ben) as reader:
        assert reader.query("SELECT tag FROM dataflow") == [("net-lab",)]
    with pytest.raises(StoreLoginError):
        Connection(dataclasses.replace(ben, port=centre.url.port))


def test_a_site_is_removed_and_added_again(federated: tuple[Site, Site]) -> None:
    """Its password is nowhere to be read, and the views over the others stay."""
    centre, lab = federated
    with Connection(centre.url) as connection:
        texts = [str(row) for row in connection.query("SELECT query FROM sys.queue")]
        texts += map(str, connection.query("SELECT * FROM federation.site"))
    assert not [text for text in texts if lab.url.password in text]
    assert "was removed" in centre.run("federation", "remove", "lab").stdout
    assert "There is no site 'lab'" in centre.run("federation", "remove", "lab", code=1).stderr
    assert "No sites yet" in centre.run("federation", "list").stderr
    with Connection(centre.url) as connection:
        assert connection.query("SELECT DISTINCT site FROM federation.metrics") == [("here",)]
    url = lab.url.reveal()
    assert "was added" in centre.run("federation", "add", "lab", url).stdout
    again = centre.run("federation", "add", "lab", url, code=1).stderr
    assert "a site 'lab' already" in again
