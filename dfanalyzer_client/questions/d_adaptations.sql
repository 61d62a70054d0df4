-- Each adaptation of the learning rate, with the loss of the epoch before it and of the first epoch after it.
-- :dataflow = densed
SELECT e.tag AS execution, a.epoch_id, a.old_lrate, a.new_lrate,
       b.loss AS loss_before, n.loss AS loss_after
FROM oadaptation a
  JOIN "public".task_begun ta ON ta.id = a.adaptation_task_id
  JOIN "public".dataflow_execution e ON e.id = ta.df_exec
  JOIN "public".task_begun tt ON tt.df_exec = e.id
  JOIN otrainingmodel n ON n.trainingmodel_task_id = tt.id AND n.epoch_id = a.epoch_id
  JOIN otrainingmodel b ON b.trainingmodel_task_id = tt.id AND b.epoch_id = a.epoch_id - 1
ORDER BY e.id, a.epoch_id;
