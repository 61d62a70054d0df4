-- Seconds of an epoch by batch size; the first epoch of a training, which compiles, is left out.
-- :dataflow = densed
-- needs: the hyperparameter BATCH_SIZE
SELECT i.batch_size, count(*) AS epochs, avg(o.elapsed_time) AS mean_seconds,
       sys.median(o.elapsed_time) AS median_seconds
FROM itrainingmodel i
  JOIN otrainingmodel o ON o.trainingmodel_task_id = i.trainingmodel_task_id
  JOIN (
    SELECT trainingmodel_task_id, min(epoch_id) AS epoch_id
    FROM otrainingmodel GROUP BY trainingmodel_task_id
  ) AS began ON began.trainingmodel_task_id = i.trainingmodel_task_id
WHERE o.epoch_id > began.epoch_id
GROUP BY i.batch_size
ORDER BY i.batch_size;
