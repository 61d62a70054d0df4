-- Executions that diverged: a loss was NaN or infinite, or in one training the last is over ten times the first.
-- :dataflow = densed
SELECT m.execution, min(m.epoch) AS since_epoch,
       COALESCE(max(CASE WHEN m.value IS NULL THEN m.exact END), 'grew') AS how
FROM "public".metrics m
  LEFT JOIN (
    SELECT span.task_id, f.value AS first_loss
    FROM (
        SELECT task_id, min(epoch) AS first_epoch, max(epoch) AS last_epoch FROM "public".metrics
        WHERE dataflow = :dataflow AND name = 'loss' GROUP BY task_id
      ) AS span
      JOIN "public".metrics f
        ON f.task_id = span.task_id AND f.name = 'loss' AND f.epoch = span.first_epoch
      JOIN "public".metrics l
        ON l.task_id = span.task_id AND l.name = 'loss' AND l.epoch = span.last_epoch
    WHERE f.value > 0 AND l.value > 10 * f.value
  ) AS grown ON grown.task_id = m.task_id
WHERE m.dataflow = :dataflow AND m.name = 'loss'
  AND ((m.value IS NULL AND m.exact IS NOT NULL) OR m.value > 10 * grown.first_loss)
GROUP BY m.execution
ORDER BY m.execution;
