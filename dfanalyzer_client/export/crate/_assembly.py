"""Assemble a crate: every part is added, or noted as missing with the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import quote

from ...config.author import Author
from ._actions import RUN, Material, actions_of
from ._container import image_of
from ._files import CrateFile, collect_files
from ._labels import label_of
from ._lock import requirements_text
from ._parameters import Entity, reference
from ._people import author_of, licence_of, user_of
from ._program import Program, find_program
from ._readme import readme
from ._recipe import RECIPE, recipe_of
from ._requests import COLUMNS, people_of, requests_of
from ._software import software_of
from ._sources import changes
from ._tables import Table, csv_text
from ._work import Work
from ._workflow import add_workflow, describe_script

__all__ = ["fill"]

PROV_JSON = "https://www.w3.org/submissions/prov-json/"
CONTROL = "#control-"


def fill(work: Work, prov_json: str, author: Author | None, licence: str | None) -> None:
    """Add everything of an execution to the crate, and write it."""
    crate, run = work.crate, work.run
    writer = crate.add(author_of(author)) if author else None
    user = user_of(work.environment, run.record.association)
    agent = crate.add(user) if user else writer
    program = find_program(work.environment, run.summary.began, crate.folder)
    workflow = _add_script(work, program)
    _add_prov(work, prov_json)
    variables = _add_environment(work)
    for table in work.tables:
        _add_table(work, table)
    files = _add_files(work)
    _add_recipe(work, program, files)
    for entity in [
        *work.parameters.entities.values(),
        *software_of(run.record, work.environment, work.parameters),
    ]:
        crate.add(entity)
    actions = actions_of(run, workflow, work.parameters, work.materials, agent, variables)
    image = image_of(work.environment)
    if image is not None:
        actions[0]["containerImage"] = reference(crate.add(image))
    ids = [crate.add(action) for action in actions]
    ids += _add_requests(work, author)
    _describe(work, writer, licence)
    crate.set_root(mentions=reference(*(id_ for id_ in ids if not id_.startswith(CONTROL))))
    crate.write()


def _add_script(work: Work, program: Program) -> str:
    """Add the workflow, and return its id; then the modules that it imported."""
    environment = work.environment
    main = add_workflow(work.crate, work.run.record, program, environment, work.parameters)
    description = describe_script(program, environment.source)
    if program.path is None:
        work.notes.missing.append(description)
    else:
        work.notes.inside.append((main, description))
    for source in program.modules:
        if source.path is None:
            work.notes.missing.append(f"{source.name}, which was imported: {source.note}.")
        else:
            text = f"A module that the script imported, as it was found {source.note}."
            work.notes.inside.append((source.path, text))
            work.crate.add_file(source.path, description=text)
    difference = changes(program.sources, work.crate.folder)
    if difference:
        text = "What differs in the script and its modules from the commit, for git apply."
        work.add_text("changes.diff", difference, text)
    work.notes.inside.append(("dataflow.json", "The dataflow as it was declared."))
    return main


def _add_prov(work: Work, prov_json: str) -> None:
    work.crate.add({"@id": PROV_JSON, "@type": "CreativeWork", "name": "PROV-JSON"})
    work.add_text(
        "prov.json",
        prov_json,
        "The execution as a W3C PROV document, in PROV-JSON.",
        conformsTo=reference(PROV_JSON),
        about=reference(RUN),
    )


def _add_environment(work: Work) -> list[str]:
    """Add the environment, and return the ids of the environment variables."""
    if not work.environment:
        work.notes.missing.append(
            "The environment (packages, devices, commit) was not captured (key ENVIRONMENT)."
        )
        return []
    text = json.dumps(work.environment.as_json(), indent=1, ensure_ascii=False)
    work.add_text(
        "environment.json",
        f"{text}\n",
        "Python, packages, backend, devices, host, command and commit, as they were captured.",
        about=reference(RUN),
    )
    requirements = requirements_text(work.environment, work.locked)
    if requirements:
        what = "versions" if work.locked is None else "versions and hashes"
        work.add_text(
            "requirements.txt",
            requirements,
            f"The packages that were imported, with their {what}, as a requirements file for pip.",
            about=reference(RUN),
        )
    variables = work.environment.last("variable")
    return [
        work.crate.add(
            {
                "@id": f"#variable-{quote(name, safe='')}",
                "@type": "PropertyValue",
                "name": name,
                "value": value,
            }
        )
        for name, value in variables.items()
    ]


def _add_table(work: Work, table: Table) -> None:
    content = table.content
    id_ = work.add_text(
        table.path,
        table.text,
        table.description,
        exampleOfWork=reference(f"#{quote(content.tag, safe='')}"),
    )
    writers = {row.writer.id for row in content.rows if row.writer is not None}
    readers = {reader.id for row in content.rows for reader in row.readers}
    for task in work.run.record.tasks:
        is_declared = task.transformation in content.layout.consumers
        if is_declared and any(previous.id in writers for previous in task.depends_on):
            readers.add(task.id)
    work.materials.append(Material(id_, frozenset(readers), frozenset(writers)))


def _add_requests(work: Work, author: Author | None) -> list[str]:
    """Add what was asked while it trained, and return the ids of these actions."""
    requests = work.run.record.requests
    if not requests:
        return []
    count = len(requests)
    work.add_text(
        "requests.csv",
        csv_text(COLUMNS, requests),
        f"{count} request{'s' * (count != 1)} to the training while it ran: who asked what, why, "
        "and what came of it.",
        about=reference(RUN),
    )
    people = people_of(requests, author)
    for person in people.values():
        work.crate.add(person)
    return [work.crate.add(action) for action in requests_of(work.run, people)]


def _add_recipe(work: Work, program: Program, files: list[CrateFile]) -> None:
    """Add what `keras-prov rerun` needs, if the environment was captured."""
    if work.environment.first("process", "command_line") is None:
        return
    record, environment = work.run.record, work.environment
    text = recipe_of(record, environment, program.sources, program.entry, files)
    description = "What a re-execution needs, for keras-prov rerun."
    work.add_text(RECIPE, text, description, about=reference(RUN))


def _add_files(work: Work) -> list[CrateFile]:
    files = collect_files(work.run.record.files, work.crate.folder)
    if not any(file.path for file in files):
        work.notes.missing.append(
            "The model: it was neither captured (key MODEL) nor saved, or the saved file is not "
            "available."
        )
    for file in files:
        id_ = _inside(work, file, file.path) if file.path else _outside(work, file)
        work.materials.append(Material(id_, file.readers, file.writers))
    return files


def _inside(work: Work, file: CrateFile, path: str) -> str:
    labels = [label_of(task) for task in work.run.record.tasks if task.id in file.writers]
    description = (
        f"A {'folder' if file.is_folder else 'file'} that {' and '.join(labels)} wrote, as "
        f"{' and '.join(file.origins)}. Its SHA-256 is the recorded one."
    )
    work.notes.inside.append((path, description))
    others = file.names[1:]
    return work.crate.add_file(
        path,
        name=file.names[0],
        description=description,
        **({"alternateName": " and ".join(others)} if others else {}),
    )


def _outside(work: Work, file: CrateFile) -> str:
    verb = "wrote" if file.writers else "read"
    text = f"A file that the run {verb}, as {' and '.join(file.origins)}. It is not in this crate: "
    text += f"{file.note}."
    work.notes.missing.append(f"{file.names[0]}. {text}")
    entity: Entity = {
        "@id": f"#{file.key}",
        "@type": "CreativeWork",
        "name": file.names[0],
        "description": text,
    }
    if file.sha256:
        entity["sha256"] = file.sha256
    if file.size is not None:
        entity["contentSize"] = str(file.size)
    return work.crate.add(entity)


def _describe(work: Work, author: str | None, licence: str | None) -> None:
    """Describe the crate in its root entity and in README.md."""
    summary = work.run.summary
    ended = summary.ended or summary.began or datetime.now(UTC)
    count = len(work.run.record.tasks)
    text = (
        f"Execution {summary.tag} of the dataflow {summary.dataflow}, {summary.status.lower()}, as "
        f"Keras-Prov recorded it: {count} task{'s' * (count != 1)} and {summary.epochs} "
        f"epoch{'s' * (summary.epochs != 1)}."
    )
    work.crate.set_root(
        name=f"Run {summary.tag}",
        description=text,
        identifier=summary.tag,
        datePublished=f"{ended.replace(tzinfo=None).isoformat(timespec='seconds')}+00:00",
        license=reference(work.crate.add(licence_of(licence))),
        author=reference(author) if author else None,
    )
    if licence is None:
        work.notes.missing.append("A licence: none was named (KERAS_PROV_LICENSE).")
    if author is None:
        work.notes.missing.append("An author: none was named (KERAS_PROV_AUTHOR).")
    about = {"about": reference("./")}
    work.crate.add_text("README.md", readme(work.run, work.notes, [text]), "This crate.", **about)
