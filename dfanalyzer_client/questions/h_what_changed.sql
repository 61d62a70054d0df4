-- What changed between the last two executions: hyperparameters that differ, or that only one of them has.
-- :dataflow = densed
SELECT COALESCE(a.name, b.name) AS name, a.value AS value_before, b.value AS value_now
FROM (
    SELECT h.name,  -- a name that has several values is shown by its least and its greatest
           CASE WHEN min(h.value) = max(h.value) THEN min(h.value)
                ELSE min(h.value) || ' to ' || max(h.value) END AS value
    FROM "public".hyperparameters h
    WHERE h.epoch IS NULL AND h.df_exec = (
      SELECT max(e.id) FROM "public".dataflow_execution e
        JOIN "public".dataflow d ON d.id = e.df_id AND d.tag = :dataflow
      WHERE e.id < (SELECT max(e2.id) FROM "public".dataflow_execution e2
                      JOIN "public".dataflow d2 ON d2.id = e2.df_id AND d2.tag = :dataflow))
    GROUP BY h.name
  ) AS a
  FULL OUTER JOIN (
    SELECT h.name,
           CASE WHEN min(h.value) = max(h.value) THEN min(h.value)
                ELSE min(h.value) || ' to ' || max(h.value) END AS value
    FROM "public".hyperparameters h
    WHERE h.epoch IS NULL AND h.df_exec = (
      SELECT max(e.id) FROM "public".dataflow_execution e
        JOIN "public".dataflow d ON d.id = e.df_id AND d.tag = :dataflow)
    GROUP BY h.name
  ) AS b ON b.name = a.name
WHERE a.value IS NULL OR b.value IS NULL OR a.value <> b.value
ORDER BY name;
