-- Each adaptation of the learning rate, with the loss of the epoch before it and of the first epoch after it.
-- :dataflow = densed
-- needs: adaptations of the learning rate, which LEARNING_RATE captures
SELECT e.tag AS execution, a.epoch_id, a.old_lrate, a.new_lrate,
       b.loss AS loss_before, n.loss AS loss_after
FROM oadaptation a
  JOIN "public".task_begun ta ON ta.id = a.adaptation_task_id
  JOIN "public".dataflow_execution e ON e.id = ta.df_exec
  LEFT JOIN (  -- an adaptation belongs to the training that began last before it
    SELECT ad.id AS adaptation_id, max(tr.id) AS training_id
    FROM "public".task_begun ad
      JOIN "public".task_begun tr ON tr.df_exec = ad.df_exec AND tr.id < ad.id
      JOIN "public".data_transformation x ON x.id = tr.dt_id AND x.tag = 'trainingmodel'
    WHERE ad.id IN (SELECT adaptation_task_id FROM oadaptation)
    GROUP BY ad.id
  ) AS adapted ON adapted.adaptation_id = ta.id
  LEFT JOIN otrainingmodel n
    ON n.trainingmodel_task_id = adapted.training_id AND n.epoch_id = a.epoch_id
  LEFT JOIN otrainingmodel b
    ON b.trainingmodel_task_id = adapted.training_id AND b.epoch_id = a.epoch_id - 1
ORDER BY e.id, a.id;
