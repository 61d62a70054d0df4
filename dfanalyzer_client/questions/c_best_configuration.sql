-- Configurations, the best final validation loss first; repetitions are averaged.
-- :dataflow = densed
SELECT i.num_epochs, i.learning_rate, i.decay, i.momentum, i.blocks, i.growth_rate,
       count(*) AS trainings, avg(o.val_loss) AS final_val_loss
FROM itrainingmodel i
  JOIN "public".task_ended x ON x.task_id = i.trainingmodel_task_id AND x.status = 'FINISHED'
  JOIN otrainingmodel o ON o.trainingmodel_task_id = i.trainingmodel_task_id
                       AND o.epoch_id = i.num_epochs - 1
GROUP BY i.num_epochs, i.learning_rate, i.decay, i.momentum, i.blocks, i.growth_rate
HAVING avg(o.val_loss) IS NOT NULL
ORDER BY final_val_loss;
