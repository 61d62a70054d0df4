-- Executions that diverged: a loss was NaN or infinite, or the last one is ten times the first.
-- :dataflow = densed
SELECT m.execution, min(m.epoch) AS since_epoch,
       CASE WHEN max(m.exact) IS NULL THEN 'grew' ELSE max(m.exact) END AS how
FROM "public".metrics m
  LEFT JOIN (
    SELECT df_exec, min(epoch) AS epoch FROM "public".metrics
    WHERE dataflow = :dataflow AND name = 'loss' GROUP BY df_exec
  ) AS began ON began.df_exec = m.df_exec
  LEFT JOIN "public".metrics f
    ON f.df_exec = m.df_exec AND f.name = 'loss' AND f.epoch = began.epoch
WHERE m.dataflow = :dataflow AND m.name = 'loss'
  AND (m.exact IS NOT NULL OR m.value > 10 * f.value)
GROUP BY m.execution
ORDER BY m.execution;
