-- Configurations, the best final validation loss first; repetitions are averaged.
-- :dataflow = densed
-- needs: the hyperparameters NUM_EPOCHS, LEARNING_RATE, DECAY, MOMENTUM, BLOCKS and GROWTH_RATE, and the metric val_loss
SELECT i.num_epochs, i.learning_rate, i.decay, i.momentum, i.blocks, i.growth_rate,
       count(*) AS trainings, avg(o.val_loss) AS final_val_loss
FROM itrainingmodel i
  JOIN "public".task_ended x ON x.task_id = i.trainingmodel_task_id AND x.status = 'FINISHED'
  JOIN (
    SELECT trainingmodel_task_id, max(epoch_id) AS epoch_id
    FROM otrainingmodel GROUP BY trainingmodel_task_id
  ) AS final ON final.trainingmodel_task_id = i.trainingmodel_task_id
  JOIN otrainingmodel o ON o.trainingmodel_task_id = i.trainingmodel_task_id
                       AND o.epoch_id = final.epoch_id
GROUP BY i.num_epochs, i.learning_rate, i.decay, i.momentum, i.blocks, i.growth_rate
HAVING avg(o.val_loss) IS NOT NULL
ORDER BY final_val_loss;
