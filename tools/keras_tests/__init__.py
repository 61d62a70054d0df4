"""Keras' own tests as the judge of our transparency.

Keras ships its tests in its wheel. ``python -m tools.keras_tests check`` runs them with keras_prov
imported first and capture on for every model, and compares the outcome of each test with a recorded
run of plain Keras. It is passed when

- each file is there, can be collected and has the tests that were recorded,
- each test passes, fails or is skipped as it does without us,
- Keras-Prov has logged no failure of its own, and has stored what it captured.

The lean selection is for every change, ``--full`` for a release::

    python -m tools.keras_tests check             # some minutes on two cores
    python -m tools.keras_tests check --full      # an hour or so
    python -m tools.keras_tests check --only trainers/trainer_test.py

The closing line counts judgements: ``passed`` did as plain Keras does (Keras' few own failures do
so by failing), ``failed`` did otherwise, ``skipped`` is skipped by Keras in both.

The outcomes of plain Keras stand in ``baseline-VERSION.json`` beside this file. For a Keras that
has none, ``python -m tools.keras_tests record [--full]`` makes it, by running the tests twice:
tests that end differently then are listed as ``unstable``, with what was seen, and are not
compared. ``--runs`` runs them more often. Once listed, a test stays so in later recordings.

======================= ========================================================================
module                  job
======================= ========================================================================
``selection``           which of Keras' test files are run
``plugin``              pytest's part, inside the processes that run the tests
``running``             one run, in processes and folders of its own
``outcomes``            what came of each test, and how two runs differ
``baseline``            the recorded outcomes of plain Keras, as a file
``report``              what is printed
======================= ========================================================================
"""
