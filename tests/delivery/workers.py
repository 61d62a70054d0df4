"""Says a row in a worker process of each kind: python workers.py TAG.

They end as their kind ends; ENDED are the rows of those that come to their end, KILLED the others.
"""

from __future__ import annotations

import multiprocessing as mp
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
)

ENDED = (0, 1, 2, 11, 12, 21, 22, 31, 32, 33, 34, 35)
KILLED = (41, 42, 43)


def say(number: int, ending: str = "") -> int:
    """A dataflow with a task and its row."""
    output = Set("out", SetType.OUTPUT, [Attribute("n", AttributeType.NUMERIC)])
    flow = Dataflow(sys.argv[1], [Transformation("step", [output])])
    flow.save()
    task = Task(number, flow.tag, flow.exec_tag, "step")
    task.begin()
    task.add_dataset(DataSet("out", [Element([number])]))
    task.end()
    if ending == "sys.exit":
        sys.exit(0)
    return number


def say_in_a_child(number: int) -> int:
    """A worker that has a worker."""
    child = mp.get_context("fork").Process(target=say, args=(number + 1,))
    child.start()
    child.join()
    return say(number)


def killed() -> None:
    """Workers that nobody lets come to their end."""
    fork = mp.get_context("fork")
    with fork.Pool(1) as pool:  # which terminates its workers
        pool.apply(say, (KILLED[0],))
    child = os.fork()
    if not child:
        say(KILLED[1])
        os._exit(0)
    os.waitpid(child, 0)
    said = fork.Event()
    victim = fork.Process(target=lambda: (say(KILLED[2]), said.set(), signal.pause()))
    victim.start()
    said.wait()
    victim.kill()
    victim.join()


def ended() -> None:
    """Workers that end as they should, of each way to start them."""
    for first, method in ((1, "fork"), (11, "forkserver"), (21, "spawn")):
        context = mp.get_context(method)
        with ProcessPoolExecutor(1, context) as executor:
            assert executor.submit(say, first).result() == first
        child = context.Process(target=say, args=(first + 1, "sys.exit"))
        child.start()
        child.join()
        assert child.exitcode == 0
    pool = mp.get_context("fork").Pool(1)
    pool.apply(say, (31,))
    pool.close()
    pool.join()
    grandparent = mp.get_context("fork").Process(target=say_in_a_child, args=(32,))
    grandparent.start()
    grandparent.join()
    thread = threading.Thread(target=say_in_a_child, args=(34,))  # forks beside the main thread
    thread.start()
    thread.join()


if __name__ == "__main__":
    say(0)
    ended()
    os.environ["KERAS_PROV_BATCH"] = "3600"  # what is killed has stored nothing by itself
    killed()
