"""Keras' own tests, which show whether capture changes anything.

Keras ships its tests in its wheel. ``python -m tools.keras_tests check`` runs them with keras_prov
imported first and capture on for every model, and compares the outcome of every test with a
recorded run of plain Keras. The check passes if

- all files are there, can be collected and have the tests that were recorded,
- all tests pass, fail or are skipped as they do without us,
- Keras-Prov has logged no failure of its own, and has stored what it captured.

The lean selection is run for every change, ``--full`` for a release::

    python -m tools.keras_tests check             # some minutes on two cores
    python -m tools.keras_tests check --full      # an hour or so
    python -m tools.keras_tests check --only trainers/trainer_test.py

The last line counts tests: ``passed`` are those that ended as in plain Keras (Keras' few own
failures by failing), ``failed`` those that ended differently, ``skipped`` those that Keras skips in
both.

The outcomes of plain Keras are in ``baseline-VERSION.json`` beside this file. For a version of
Keras without one, ``python -m tools.keras_tests record [--full]`` records it. It runs the tests
twice, or as often as ``--runs`` says. Tests whose outcomes differ are listed as ``unstable``, with
what was seen, and are not compared. A listed test stays unstable in later recordings.

======================= ========================================================================
module                  content
======================= ========================================================================
``selection``           the test files of Keras that are run
``plugin``              a pytest plugin, inside the processes that run the tests
``running``             one run, in its own processes and folders
``outcomes``            the outcomes of tests, and how two runs differ
``baseline``            the recorded outcomes of plain Keras, as a file
``report``              what is printed
======================= ========================================================================
"""
